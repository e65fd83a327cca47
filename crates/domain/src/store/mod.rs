//! The ports to what is kept. One facet a noun; look-ups give an `Option`, "not found" is the caller's word.

mod activity;
mod admins;
mod connections;
mod credentials;
mod directory;
mod domains;
mod groups;
mod jobs;
mod journal;
mod mail;
mod notices;
mod persons;
mod query;
mod request_keys;
mod resources;
mod roles;
mod tenant_data;
mod tenants;
mod work;

use async_trait::async_trait;

pub use activity::{ActivityStore, Missing};
pub use admins::{ReadAdmins, WriteAdmins};
pub use connections::{ReadConnections, WriteConnections};
pub use credentials::{ReadCredentials, WriteCredentials};
pub use directory::{Finds, ReadDirectory, Seek};
pub use domains::{ReadDomains, WriteDomains};
pub use groups::{Among, ReadGroups};
pub use jobs::{ReadJobs, WriteJobs};
pub use journal::{EntryQuery, EraseFacts, ReadEntries, ReadJournal, Traces, WriteJournal};
pub use mail::{MailEnd, Outbox, TakenMail, WriteMail};
pub use notices::{ReadNotices, WriteNotices};
pub use persons::{ReadPersons, WritePersons};
pub use query::{ListPage, ListQuery, Position, Sort};
pub use request_keys::RequestKeys;
pub use resources::{ReadResources, WriteResources};
pub use roles::{ReadRoles, WriteRoles};
pub use tenant_data::{Intake, Prove, RowCounts, Snapshot, TenantData};
pub use tenants::{TenantSettings, Tenants};
pub use work::{Backlog, FillStep, KeyUses, Lease, Queued, Work};

use crate::admission::{Admission, TenantChange};
use crate::change::{Change, Saved};
use crate::context::Actor;
use crate::tenant::{TenantScope, TenantSlug};
use crate::timestamp::Timestamp;

/// Where everything is kept.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reading in one tenant, statement by statement.
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn TenantRead>, StoreError>;

    /// Carries out a change in one go.
    ///
    /// # Errors
    /// [`StoreError::Contention`] when it was decided on what is not so any more, [`StoreError::Taken`] when a unique name
    /// belongs to another, [`StoreError::MemberGone`] when somebody who joins was deleted meanwhile.
    async fn save(&self, scope: &TenantScope, change: &Change<'_>) -> Result<Saved, StoreError>;

    /// A transaction in one tenant. Dropped without `commit`, it changes nothing.
    async fn write(&self, scope: &TenantScope) -> Result<Box<dyn TenantTx>, StoreError>;

    /// A transaction across tenants, for the vendor's operators and the server's own work.
    async fn operate(&self, operator: &Actor) -> Result<Box<dyn OperatorTx>, StoreError>;

    /// The tenant of that name and who may come in, to find out whose request it is.
    async fn find_admission(&self, slug: &TenantSlug) -> Result<Option<Admission>, StoreError>;

    /// What other processes changed since then that decides who may come in.
    async fn tenant_changes(&self, since: Timestamp) -> Result<Vec<TenantChange>, StoreError>;

    /// The server's own work on all tenants.
    fn work(&self) -> &dyn Work;

    /// Whether the store can answer now.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// What can be read in one tenant.
pub trait TenantRead:
    ReadResources
    + ReadCredentials
    + ReadJournal
    + ReadAdmins
    + ReadDirectory
    + ReadGroups
    + ReadEntries
    + ReadJobs
    + ReadNotices
    + ReadConnections
    + ReadPersons
    + ReadRoles
    + ReadDomains
{
}

/// Everything one tenant's transaction may touch.
#[async_trait]
pub trait TenantTx:
    TenantRead
    + WriteResources
    + WriteCredentials
    + TenantSettings
    + WriteJobs
    + RequestKeys
    + WriteJournal
    + EraseFacts
    + WriteAdmins
    + WriteMail
    + WriteNotices
    + WriteConnections
    + WritePersons
    + WriteRoles
    + WriteDomains
{
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// What an operator's transaction may touch.
#[async_trait]
pub trait OperatorTx: Tenants + WriteJournal {
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A unique value belongs to somebody else.
    #[error("{attribute} is already in use")]
    Taken { attribute: String },
    /// A member went away between the look and the write.
    #[error("a member does not exist any more")]
    MemberGone,
    /// Somebody else changed the same thing first; the whole transaction may be tried again.
    #[error("the data was changed by somebody else at the same time")]
    Contention,
    /// Somebody else holds what is to be changed, for longer than this can wait.
    #[error("somebody else holds what is to be changed for too long")]
    Locked,
    /// More work than a query may cause.
    #[error("the query would have to look at more than {limit} resources")]
    TooMuchWork { limit: u64 },
    /// The database was stopped, because it worked on one question for too long.
    #[error("the question takes the database too long")]
    TooSlow,
    /// The tenant's other expensive questions are to be answered first.
    #[error("the tenant asks too much at once")]
    Busy,
    /// The database cannot be reached or is too busy; later may be better.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The schema is not the one this version works with; says what to do.
    #[error("{0}")]
    Schema(String),
    /// A defect of ours.
    #[error("unexpected answer of the database: {0}")]
    Internal(String),
}

impl StoreError {
    /// Whether the same may succeed later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Contention | Self::Locked | Self::TooSlow | Self::Unavailable(_))
    }
}
