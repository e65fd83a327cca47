//! The limiter in process and on Redis servers of the tests' own, which are flushed, frozen, killed and started again.

#[cfg(test)]
mod access;
#[cfg(test)]
mod arithmetic;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod load;
#[cfg(test)]
mod log;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod server;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::TenantId;
use domain::limit::{Budget, LimitKey};
use domain::ports::Clock;
use domain::timestamp::Timestamp;
use storage::limiter::{Patience, RedisLimiter, RedisTarget};
use uuid::Uuid;

/// A clock that goes.
#[cfg(test)]
struct Running(Instant);

#[cfg(test)]
impl Clock for Running {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.0.elapsed().as_micros()).unwrap();
        Timestamp::from_micros(testkit::clock::START.as_micros() + passed)
    }
}

#[cfg(test)]
fn clock() -> Arc<dyn Clock> {
    Arc::new(Running(Instant::now()))
}

/// For tests in which Redis has to answer, however busy the machine.
#[cfg(test)]
const PATIENT: Patience = Patience { answer: Duration::from_secs(10), connect: Duration::from_secs(10) };

#[cfg(test)]
async fn limiter(url: &str, patience: Patience) -> RedisLimiter {
    RedisLimiter::connect(&RedisTarget::parse(url).unwrap(), patience, clock()).await.unwrap()
}

#[cfg(test)]
fn key(tenant: u128, budget: Budget) -> LimitKey {
    LimitKey::of_tenant(TenantId(Uuid::from_u128(tenant)), budget)
}

/// Waits until something holds; fails when it takes longer than `most`.
#[cfg(test)]
async fn until(what: &str, most: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < most, "{what}: not after {most:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
