//! The server's own work waits for the locks of a process that hangs, and requests do not wait for it, on PostgreSQL; in a
//! file there is one writer.

use std::time::Duration;

use domain::ports::{Clock as _, IdGen as _};
use domain::store::{ActivityStore as _, Lease, Store as _, StoreError};
use storage::{SqlActivity, SqlStore, Timing};
use testkit::{World, activity_entry};

use crate::raw::Raw;

/// One connection for transactions.
const TIMING: Timing = Timing {
    max_connections: 4,
    acquire_timeout: Duration::from_secs(6),
    statement_timeout: Duration::from_mins(1),
    lock_timeout: Duration::from_mins(1),
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_held_is_left_for_the_next_time() {
    let world = World::postgres().await;
    let scope = world.tenant("acme").await.scope();
    let store = SqlStore::connect(world.target(), TIMING).await.unwrap();
    let now = world.clock.now();
    let lease = |holder: &str| Lease { name: "sequencer", holder: holder.to_owned(), until: now.plus_seconds(6) };
    assert!(store.work().take_lease(&lease("one"), now).await.unwrap());

    let held = Raw::of(&world).await.hold("SELECT FROM worker_lease FOR UPDATE").await;
    let then = now.plus_seconds(60);
    let mine = lease("two");
    let (taken, request) = tokio::join!(store.work().take_lease(&mine, then), store.write(&scope));
    assert_eq!((taken, request.map(drop)), (Ok(false), Ok(())));
    drop(held);
    assert!(store.work().take_lease(&lease("two"), then).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_the_activity_log_are_written_another_time() {
    let world = World::postgres().await;
    let tenant = world.tenant("acme").await;
    let store = SqlStore::connect(world.target(), TIMING).await.unwrap();
    let log = SqlActivity::connect(&store, world.target(), TIMING).await.unwrap();
    let now = world.clock.now();
    let entry = || activity_entry(tenant.id, now, world.ids.next(now));
    log.append(&[entry()], &[]).await.unwrap();

    let held = Raw::of(&world).await.hold("SELECT FROM activity_minute FOR UPDATE").await;
    let (scope, late) = (tenant.scope(), [entry()]);
    let (written, request) = tokio::join!(log.append(&late, &[]), store.write(&scope));
    assert_eq!((written, request.map(drop)), (Err(StoreError::Locked), Ok(())));
    drop(held);
    log.append(&late, &[]).await.unwrap();
    let requests = Raw::of(&world).await.number("SELECT sum(requests)::bigint FROM activity_minute").await;
    assert_eq!(requests, 2);
}
