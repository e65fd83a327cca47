//! The ports of `domain` on PostgreSQL and SQLite: one code path, two databases. And the limiter, in process and on Redis.

mod connect;
mod home;
mod lanes;
pub mod limiter;
mod migrate;
mod sql;

pub use connect::{Target, Timing};
pub use migrate::{Progress, Schema, SchemaState};
pub use sql::activity::SqlActivity;
pub use sql::store::SqlStore;
