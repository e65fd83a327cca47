//! Reading what happened in a tenant.

use std::sync::Arc;

use crate::Error;
use crate::context::OpContext;
use crate::directory::Kind;
use crate::ids::{FactId, ResourceId};
use crate::journal::{Fact, NumberedFact};
use crate::ports::IdGen;
use crate::replay::{Replay, Told};
use crate::store::{Store, StoreError};
use crate::tenant::TenantScope;

/// Facts that one reading gives at the most.
pub const MOST: u64 = 1_000;

pub struct Journal {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
}

impl Journal {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>) -> Self {
        Self { store, ids }
    }

    /// The facts with numbers greater than this, in order, at most `limit` (and [`MOST`]) of them. A reader that goes on
    /// after the last number it got misses none.
    pub async fn facts_after(
        &self,
        scope: &TenantScope,
        number: i64,
        limit: u64,
    ) -> Result<Vec<NumberedFact>, StoreError> {
        self.store.read(scope).await?.facts_after(number, limit.min(MOST)).await
    }

    /// What a resource was when the fact of this number had happened. A number that there is not yet gives the newest.
    pub async fn state_at(&self, scope: &TenantScope, id: ResourceId, number: i64) -> Result<Told, StoreError> {
        let facts = self.store.read(scope).await?.facts_about(id.0, number).await?;
        Ok(Replay::of(&facts).resource(id))
    }

    /// Erases what the facts about a resource say of it, for good; that there were such facts stays known. Gives how many
    /// there were.
    pub async fn erase(&self, cx: &OpContext, kind: &Kind, id: ResourceId) -> Result<u64, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let erased = tx.erase_payloads(id.0).await?;
        if erased > 0 {
            tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::erased(kind.clone(), id)).await?;
        }
        tx.commit().await?;
        Ok(erased)
    }
}
