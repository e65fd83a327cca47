//! The script and the process reckon as `Bucket` does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::limit::{Bucket, Budget, Policy};
use domain::ports::Clock as _;
use domain::timestamp::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::Config;
use redis::AsyncCommands as _;
use storage::limiter::LocalLimiter;
use testkit::TestClock;

use crate::server::Server;
use crate::{PATIENT, key, limiter};

/// Each case has keys of its own.
fn fresh() -> u128 {
    static LAST: AtomicU64 = AtomicU64::new(1_000);
    u128::from(LAST.fetch_add(10, Ordering::SeqCst))
}

fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 20, ..Config::default() }
}

/// From one unit a minute to one in ten microseconds.
fn policies() -> impl Strategy<Value = Policy> {
    let burst = prop_oneof![1_u32..100, 1_u32..100_000];
    (prop_oneof![1_u32..300, 1_u32..6_000_000], burst).prop_map(|(rate, burst)| Policy::per_minute(rate, burst))
}

fn costs() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(1), 0_u32..200, 0_u32..200_000]
}

#[test]
fn the_script_is_the_bucket() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::start();
    let limiter = runtime.block_on(limiter(&server.url(), PATIENT));
    let steps = prop::collection::vec((0_u128..3, costs(), 0_u64..1_500), 1..25);
    proptest!(cases(60), |(policy in policies(), steps in steps)| {
        let (first, mut buckets) = (fresh(), [Bucket::default(); 3]);
        for (which, cost, pause) in steps {
            std::thread::sleep(Duration::from_micros(pause));
            let key = key(first + which, Budget::Reads);
            let (verdict, now) = runtime.block_on(limiter.spend_shared(&key, policy, cost)).unwrap();
            prop_assert_eq!(buckets[usize::try_from(which).unwrap()].spend(policy, cost, now), verdict);
        }
    });
}

#[test]
fn the_process_is_the_bucket() {
    let steps = prop::collection::vec((0_u128..3, costs(), 0_i64..2_000_000), 1..60);
    proptest!(cases(200), |(policy in policies(), steps in steps)| {
        let clock = Arc::new(TestClock::default());
        let (limiter, mut buckets) = (LocalLimiter::new(clock.clone()), [Bucket::default(); 3]);
        for (which, cost, pause) in steps {
            clock.set(Timestamp::from_micros(clock.now().as_micros() + pause));
            let verdict = limiter.spend(&key(which, Budget::Reads), policy, cost);
            prop_assert_eq!(buckets[usize::try_from(which).unwrap()].spend(policy, cost, clock.now()), verdict);
        }
    });
}

#[tokio::test]
async fn redis_is_written_when_something_is_spent_and_forgets_when_the_bucket_is_full() {
    let server = Server::start();
    let (limiter, mut redis) = (limiter(&server.url(), PATIENT).await, server.admin().await);
    let (key, policy) = (key(500, Budget::Writes), Policy::per_second(1, 10));
    let text = key.text();

    limiter.spend_shared(&key, policy, 0).await.unwrap();
    assert!(!redis.exists::<_, bool>(&text).await.unwrap(), "asking writes nothing");

    let (spent, now) = limiter.spend_shared(&key, policy, 9).await.unwrap();
    let full_at: u64 = redis.get(&text).await.unwrap();
    assert_eq!(full_at, u64::try_from(now.as_micros()).unwrap() + spent.reset_us);
    let gone_at: u64 = redis::cmd("PEXPIRETIME").arg(&text).query_async(&mut redis).await.unwrap();
    assert!((0..=2_000).contains(&(gone_at * 1_000 - full_at)), "{gone_at} {full_at}");

    assert!(!limiter.spend_shared(&key, policy, 5).await.unwrap().0.allowed);
    assert_eq!(redis.get::<_, u64>(&text).await.unwrap(), full_at, "refusing writes nothing");
}
