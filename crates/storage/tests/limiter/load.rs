//! Tasks that spend without a break.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::limit::{Budget, Policy};
use domain::ports::RateLimiter;
use storage::limiter::{LimiterCounts, RedisLimiter};

use crate::{key, until};

/// Far less than what is asked for.
const RATE: u32 = 100;
const BURST: u32 = 20;

/// What is expected of every call; and what a busy machine may make of one.
const SOON: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_millis(500);

/// Four tasks on one budget, until dropped.
pub struct Load {
    limiter: Arc<RedisLimiter>,
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Default, Debug)]
struct Seen {
    allowed: u32,
    refused: u32,
    not_soon: u32,
    slowest: Duration,
}

impl Load {
    pub fn start(limiter: Arc<RedisLimiter>) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let task = || {
            let (limiter, seen) = (Arc::clone(&limiter), Arc::clone(&seen));
            tokio::spawn(async move {
                loop {
                    let start = Instant::now();
                    let verdict = limiter.spend(&key(1, Budget::Reads), Policy::per_second(RATE, BURST), 1).await;
                    seen.lock().unwrap().add(verdict.allowed, start.elapsed());
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
        };
        let tasks = (0..4).map(|_| task()).collect();
        Self { limiter, seen, tasks }
    }

    /// Lets the tasks go on for a while. They have to be answered in time, by a budget that is neither open nor closed.
    /// Gives the number of answers by Redis, and by the process itself.
    pub async fn watch(&self, what: &str, time: Duration) -> LimiterCounts {
        *self.seen.lock().unwrap() = Seen::default();
        let (before, start) = (self.limiter.counts(), Instant::now());
        tokio::time::sleep(time).await;
        let (after, passed) = (self.limiter.counts(), start.elapsed().as_secs_f64());
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        let fills = f64::from(RATE) * passed;
        let counts = LimiterCounts { shared: after.shared - before.shared, local: after.local - before.local };
        let told = format!("{what}: {seen:?}, {counts:?} in {passed:.3} s");
        // Two buckets, of which each may be full when its turn comes, and each goes on filling.
        assert!(f64::from(seen.allowed) <= 2.0 * (fills + f64::from(BURST)), "open: {told}");
        assert!(f64::from(seen.allowed) >= fills / 2.0 - 1.0, "closed: {told}");
        assert!(seen.refused > 0, "open: {told}");
        assert!(seen.slowest < LATE && seen.not_soon <= 8, "slow: {told}");
        counts
    }

    /// Waits until answers come from Redis, and from Redis alone.
    pub async fn shared_again(&self, what: &str) {
        let mut last = self.limiter.counts();
        until(what, Duration::from_secs(2), async || {
            let now = self.limiter.counts();
            let shared = now.shared > last.shared && now.local == last.local;
            last = now;
            shared
        })
        .await;
    }
}

impl Seen {
    fn add(&mut self, allowed: bool, time: Duration) {
        match allowed {
            true => self.allowed += 1,
            false => self.refused += 1,
        }
        self.not_soon += u32::from(time > SOON);
        self.slowest = self.slowest.max(time);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
