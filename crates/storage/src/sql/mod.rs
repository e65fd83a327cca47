//! Statements.

pub mod activity;
pub mod admin_work;
pub mod anchors;
mod backlog;
pub mod batch;
pub mod dialect;
mod domain_work;
pub mod entity;
pub mod error;
pub mod filter;
pub mod key;
mod keys;
pub mod line;
pub mod order;
mod outbox;
pub mod portions;
mod repo;
mod retention;
pub mod scope;
pub mod search;
mod sso_work;
pub mod step;
pub mod store;
pub mod tenant_data;
pub mod turns;
pub mod unique;
mod work;
