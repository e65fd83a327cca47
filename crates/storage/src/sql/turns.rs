//! Turns for questions that make the database look at very much: however many a tenant asks at once, the other tenants'
//! requests find free connections.

use std::sync::Arc;
use std::time::Duration;

use domain::store::StoreError;
use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Tenants that a process keeps turns of.
const TENANTS: u64 = 10_000;

#[derive(Clone)]
pub struct Turns {
    of_tenant: Cache<Uuid, Arc<Semaphore>>,
    at_once: usize,
    patience: Duration,
}

impl Turns {
    /// `at_once`: how many such questions of one tenant are answered at the same time; `patience`: how long others wait.
    pub fn new(at_once: usize, patience: Duration) -> Self {
        Self { of_tenant: Cache::new(TENANTS), at_once, patience }
    }

    /// The right to ask, as long as it is held.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the tenant's other questions take too long.
    pub async fn take(&self, tenant: Uuid) -> Result<OwnedSemaphorePermit, StoreError> {
        let turns = self.of_tenant.get_with(tenant, || Arc::new(Semaphore::new(self.at_once)));
        match tokio::time::timeout(self.patience, turns.acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(StoreError::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tenant_waits_for_itself_and_not_for_others() {
        let turns = Turns::new(2, Duration::from_millis(20));
        let (acme, globex) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let held = [turns.take(acme).await.unwrap(), turns.take(acme).await.unwrap()];
        assert_eq!(turns.take(acme).await.err(), Some(StoreError::Busy));
        assert!(turns.take(globex).await.is_ok());
        drop(held);
        assert!(turns.take(acme).await.is_ok());
    }
}
