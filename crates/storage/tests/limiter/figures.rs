//! What a check costs; docs/adr/0027 quotes it.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::limit::{Budget, Policy};
use domain::ports::RateLimiter;
use storage::limiter::LocalLimiter;
use testkit::redis_url;

use crate::{PATIENT, clock, key, limiter};

const CALLS: u32 = 20_000;
const POLICY: Policy = Policy::per_second(1_000, 1_000);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run it with --run-ignored only --no-capture"]
async fn checks_cost() {
    let redis: Arc<dyn RateLimiter> = Arc::new(limiter(&redis_url().unwrap(), PATIENT).await);
    let local: Arc<dyn RateLimiter> = Arc::new(LocalLimiter::new(clock()));
    for (name, limiter) in [("Redis", redis), ("in process", local)] {
        for tasks in [1, 64] {
            measure(name, &limiter, tasks).await;
        }
    }
}

async fn measure(name: &str, limiter: &Arc<dyn RateLimiter>, tasks: u32) {
    let start = Instant::now();
    let task = |task: u32| {
        let limiter = Arc::clone(limiter);
        tokio::spawn(async move {
            let key = key(u128::from(600 + task), Budget::Reads);
            let mut times = Vec::new();
            for _ in 0..CALLS / tasks {
                let start = Instant::now();
                limiter.spend(&key, POLICY, 1).await;
                times.push(start.elapsed());
            }
            times
        })
    };
    let running: Vec<_> = (0..tasks).map(task).collect();
    let mut times: Vec<Duration> = Vec::new();
    for task in running {
        times.extend(task.await.unwrap());
    }
    let rate = f64::from(CALLS) / start.elapsed().as_secs_f64();
    times.sort_unstable();
    let (middle, most) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    writeln!(std::io::stderr(), "{name}, {tasks} tasks: {rate:.0} checks/s, p50 {middle:?}, p99 {most:?}").unwrap();
}
