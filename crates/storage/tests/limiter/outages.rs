//! Redis forgets, is cut off, stands still and dies, while requests come in.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::limit::{Budget, Policy};
use domain::ports::RateLimiter;
use storage::limiter::{LimiterCounts, Patience};

use crate::load::Load;
use crate::log::Log;
use crate::server::Server;
use crate::{key, limiter, until};

const WHILE: Duration = Duration::from_millis(800);

#[tokio::test]
async fn a_redis_that_forgets_scripts_and_buckets_is_told_again() {
    let server = Server::start();
    let load = Load::start(Arc::new(limiter(&server.url(), Patience::default()).await));
    load.shared_again("at the start").await;
    for command in ["SCRIPT FLUSH", "FLUSHALL"] {
        server.tell(command).await;
        let counts = load.watch(command, WHILE).await;
        assert!(counts.shared > counts.local, "{command}: {counts:?}");
    }
}

#[tokio::test]
async fn an_outage_keeps_nobody_waiting_and_lets_nobody_through_for_free() {
    let (log, _guard) = Log::listen();
    let mut server = Server::start();
    let load = Load::start(Arc::new(limiter(&server.url(), Patience::default()).await));
    load.shared_again("at the start").await;
    load.watch("steady", WHILE).await;

    server.tell("CLIENT KILL TYPE normal SKIPME yes").await;
    let cut = load.watch("connections cut", Duration::from_millis(300)).await;
    assert!(cut.local > 0, "{cut:?}");
    load.shared_again("after a cut").await;

    server.freeze();
    let frozen = load.watch("frozen", WHILE).await;
    assert!(frozen.local > 100 && frozen.shared < 10, "{frozen:?}");
    server.thaw();
    load.shared_again("after a thaw").await;

    server.kill();
    let killed = load.watch("killed", WHILE).await;
    assert!(killed.local > 100 && killed.shared < 10, "{killed:?}");
    server.revive();
    load.shared_again("after a restart").await;
    load.watch("steady again", WHILE).await;

    let (warnings, news) = (log.lines("WARN"), log.lines("INFO"));
    assert!(warnings.len() == 1 && news.len() == 1, "{warnings:?} {news:?}");
    assert!(!warnings[0].contains("redis://"), "{warnings:?}");
}

#[tokio::test]
async fn who_takes_over_knows_what_was_let_through() {
    let mut server = Server::start();
    let limiter = limiter(&server.url(), crate::PATIENT).await;
    let (key, policy) = (key(2, Budget::Bulk), Policy::per_minute(1, 10));
    assert!(limiter.spend(&key, policy, 8).await.allowed);
    server.kill();
    let verdict = limiter.spend(&key, policy, 0).await;
    assert_eq!((verdict.allowed, verdict.remaining), (true, 2));
    assert!(!limiter.spend(&key, policy, 3).await.allowed);
    assert_eq!(limiter.counts(), LimiterCounts { shared: 1, local: 2 });
}

#[tokio::test]
async fn a_redis_that_comes_later_is_found() {
    let (log, _guard) = Log::listen();
    let mut server = Server::start();
    server.kill();
    let limiter = limiter(&server.url(), Patience::default()).await;
    let (key, policy) = (key(3, Budget::Writes), Policy::per_minute(1, 2));
    let mut allowed = 0;
    for _ in 0..5 {
        allowed += u32::from(limiter.spend(&key, policy, 1).await.allowed);
    }
    assert_eq!((allowed, limiter.counts()), (2, LimiterCounts { shared: 0, local: 5 }));
    assert!(log.lines("WARN")[0].contains("refused"), "{:?}", log.lines("WARN"));
    server.revive();
    until("found", Duration::from_secs(2), async || {
        limiter.spend(&key, policy, 0).await;
        limiter.counts().shared > 0
    })
    .await;
    assert_eq!(log.lines("INFO").len(), 1);
}

/// A server that takes connections and says nothing: only probes may still come, one after another.
#[tokio::test]
async fn a_redis_that_failed_is_left_alone_but_for_one_probe_at_a_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&connections);
    let taking = tokio::spawn(async move {
        loop {
            let (connection, _) = silent.accept().await.unwrap();
            taken.lock().unwrap().push(connection);
        }
    });
    let start = Instant::now();
    let load = Load::start(Arc::new(limiter(&url, Patience::default()).await));
    let counts = load.watch("silent", Duration::from_millis(1_800)).await;
    assert!(counts.shared == 0 && counts.local > 100, "{counts:?}");
    drop(load);
    taking.abort();
    let (count, passed) = (connections.lock().unwrap().len(), start.elapsed().as_millis());
    // The first connection, and a probe in each half second.
    assert!(count >= 2 && count as u128 <= 1 + passed / 500, "{count} in {passed} ms");
}
