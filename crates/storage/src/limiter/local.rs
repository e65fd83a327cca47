//! Buckets in this process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::limit::{Bucket, LimitKey, Policy, Verdict};
use domain::ports::{Clock, RateLimiter};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

/// So many buckets at most: some 30 MB.
const BUCKETS: u64 = 200_000;

/// A bucket that nobody asked for is forgotten after so long. All but those that owe more than a day are full by then.
const IDLE: Duration = Duration::from_hours(24);

/// Buckets that this process has to itself.
pub struct LocalLimiter {
    buckets: Cache<LimitKey, Arc<Mutex<Bucket>>>,
    clock: Arc<dyn Clock>,
}

impl LocalLimiter {
    /// All buckets are full. `clock` says when they fill.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        // Not moka's own policy: that turns away keys which are new, and they would be full again at each request.
        let buckets =
            Cache::builder().max_capacity(BUCKETS).time_to_idle(IDLE).eviction_policy(EvictionPolicy::lru()).build();
        Self { buckets, clock }
    }

    /// [`RateLimiter::spend`] without waiting.
    pub fn spend(&self, key: &LimitKey, policy: Policy, cost: u32) -> Verdict {
        let bucket = self.buckets.get_with_by_ref(key, Arc::default);
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.spend(policy, cost, self.clock.now())
    }
}

#[async_trait]
impl RateLimiter for LocalLimiter {
    async fn spend(&self, key: &LimitKey, policy: Policy, cost: u32) -> Verdict {
        Self::spend(self, key, policy, cost)
    }
}
