//! The SCIM face as a client meets it: requests in, answers out, a database behind.

#[cfg(test)]
mod activity;
#[cfg(test)]
mod bad_bodies;
#[cfg(test)]
mod body_limits;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod cursors;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod etags;
#[cfg(test)]
mod face;
#[cfg(test)]
mod filters;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod memberships;
#[cfg(test)]
mod nested_groups;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod own_schemas;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod references;
#[cfg(test)]
mod scopes;
#[cfg(test)]
mod search;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod unknown_attributes;
#[cfg(test)]
mod users;
#[cfg(test)]
mod watched;
