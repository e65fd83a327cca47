//! The operations: one call, one transaction, one recorded fact.

mod accounts;
mod activity;
mod addresses;
mod archives;
mod audit;
mod connections;
mod credentials;
mod declarations;
mod directory;
mod domains;
mod edit;
mod erasures;
mod forgetting;
mod grants;
mod jobs;
mod journal;
mod letters;
mod mailroom;
mod membership;
mod notices;
mod once;
mod people;
mod provisioning;
mod roles;
mod search;
mod settings;
mod sign_in;
mod single_sign_on;
mod tenants;
mod wishes;

pub use accounts::{Accounts, Visitor};
pub use activity::{ActivityLog, Knock, LogBacklog, Noted, WRITE_EVERY_MS};
pub use archives::{ArchiveError, Archives, Checked, Exported, Imported};
pub use audit::{Audit, AuditPage, Further, Walk};
pub use connections::{Connections, Ends, OidcInput, SamlInput, SignOnTools};
pub use credentials::{Caller, Credentials, Minted, MintedSecret, NewClient, NewSecret, NewToken, Presented};
pub use declarations::Declarations;
pub use directory::{
    AsOf, Counted, Counts, Directory, Found, History, Looking, MembersPage, Order, Past, Presence, Reach, Standing,
};
pub use domains::{Domains, Look, Outsiders};
pub use erasures::{Erasures, Step};
pub use forgetting::{Forgetting, Forgotten, Found as FoundPerson, KnownBy, Sought};
pub use grants::{PresentedClient, Refusal};
pub use jobs::Jobs;
pub use journal::Journal;
pub use mailroom::Mailroom;
pub use notices::{Notices, Reviewed};
pub use people::{Enrolment, Invited, NewAdmin, People};
pub use provisioning::{Provisioning, Show, Target};
pub use roles::{GroupUse, Moved, Preview, Roles, RuleView};
pub use search::{Listing, Part, Progress, Start};
pub use settings::{Settings, SettingsChange, Switched};
pub use sign_in::{LinkOutcome, LinkUse, Outcome, PasswordAttempt, SignIn};
pub use single_sign_on::{
    Begun, Departure, Diagnosis, Doctor, Landing, LogoutLanding, Outside, Posted, SignedOut, SingleSignOn, TestResult,
    Ticket, Welcome,
};
pub use tenants::{NewTenant, Tenants};
pub use wishes::IndexWishes;
