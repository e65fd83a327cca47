//! The ports of `domain` on PostgreSQL and SQLite: one code path, two databases. And the limiter, in process and on Redis.

mod clerk;
mod connect;
mod examine;
mod file;
mod home;
mod lanes;
pub mod limiter;
mod measure;
mod migrate;
mod partition;
mod session;
mod sql;
mod transaction;

pub use connect::{Target, Timing};
pub use examine::{Examined, examine};
pub use file::{HeldFile, SqliteFile};
pub use measure::PoolUse;
pub use migrate::{Progress, Schema, SchemaState};
pub use partition::Partitioned;
pub use sql::activity::SqlActivity;
pub use sql::store::SqlStore;
pub use sql::tenant_data::{SqlTenantData, columns as tenant_columns, erasures};
