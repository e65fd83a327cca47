//! Everything of one tenant as rows: taken out, put in, and erased.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{StoreError, WriteJournal};
use crate::archive::{Row, Rows};
use crate::context::{Actor, OpContext};
use crate::erasure::{Erasure, Proof};
use crate::ids::TenantId;
use crate::tenant::{Tenant, TenantSlug};

/// Makes the proof of a record that is complete.
pub type Prove = dyn Fn(&Erasure) -> Result<Proof, StoreError> + Send + Sync;

/// For the command line; a tenant's own requests have no way to it.
#[async_trait]
pub trait TenantData: Send + Sync {
    /// How many migrations this version knows: what an archive says of the rows in it.
    fn schema(&self) -> usize;

    /// The tenant of that name as it is at one moment, however long reading it takes and whoever writes meanwhile.
    async fn snapshot(&self, operator: &Actor, slug: &TenantSlug) -> Result<Option<Box<dyn Snapshot>>, StoreError>;

    /// A transaction into which the rows of a new tenant are put.
    async fn intake(&self, operator: &Actor, tenant: TenantId) -> Result<Box<dyn Intake>, StoreError>;

    /// Whether there is a tenant of this id.
    async fn has_tenant(&self, id: TenantId) -> Result<bool, StoreError>;

    /// Erasures, the newest first.
    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError>;

    /// Writes down that a tenant is being erased, and suspends it, in one go.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when somebody else began that a moment ago.
    async fn begin_erasure(&self, cx: &OpContext, erasure: &Erasure) -> Result<(), StoreError>;

    /// Deletes at most so many rows of a tenant that is being erased, and counts them in its record in the same transaction.
    /// Gives how many; none are left when there were fewer than `limit`.
    async fn erase_some(&self, erasure: &Erasure, limit: u64) -> Result<u64, StoreError>;

    /// Deletes the tenant itself and what somebody wrote for it meanwhile, and completes the record with what `proven` makes
    /// of it.
    async fn end_erasure(&self, cx: &OpContext, erasure: &Erasure, proven: &Prove) -> Result<Erasure, StoreError>;
}

/// A tenant as it was at one moment.
#[async_trait]
pub trait Snapshot: Send {
    fn tenant(&self) -> &Tenant;

    /// The next rows; none when that was all. Tables come in an order in which they can be put in again. Rows do not say
    /// their tenant.
    async fn next(&mut self) -> Result<Option<Rows>, StoreError>;
}

/// A new tenant, of which nobody sees anything until it is committed.
#[async_trait]
pub trait Intake: WriteJournal + Send {
    /// # Errors
    /// [`StoreError::Taken`] when the slug belongs to another tenant, [`StoreError::Schema`] with a sentence when a row does
    /// not fit its table.
    async fn put(&mut self, table: &str, rows: Vec<Row>) -> Result<(), StoreError>;

    /// Whether another tenant has verified a domain of this name.
    async fn is_claimed(&mut self, domain: &str) -> Result<bool, StoreError>;

    /// The tenant as it was put in.
    async fn tenant(&mut self, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError>;

    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// How many rows of each table.
pub type RowCounts = BTreeMap<String, u64>;
