//! The ports of `domain` on PostgreSQL and SQLite: one code path, two databases.

mod connect;
mod lanes;
mod migrate;
mod sql;

pub use connect::{Target, Timing};
pub use migrate::{Progress, Schema, SchemaState};
pub use sql::store::SqlStore;
