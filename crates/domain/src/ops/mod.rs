//! The operations: one call, one transaction, one recorded fact.

mod activity;
mod credentials;
mod declarations;
mod edit;
mod jobs;
mod journal;
mod membership;
mod once;
mod provisioning;
mod search;
mod settings;
mod sign_in;
mod tenants;
mod wishes;

pub use activity::{ActivityLog, Knock, Noted, WRITE_EVERY_MS};
pub use credentials::{
    Caller, Credentials, Minted, MintedSecret, NewClient, NewSecret, NewToken, Presented, PresentedClient, Refusal,
};
pub use declarations::Declarations;
pub use jobs::Jobs;
pub use journal::Journal;
pub use provisioning::{Provisioning, Show, Target};
pub use search::{Listing, Part, Progress, Start};
pub use settings::{Settings, SettingsChange, Switched};
pub use sign_in::*;
pub use tenants::{NewTenant, Tenants};
pub use wishes::IndexWishes;
