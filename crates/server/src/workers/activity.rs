//! What the activity log needs of one process at a time: rows for changes that a crash took them from, and an end for old
//! ones.

use std::collections::{BTreeSet, HashMap};

use domain::ids::TenantId;
use domain::store::{Store as _, StoreError};
use domain::tenant::TenantSlug;

use super::shift::Shift;

/// Tenants that are looked at in one go.
const TENANTS: u64 = 500;

/// Rows that are removed in one transaction.
const ROWS: u64 = 2_000;

pub struct Keeper {
    shift: Shift,
    /// Up to which number of its journal a tenant has all its rows.
    reconciled: HashMap<TenantId, i64>,
}

impl Keeper {
    pub fn new(shift: Shift) -> Self {
        Self { shift, reconciled: HashMap::new() }
    }

    /// Gives changes without a row one.
    ///
    /// # Errors
    /// The last failure; the other tenants are looked at all the same.
    pub async fn reconcile(&mut self) -> Result<(), StoreError> {
        let rollcall = self.shift.rollcall.clone();
        if !self.shift.is_on().await? {
            return Ok(());
        }
        let heads: HashMap<TenantId, i64> = rollcall.store.work().journal_heads().await?.into_iter().collect();
        let is_open = |(id, _): &(TenantId, TenantSlug)| {
            heads.get(id).is_some_and(|head| self.reconciled.get(id).is_none_or(|done| done < head))
        };
        if heads.iter().all(|(id, head)| self.reconciled.get(id).is_some_and(|done| done >= head)) {
            return Ok(());
        }
        let open: Vec<_> = Self::tenants(&self.shift).await?.into_iter().filter(is_open).collect();
        let mut outcome = Ok(());
        for (id, slug) in open {
            if !self.shift.is_on().await? {
                break;
            }
            match rollcall.activity.reconcile(&slug, rollcall.clock.now()).await {
                Ok((made, number)) => {
                    self.reconciled.insert(id, number);
                    tell(&slug, made);
                }
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    /// Removes rows that are older than their tenants want, and what is left of tenants that are no more.
    ///
    /// # Errors
    /// The last failure; the other tenants are looked at all the same.
    pub async fn prune(&mut self) -> Result<(), StoreError> {
        let rollcall = self.shift.rollcall.clone();
        if !self.shift.is_on().await? {
            return Ok(());
        }
        // Asked first: a tenant that is made meanwhile is none of those that are gone.
        let logged = rollcall.activity.tenants().await?;
        let tenants = Self::tenants(&self.shift).await?;
        let mut outcome = Ok(());
        for (_, slug) in tenants.iter().filter(|(id, _)| logged.contains(id)) {
            if let Err(error) = self.prune_one(slug).await {
                outcome = Err(error);
            }
        }
        let known: BTreeSet<TenantId> = tenants.into_iter().map(|(id, _)| id).collect();
        for gone in logged.into_iter().filter(|tenant| !known.contains(tenant)) {
            if let Err(error) = rollcall.activity.forget(gone).await {
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn prune_one(&mut self, slug: &TenantSlug) -> Result<(), StoreError> {
        let rollcall = self.shift.rollcall.clone();
        let Some(admission) = rollcall.admissions.read(slug).await? else { return Ok(()) };
        while self.shift.is_on().await?
            && rollcall.activity.prune(&admission.tenant, rollcall.clock.now(), ROWS).await? == ROWS
        {
            self.shift.has_progressed();
        }
        Ok(())
    }

    async fn tenants(shift: &Shift) -> Result<Vec<(TenantId, TenantSlug)>, StoreError> {
        let mut all: Vec<(TenantId, TenantSlug)> = Vec::new();
        loop {
            let last = all.last().map(|(id, _)| *id);
            let more = shift.rollcall.store.work().tenants_after(last, TENANTS).await?;
            let is_end = (more.len() as u64) < TENANTS;
            all.extend(more);
            if is_end {
                return Ok(all);
            }
        }
    }
}

fn tell(slug: &TenantSlug, made: u64) {
    if made > 0 {
        tracing::info!(tenant.slug = slug.as_str(), made, "changes got rows of the activity log that were lost");
    }
}
