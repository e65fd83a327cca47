//! The facets of the port, one a file, written once for both databases.

pub mod admin_links;
pub mod admin_sessions;
pub mod admins;
pub mod choices;
pub mod connections;
pub mod counts;
pub mod credentials;
pub mod directory;
pub mod domains;
pub mod entries;
pub mod groups;
pub mod jobs;
pub mod journal;
pub mod list;
pub mod members;
pub mod nesting;
pub mod notices;
pub mod person_sessions;
pub mod persons;
pub mod request_keys;
pub mod resources;
pub mod roles;
pub mod sign_ins;
pub mod sso_attempts;
pub mod tenants;
pub mod traces;
pub mod views;
pub mod walk;

use domain::store::StoreError;
use domain::timestamp::Timestamp;

/// Rows a statement carries at the most; a database takes so many parameters and no more.
const CHUNK: usize = 500;

pub fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub fn corrupt(what: impl std::fmt::Display) -> StoreError {
    StoreError::Internal(format!("a row cannot be read: {what}"))
}
