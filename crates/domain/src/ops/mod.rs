//! The operations: one call, one transaction, one recorded fact.

mod edit;
mod journal;
mod membership;
mod provisioning;
mod settings;
mod tenants;
mod tokens;
mod wishes;

pub use journal::Journal;
pub use provisioning::{Listing, Provisioning, Show, Target};
pub use settings::{Settings, Switched};
pub use tenants::{NewTenant, Tenants};
pub use tokens::{Minted, NewToken, Tokens};
pub use wishes::IndexWishes;
