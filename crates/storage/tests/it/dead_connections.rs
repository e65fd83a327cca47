//! Transactions whose connection died without a word, on PostgreSQL; a file is in this process.

use std::time::{Duration, Instant};

use domain::store::{Store as _, StoreError};
use storage::{SqlStore, Timing};
use testkit::World;
use testkit::wire::Wire;
use tokio::time::timeout;

use crate::raw::Raw;

const TIMING: Timing = Timing {
    // One for transactions, so that a dead one that is kept would be the end of them.
    max_connections: 4,
    acquire_timeout: Duration::from_secs(5),
    statement_timeout: Duration::from_mins(1),
    lock_timeout: Duration::from_mins(1),
};

/// Much longer than it takes to give a connection up, and much shorter than TCP takes.
const SOON: Duration = Duration::from_secs(40);

async fn beside(world: &World) -> (Wire, SqlStore) {
    let (wire, target) = Wire::before(world.target()).await;
    (wire, SqlStore::connect(&target, TIMING).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_given_up_with_its_connection_and_the_next_one_begins() {
    let world = World::postgres().await;
    let scope = world.tenant("acme").await.scope();
    let (wire, store) = beside(&world).await;
    for _ in 0..2 {
        let mut tx = store.write(&scope).await.unwrap();
        wire.bury();
        let asked = timeout(SOON, tx.lock_tenant()).await.expect("it is not waited for");
        assert!(matches!(asked, Err(StoreError::Unavailable(_))), "{asked:?}");
        drop(tx);
        let tx = timeout(SOON, store.write(&scope)).await.expect("it is not waited for");
        drop(tx.unwrap());
    }
    // One that is to be made good, and one that was at rest.
    let tx = store.write(&scope).await.unwrap();
    wire.bury();
    let made = timeout(SOON, tx.commit()).await.expect("it is not waited for");
    assert!(matches!(made, Err(StoreError::Unavailable(_))), "{made:?}");
    drop(timeout(SOON, store.write(&scope)).await.expect("it is not waited for").unwrap());
    wire.bury();
    let asked = timeout(SOON, store.find_admission(scope.slug())).await.expect("it is not waited for");
    assert!(asked.is_ok() || matches!(asked, Err(StoreError::Unavailable(_))), "{asked:?}");
    timeout(SOON, store.find_admission(scope.slug())).await.expect("it is not waited for").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_works_on_is_waited_for() {
    let world = World::postgres().await;
    let scope = world.tenant("acme").await.scope();
    let (_wire, store) = beside(&world).await;
    let raw = Raw::of(&world).await;
    let held = raw.hold("LOCK TABLE tenant IN ACCESS EXCLUSIVE MODE").await;
    let since = Instant::now();
    let asked = tokio::spawn(async move { store.find_admission(scope.slug()).await });
    // Longer than a server that does nothing is waited for.
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert!(!asked.is_finished(), "after {:?}", since.elapsed());
    drop(held);
    assert!(asked.await.unwrap().unwrap().is_some());
}
