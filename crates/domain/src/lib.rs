//! What the product knows and does: nouns, rules, operations, and the ports they need. No I/O.
//!
//! A face builds an [`OpContext`](context::OpContext) and calls an operation of [`ops`]; an operation opens a transaction
//! of the [`Store`](store::Store) port, decides with the pure rules beside the nouns, records one
//! [`Fact`](journal::Fact) and commits.

pub mod access_token;
pub mod activity;
pub mod admin;
pub mod admission;
pub mod archive;
pub mod audit;
pub mod catalogue;
pub mod change;
pub mod choices;
pub mod connection;
pub mod context;
pub mod credential;
pub mod detail;
pub mod directory;
pub mod email_domain;
pub mod erasure;
pub mod error;
pub mod fetch;
pub mod health;
pub mod ids;
pub mod job;
pub mod journal;
pub mod keys;
pub mod limit;
pub mod mail;
pub mod member_change;
pub mod notice;
pub mod ops;
pub mod person;
pub mod ports;
pub mod provider;
pub mod replay;
pub mod request_key;
pub mod role;
pub mod scope;
pub mod secret;
pub mod sign_in_log;
pub mod signing_key;
pub mod store;
pub mod tenant;
pub mod timestamp;
pub mod value_index;
pub mod who;

pub use error::Error;
pub use scim_protocol::secret::Secret;
