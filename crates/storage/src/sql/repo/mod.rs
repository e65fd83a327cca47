//! The facets of the port, one a file, written once for both databases.

pub mod journal;
pub mod list;
pub mod members;
pub mod resources;
pub mod tenants;
pub mod tokens;

use domain::store::StoreError;
use domain::timestamp::Timestamp;

/// Rows a statement carries or looks for at the most; a database takes so many parameters and no more.
const CHUNK: usize = 500;

fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn corrupt(what: impl std::fmt::Display) -> StoreError {
    StoreError::Internal(format!("a row cannot be read: {what}"))
}
