//! The chart held against what operators rely on.

#[cfg(test)]
mod custom;
#[cfg(test)]
mod image;
#[cfg(test)]
mod migration;
mod names;
#[cfg(test)]
mod network;
#[cfg(test)]
mod papers;
#[cfg(test)]
mod pods;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod support;
#[cfg(test)]
mod upgrade;
