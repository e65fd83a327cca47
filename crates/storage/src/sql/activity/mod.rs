//! The activity log on either database: in PostgreSQL beside everything else, in the embedded home in a file of its own.

mod counted;
mod cycles;
mod erase;
mod firsts;
mod pages;
mod prune;
mod pulse;
mod row;
mod size;
mod write;

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;
use domain::activity::{Activity, ActivityFilter, ActivityPage, Bodies, CycleSpan, Entry};
use domain::health::{Evidence, Pulse};
use domain::ids::{ActivityId, ResourceId, TenantId};
use domain::store::{ActivityStore, Missing, StoreError, Work as _};
use domain::tenant::TenantScope;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{FromQueryResult, QueryResult};

use self::firsts::Firsts;
use super::error::failure;
use super::line::Line as _;
use super::retention;
use super::scope::Door;
use super::store::SqlStore;
use crate::connect::{Target, Timing};

/// The rows, what was counted of them, and how to get at both.
pub struct SqlActivity {
    store: SqlStore,
    firsts: Firsts,
}

impl Target {
    /// Where the activity log of an embedded home is: `rollcall-activity.sqlite` beside `rollcall.sqlite`. None when it is in
    /// the same database.
    pub fn activity_file(&self) -> Option<PathBuf> {
        let Self::Sqlite { path } = self else { return None };
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let (stem, ending) = (part(path.file_stem()), part(path.extension()));
        let dot = if ending.is_empty() { "" } else { "." };
        Some(path.with_file_name(format!("{stem}-activity{dot}{ending}")))
    }
}

impl SqlActivity {
    /// What the rows are in.
    pub(super) const fn store(&self) -> &SqlStore {
        &self.store
    }

    /// The log that belongs to a store: on the connections of the store itself, or in a file that is made when there is none
    /// and brought up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be used, [`StoreError::Schema`] when a newer version made it.
    pub async fn connect(store: &SqlStore, target: &Target, timing: Timing) -> Result<Self, StoreError> {
        match target.activity_file() {
            None => Ok(Self { store: store.clone(), firsts: Firsts::default() }),
            Some(path) => {
                let heads = store.journal_heads().await?;
                let heads: Vec<_> =
                    heads.into_iter().map(|(tenant, last)| (tenant.0.as_bytes().to_vec(), last)).collect();
                let store = SqlStore::connect(&Target::Sqlite { path }, timing).await?;
                migrations::prepare_activity_file(store.databases().writer(), &heads).await.map_err(failure)?;
                Ok(Self { store, firsts: Firsts::default() })
            }
        }
    }

    async fn rows(&self, door: Door, select: SelectStatement) -> Result<Vec<QueryResult>, StoreError> {
        self.store.databases().single().rows(door, select).await.map_err(failure)
    }

    async fn models<M: FromQueryResult>(&self, door: Door, select: SelectStatement) -> Result<Vec<M>, StoreError> {
        let rows = self.rows(door, select).await?;
        rows.iter().map(|row| M::from_query_result(row, "").map_err(failure)).collect()
    }
}

#[async_trait]
impl ActivityStore for SqlActivity {
    async fn append(&self, batch: &[Entry], missing: &[Missing]) -> Result<(), StoreError> {
        write::append(&self.store, &self.firsts, batch, missing).await
    }

    async fn page(
        &self,
        scope: &TenantScope,
        filter: &ActivityFilter,
        before: Option<ActivityId>,
        limit: u64,
    ) -> Result<ActivityPage, StoreError> {
        self.page_of(Door::of(scope), filter, before, limit).await
    }

    async fn find(&self, scope: &TenantScope, id: ActivityId) -> Result<Option<(Activity, Bodies)>, StoreError> {
        self.row_of(Door::of(scope), id).await
    }

    async fn cycles(&self, scope: &TenantScope, from: Timestamp, to: Timestamp) -> Result<Vec<CycleSpan>, StoreError> {
        self.cycles_of(Door::of(scope), from, to).await
    }

    async fn pulse(&self, scope: &TenantScope, now: Timestamp) -> Result<Pulse, StoreError> {
        self.pulse_of(Door::of(scope), now).await
    }

    async fn first_seen(&self, scope: &TenantScope) -> Result<Evidence, StoreError> {
        self.evidence_of(Door::of(scope)).await
    }

    async fn oldest(&self, scope: &TenantScope) -> Result<Option<Timestamp>, StoreError> {
        self.oldest_of(Door::of(scope)).await
    }

    async fn missing(&self, scope: &TenantScope, since: Timestamp) -> Result<u64, StoreError> {
        self.missing_of(Door::of(scope), since).await
    }

    async fn prune(&self, scope: &TenantScope, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        prune::prune(&self.store, Door::of(scope), before, limit).await
    }

    async fn erase_person(
        &self,
        scope: &TenantScope,
        person: ResourceId,
        names: &BTreeSet<String>,
    ) -> Result<u64, StoreError> {
        erase::person(&self.store, Door::of(scope), person, names).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        prune::tenants(&self.store).await
    }

    async fn size(&self) -> Result<(u64, u64), StoreError> {
        size::bytes(&self.store).await
    }

    async fn largest(&self) -> Result<Option<TenantId>, StoreError> {
        size::largest(&self.store).await
    }

    async fn prune_oldest(&self, tenant: TenantId, limit: u64) -> Result<u64, StoreError> {
        size::prune_oldest(&self.store, tenant, limit).await
    }

    async fn give_back(&self) -> Result<(), StoreError> {
        // On PostgreSQL it is the server that does so.
        retention::give_back(&self.store).await
    }

    async fn forget(&self, tenant: TenantId) -> Result<(), StoreError> {
        prune::forget(&self.store, tenant).await
    }

    async fn reconciled(&self, scope: &TenantScope) -> Result<Option<i64>, StoreError> {
        self.head_of(Door::of(scope)).await
    }

    async fn note_reconciled(&self, scope: &TenantScope, number: i64) -> Result<(), StoreError> {
        write::note_head(&self.store, Door::of(scope), number).await
    }

    async fn known(&self, scope: &TenantScope, ids: &[ActivityId]) -> Result<Vec<ActivityId>, StoreError> {
        self.known_of(Door::of(scope), ids).await
    }

    async fn bulk_requests(
        &self,
        scope: &TenantScope,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        self.bulk_requests_of(Door::of(scope), from, to).await
    }
}
