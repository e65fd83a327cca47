//! The operations: one call, one transaction, one recorded fact.

mod membership;
mod provisioning;
mod settings;
mod tenants;
mod tokens;

pub use provisioning::{Listing, Provisioning, Target};
pub use settings::{Settings, Switched};
pub use tenants::{NewTenant, Tenants};
pub use tokens::{Minted, NewToken, Tokens};
