//! Replicas share their budgets.

use std::sync::Arc;
use std::time::Instant;

use domain::limit::{Budget, Policy};
use domain::ports::RateLimiter;
use storage::limiter::LimiterCounts;

use crate::server::Server;
use crate::{PATIENT, key, limiter};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_let_through_one_burst_together() {
    let server = Server::start();
    let url = server.url();
    // Another unit each second.
    let (key, policy) = (key(10, Budget::Reads), Policy::per_second(1, 50));
    let replicas = [limiter(&url, PATIENT).await, limiter(&url, PATIENT).await, limiter(&url, PATIENT).await];
    let replicas = replicas.map(Arc::new);
    let start = Instant::now();
    let calls: Vec<_> = (0..300).map(|call| (Arc::clone(&replicas[call % 3]), key.clone())).collect();
    let tasks: Vec<_> = calls
        .into_iter()
        .map(|(replica, key)| tokio::spawn(async move { replica.spend(&key, policy, 1).await.allowed }))
        .collect();
    let mut allowed = 0;
    for task in tasks {
        allowed += u64::from(task.await.unwrap());
    }
    assert!((50..=50 + start.elapsed().as_secs()).contains(&allowed), "{allowed}");
    for replica in replicas {
        assert_eq!(replica.counts(), LimiterCounts { shared: 100, local: 0 });
    }
}
