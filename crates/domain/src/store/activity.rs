//! The port to the activity log, which is not part of [`Store`](super::Store): in the embedded home it is a file of its own.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::StoreError;
use crate::activity::{Activity, ActivityFilter, ActivityPage, Bodies, CycleSpan, Entry};
use crate::health::{Evidence, Pulse};
use crate::ids::{ActivityId, ResourceId, TenantId};
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;

/// Entries of a tenant that were not kept because there were too many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    pub tenant: TenantId,
    /// In which minute.
    pub at: Timestamp,
    pub count: u64,
}

#[async_trait]
pub trait ActivityStore: Send + Sync {
    /// Writes rows of any tenants and what is counted of them, all or none. A row that is there already stays; one of
    /// refused requests that were added up grows by what has come since.
    async fn append(&self, batch: &[Entry], missing: &[Missing]) -> Result<(), StoreError>;

    /// At most `limit` rows that a filter is true of, the newest first: those before a row, or the newest. However many
    /// rows there are, no more than a bounded number is looked at.
    async fn page(
        &self,
        scope: &TenantScope,
        filter: &ActivityFilter,
        before: Option<ActivityId>,
        limit: u64,
    ) -> Result<ActivityPage, StoreError>;

    async fn find(&self, scope: &TenantScope, id: ActivityId) -> Result<Option<(Activity, Bodies)>, StoreError>;

    /// The cycles that have something between these moments, the newest first.
    async fn cycles(&self, scope: &TenantScope, from: Timestamp, to: Timestamp) -> Result<Vec<CycleSpan>, StoreError>;

    /// How the tenant's connection was, for [`health`](crate::health::health).
    async fn pulse(&self, scope: &TenantScope, now: Timestamp) -> Result<Pulse, StoreError>;

    /// What of the setup guide was seen to be done.
    async fn first_seen(&self, scope: &TenantScope) -> Result<Evidence, StoreError>;

    /// When the oldest row is from; none when there is none.
    async fn oldest(&self, scope: &TenantScope) -> Result<Option<Timestamp>, StoreError>;

    /// How many entries since then could not be kept.
    async fn missing(&self, scope: &TenantScope, since: Timestamp) -> Result<u64, StoreError>;

    /// Removes rows from before that moment, at most `limit` of them; gives how many these were.
    async fn prune(&self, scope: &TenantScope, before: Timestamp, limit: u64) -> Result<u64, StoreError>;

    /// Empties what rows say of a person: of those about or by the person, and of those that hold one of these names in lower
    /// case. The rows stay. Gives how many said something.
    async fn erase_person(
        &self,
        scope: &TenantScope,
        person: ResourceId,
        names: &BTreeSet<String>,
    ) -> Result<u64, StoreError>;

    /// The tenants that have anything here.
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError>;

    /// About how many bytes all rows take, without what is free again, and how many rows there are.
    async fn size(&self) -> Result<(u64, u64), StoreError>;

    /// The tenant with the most rows.
    async fn largest(&self) -> Result<Option<TenantId>, StoreError>;

    /// Removes the oldest rows of a tenant, at most so many. Gives how many these were.
    async fn prune_oldest(&self, tenant: TenantId, limit: u64) -> Result<u64, StoreError>;

    /// Gives back to the disk what is free in a file, so much at a time that nobody waits for long.
    async fn give_back(&self) -> Result<(), StoreError>;

    /// Removes everything of a tenant that is no more.
    async fn forget(&self, tenant: TenantId) -> Result<(), StoreError>;

    /// Up to which number of its journal every change of the tenant is known to have a row; none when nobody has looked yet.
    async fn reconciled(&self, scope: &TenantScope) -> Result<Option<i64>, StoreError>;

    /// Notes that.
    async fn note_reconciled(&self, scope: &TenantScope, number: i64) -> Result<(), StoreError>;

    /// Which of these rows there are.
    async fn known(&self, scope: &TenantScope, ids: &[ActivityId]) -> Result<Vec<ActivityId>, StoreError>;

    /// The ids of the bulk requests between these moments that have rows.
    async fn bulk_requests(
        &self,
        scope: &TenantScope,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<String>, StoreError>;
}
