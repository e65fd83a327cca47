//! How much waits for the server to work on it.

use std::time::Duration;

use domain::ports::Clock as _;
use domain::store::{Backlog, Queued, Store as _};
use storage::{PoolUse, Target};
use testkit::{World, on_both_databases};
use tokio::time::{sleep, timeout};

use crate::mails::{mailroom, queue};

on_both_databases! { World:
    what_waits_is_counted_from_the_oldest_on_until_it_is_done,
    pools_say_how_much_of_them_is_in_use,
    a_database_whose_connections_are_all_in_use_answers,
}

async fn what_waits_is_counted_from_the_oldest_on_until_it_is_done(world: &World) {
    world.number_facts().await;
    assert_eq!(world.store.work().backlog().await, Ok(Backlog::default()));
    let (_, room) = mailroom(world).await;
    let first = world.clock.now();
    let tenant = world.tenant("acme").await;
    queue(world, &room, &tenant, "one").await;
    world.clock.advance_seconds(30);
    queue(world, &room, &tenant, "two").await;
    world.user(&world.cx(&tenant), "ada").await;

    let backlog = world.store.work().backlog().await.unwrap();
    assert_eq!(backlog.mails, Queued { count: 2, since: Some(first) });
    match world.target() {
        Target::Postgres { .. } => assert_eq!(backlog.facts, Queued { count: 2, since: Some(first) }),
        Target::Sqlite { .. } => assert_eq!(backlog.facts, Queued::default(), "each fact has its number at once"),
    }

    room.deliver(world.clock.now()).await.unwrap();
    world.number_facts().await;
    assert_eq!(world.store.work().backlog().await, Ok(Backlog::default()));
}

async fn pools_say_how_much_of_them_is_in_use(world: &World) {
    let store = world.another_store().await;
    let busy = |store: &storage::SqlStore| store.pools().iter().map(|pool: &PoolUse| pool.in_use).sum::<u32>();
    let tenant = world.tenant("acme").await;
    let tx = store.write(&tenant.scope()).await.unwrap();
    // What was opened with the store comes back to its pool a moment later.
    while busy(&store) > 1 {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(busy(&store), 1, "{:?}", store.pools());
    drop(tx);
    let idle = store.pools();
    assert!(idle.iter().all(|pool| pool.in_use + pool.idle <= pool.most), "{idle:?}");
    let names: Vec<_> = idle.iter().map(|pool| pool.name).collect();
    match world.target() {
        Target::Postgres { .. } => assert_eq!(names, ["statements", "transactions"]),
        Target::Sqlite { .. } => assert_eq!(names, ["reading", "writing"]),
    }
}

async fn a_database_whose_connections_are_all_in_use_answers(world: &World) {
    let (store, tenant) = (world.another_store().await, world.tenant("acme").await);
    let writes = |pool: &PoolUse| ["transactions", "writing"].contains(&pool.name);
    let most = store.pools().into_iter().find(writes).unwrap().most;
    let mut held = Vec::new();
    for _ in 0..most {
        held.push(store.write(&tenant.scope()).await.unwrap());
    }
    assert!(store.pools().into_iter().filter(writes).all(|pool| pool.in_use == pool.most), "{:?}", store.pools());
    for _ in 0..2 {
        assert_eq!(timeout(Duration::from_secs(2), store.ping()).await, Ok(Ok(())));
    }
}
