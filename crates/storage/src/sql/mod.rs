//! Statements.

pub mod activity;
pub mod admin_work;
pub mod anchors;
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
pub mod repo;
pub mod scope;
pub mod search;
mod sso_work;
pub mod store;
pub mod turns;
pub mod unique;
mod work;
