//! The operations: one call, one transaction, one recorded fact.

mod activity;
mod credentials;
mod declarations;
mod edit;
mod journal;
mod membership;
mod provisioning;
mod search;
mod settings;
mod sign_in;
mod tenants;
mod wishes;

pub use activity::{ActivityLog, Knock, Noted, WRITE_EVERY_MS};
pub use credentials::{
    Caller, Credentials, Minted, MintedSecret, NewClient, NewToken, Presented, PresentedClient, Refusal,
};
pub use declarations::Declarations;
pub use journal::Journal;
pub use provisioning::{Provisioning, Show, Target};
pub use search::{Listing, Part, Progress, Start};
pub use settings::{Settings, Switched};
pub use sign_in::*;
pub use tenants::{NewTenant, Tenants};
pub use wishes::IndexWishes;
