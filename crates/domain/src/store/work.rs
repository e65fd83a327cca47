//! What the server does on its own, across tenants. Every step is a transaction of its own and can be taken by any
//! process; a lease says whose turn it is (decisions.md 20).

use async_trait::async_trait;

use super::StoreError;
use crate::tenant::TenantSlug;
use crate::timestamp::Timestamp;
use crate::value_index::ValueIndex;

/// The right to do one kind of work, until a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The kind of work.
    pub name: &'static str,
    /// Who does it: different in every process.
    pub holder: String,
    pub until: Timestamp,
}

/// What one step of filling an index did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillStep {
    /// Some resources are done and others are left.
    Going,
    /// The index holds every resource.
    Complete,
}

#[async_trait]
pub trait Work: Send + Sync {
    /// Takes or renews a lease that is free, run out by `now`, or held already. False when it is somebody else's.
    async fn take_lease(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError>;

    /// Gives numbers to at most `limit` facts that wait for one; gives how many there were. Does nothing unless the lease
    /// is held when the numbers are written, so that a process that was paused and forgotten cannot number.
    async fn number_facts(&self, lease: &Lease, limit: u64) -> Result<u64, StoreError>;

    /// Folds the counts that have come apart into more than `rows` rows; gives how many rows there are fewer.
    async fn fold_counts(&self, rows: u64) -> Result<u64, StoreError>;

    /// Registers a path that a tenant's clients filter by; nothing when it is registered already, or when the tenant has
    /// as many as it may have.
    async fn register_index(&self, slug: &TenantSlug, wanted: &ValueIndex, now: Timestamp) -> Result<(), StoreError>;

    /// The registered indexes that are not complete, with their tenants.
    async fn open_indexes(&self) -> Result<Vec<(TenantSlug, ValueIndex)>, StoreError>;

    /// A moment in the order of all transactions; see [`Work::has_passed`].
    async fn horizon(&self) -> Result<i64, StoreError>;

    /// Whether every transaction that was under way at this horizon has ended.
    async fn has_passed(&self, horizon: i64) -> Result<bool, StoreError>;

    /// Fills an index with the values of some more resources.
    async fn fill_index(&self, slug: &TenantSlug, index: &ValueIndex, now: Timestamp) -> Result<FillStep, StoreError>;

    /// Forgets what every process has long taken notice of.
    async fn prune_changes(&self, before: Timestamp) -> Result<(), StoreError>;
}
