//! What the crate promises to others, asked from outside: tables from the RFCs, habits of real clients, properties.

#[cfg(test)]
mod clients;
#[cfg(test)]
mod dialect;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod members;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod once;
#[cfg(test)]
mod patch;
#[cfg(test)]
mod projection;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod support;
