//! Indexes that tenants get because their clients filter by them (decisions.md 4).

use std::collections::HashMap;

use domain::store::{FillStep, Store as _, StoreError};
use domain::tenant::TenantSlug;
use domain::value_index::ValueIndex;

use super::shift::Shift;

pub struct Indexer {
    shift: Shift,
    /// The transactions that were under way when this process learned of an index.
    horizons: HashMap<(TenantSlug, String), i64>,
}

impl Indexer {
    pub fn new(shift: Shift) -> Self {
        Self { shift, horizons: HashMap::new() }
    }

    /// Fills what is registered.
    pub async fn step(&mut self) -> Result<(), StoreError> {
        let rollcall = self.shift.rollcall.clone();
        if !self.shift.is_on().await? {
            self.horizons.clear();
            return Ok(());
        }
        let work = rollcall.store.work();
        for (slug, index) in work.open_indexes().await? {
            let key = (slug.clone(), format!("{} {}", index.kind, index.path));
            let horizon = match self.horizons.get(&key) {
                Some(horizon) => *horizon,
                None => work.horizon().await?,
            };
            self.horizons.insert(key.clone(), horizon);
            // Whoever begins to write now knows of the index, or is refused; whoever began before has ended.
            if work.has_passed(horizon).await? {
                self.fill(&slug, &index).await?;
                self.horizons.remove(&key);
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
            self.shift.has_progressed();
        }
        Ok(())
    }
}
