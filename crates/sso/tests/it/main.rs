//! What the crate promises to others, asked from outside: honest responses and tokens of independent programs, and every
//! attack on them that is known.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod encrypted;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod honest;
#[cfg(test)]
mod input;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod oidc;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod support;
