//! Indexes that tenants get because their clients filter by them (decisions.md 4).

use std::collections::HashMap;

use domain::admission::TRUST_SECONDS;
use domain::store::{FillStep, Store as _, StoreError, Work};
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;
use domain::value_index::ValueIndex;

use super::shift::Shift;

pub struct Indexer {
    shift: Shift,
    known: HashMap<(TenantSlug, String), Known>,
}

/// Since when this process knows of an index, and the transactions that were under way when every process had learned of
/// it.
struct Known {
    since: Timestamp,
    horizon: Option<i64>,
}

impl Indexer {
    pub fn new(shift: Shift) -> Self {
        Self { shift, known: HashMap::new() }
    }

    /// Registers what clients have filtered by, and fills what is registered.
    pub async fn step(&mut self) -> Result<(), StoreError> {
        let rollcall = self.shift.rollcall.clone();
        let now = rollcall.clock.now();
        rollcall.wishes.grant(now).await?;
        if !self.shift.is_on().await? {
            self.known.clear();
            return Ok(());
        }
        let work = rollcall.store.work();
        for (slug, index) in work.open_indexes().await? {
            let key = (slug.clone(), format!("{} {}", index.kind, index.path));
            let known = self.known.entry(key.clone()).or_insert(Known { since: now, horizon: None });
            if known.may_fill(work, now).await? {
                self.fill(&slug, &index).await?;
                self.known.remove(&key);
            }
        }
        Ok(())
    }

    async fn fill(&mut self, slug: &TenantSlug, index: &ValueIndex) -> Result<(), StoreError> {
        let rollcall = self.shift.rollcall.clone();
        while self.shift.is_on().await? {
            if rollcall.store.work().fill_index(slug, index, rollcall.clock.now()).await? == FillStep::Complete {
                let (slug, kind) = (slug.as_str(), index.kind.as_str());
                tracing::info!(tenant.slug = slug, kind, path = %index.path, "an index is complete");
                break;
            }
        }
        Ok(())
    }
}

impl Known {
    /// Whether every writer knows of the index: each process has asked what changed, and whoever began to write before
    /// that has ended.
    async fn may_fill(&mut self, work: &dyn Work, now: Timestamp) -> Result<bool, StoreError> {
        if self.since.plus_seconds(TRUST_SECONDS + 1) > now {
            return Ok(false);
        }
        let horizon = match self.horizon {
            Some(horizon) => horizon,
            None => work.horizon().await?,
        };
        self.horizon = Some(horizon);
        work.has_passed(horizon).await
    }
}
