//! Statements.

pub mod entity;
pub mod error;
pub mod filter;
pub mod key;
pub mod repo;
pub mod scope;
pub mod store;
