//! SCIM 2.0 as a language (RFC 7643, RFC 7644): schemas, resources, paths, filters, patches, projections and messages.
//!
//! Everything here is pure: no clock, no network, no storage. A request travels through it in this order: [`json`] reads
//! bytes, [`dialect`] rewrites known client habits to plain SCIM, [`validate`] or [`patch`] check against a
//! [`ResourceType`](resource_type::ResourceType), and [`projection`] decides what goes back.

pub mod attribute;
pub mod declaration;
pub mod dialect;
pub mod discovery;
mod element;
pub mod fault;
pub mod filter;
pub mod json;
pub mod message;
mod once;
pub mod patch;
pub mod path;
pub mod projection;
mod reader;
pub mod resource;
pub mod resource_type;
pub mod schema;
pub mod schemas;
pub mod secret;
pub mod sort;
pub mod urn;
pub mod validate;
pub mod value;
pub mod version;

pub use fault::{Fault, Reason, ScimType};
