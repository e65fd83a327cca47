//! Attributes that were filtered by without an index.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::directory::Kind;
use crate::store::{Store, StoreError};
use crate::tenant::{TenantScope, TenantSlug};
use crate::timestamp::Timestamp;
use crate::value_index::{IndexState, ValueIndex};

/// More than these are dropped; whoever asks again wishes again.
const MOST: usize = 1_000;

/// Wishes since they were last granted, so that reading costs no write.
pub struct IndexWishes {
    store: Arc<dyn Store>,
    noted: Mutex<HashSet<(TenantSlug, Kind, String)>>,
}

impl IndexWishes {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, noted: Mutex::default() }
    }

    /// Remembers that a tenant's client filtered by a path.
    pub fn note(&self, scope: &TenantScope, kind: &Kind, path: String) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() < MOST {
            noted.insert((scope.slug().clone(), kind.clone(), path));
        }
    }

    /// Registers an index for each wish.
    ///
    /// # Errors
    /// Those of the store; wishes that were not granted are lost, and come again with the next such question.
    pub async fn grant(&self, now: Timestamp) -> Result<(), StoreError> {
        let noted = std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        for (slug, kind, path) in noted {
            let wanted = ValueIndex { kind, path, state: IndexState::Filling };
            self.store.work().register_index(&slug, &wanted, now).await?;
        }
        Ok(())
    }
}
