//! Everything of one tenant as rows, whatever tables there are.

#![expect(clippy::disallowed_methods, reason = "an operator takes, brings and erases whole tenants")]

mod catalogue;
mod erasing;
mod intake;
mod snapshot;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::context::{Actor, OpContext};
use domain::erasure::Erasure;
use domain::ids::TenantId;
use domain::store::{Intake, Prove, Snapshot, StoreError, TenantData};
use domain::tenant::TenantSlug;
use migrations::Migrator;
use sea_orm::{DbBackend, EntityTrait, PaginatorTrait};
use sea_orm_migration::MigratorTrait as _;

pub use erasing::delete_all;
pub use sweep::sweep;

use super::activity::SqlActivity;
use super::entity::tenant;
use super::error::failure;
use super::store::SqlStore;

/// The rows of tenants, in the database and, in the embedded home, in the file of the activity log.
pub struct SqlTenantData {
    store: SqlStore,
    log: Option<SqlStore>,
}

impl SqlTenantData {
    pub fn new(store: &SqlStore, log: &SqlActivity) -> Self {
        let log = (store.backend() == DbBackend::Sqlite).then(|| log.store().clone());
        Self { store: store.clone(), log }
    }
}

/// The tables of tenants with their columns, as this version takes and brings them.
pub fn columns() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    catalogue::tables().iter().map(|table| (table.name, table.column_names().collect())).collect()
}

/// The records of erasures that a store has, whoever asks for them.
///
/// # Errors
/// [`StoreError::Unavailable`]; [`StoreError::Internal`] before there were any.
pub async fn erasures(store: &SqlStore) -> Result<Vec<Erasure>, StoreError> {
    erasing::all(store).await
}

#[async_trait]
impl TenantData for SqlTenantData {
    fn schema(&self) -> usize {
        Migrator::migrations().len()
    }

    async fn snapshot(&self, _operator: &Actor, slug: &TenantSlug) -> Result<Option<Box<dyn Snapshot>>, StoreError> {
        snapshot::take(self, slug).await
    }

    async fn intake(&self, _operator: &Actor, tenant: TenantId) -> Result<Box<dyn Intake>, StoreError> {
        intake::begin(self, tenant).await
    }

    async fn has_tenant(&self, id: TenantId) -> Result<bool, StoreError> {
        let found = tenant::Entity::find_by_id(id.0).count(&self.store.overlooking().await?).await;
        Ok(found.map_err(failure)? > 0)
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        erasing::all(&self.store).await
    }

    async fn begin_erasure(&self, cx: &OpContext, erasure: &Erasure) -> Result<(), StoreError> {
        erasing::begin(&self.store, cx, erasure).await
    }

    async fn erase_some(&self, erasure: &Erasure, limit: u64) -> Result<u64, StoreError> {
        erasing::some(self, erasure, limit).await
    }

    async fn end_erasure(&self, cx: &OpContext, erasure: &Erasure, proven: &Prove) -> Result<Erasure, StoreError> {
        erasing::end(self, cx, erasure, proven).await
    }
}
