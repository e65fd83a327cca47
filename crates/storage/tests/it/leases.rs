//! Whose turn it is to do the server's own work.

use domain::ports::Clock as _;
use domain::store::{Lease, Store as _};
use futures_util::future::join_all;
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    a_free_lease_is_taken_by_one_and_renewed_by_the_same_alone,
    a_lease_that_ran_out_is_anybodys,
    leases_of_different_work_are_apart,
    of_many_who_want_a_lease_at_once_one_gets_it,
    facts_are_numbered_only_by_who_holds_the_lease,
}

const SECONDS: i64 = 6;

fn lease(world: &World, name: &'static str, holder: &str) -> Lease {
    Lease { name, holder: holder.to_owned(), until: world.clock.now().plus_seconds(SECONDS) }
}

async fn takes(world: &World, holder: &str) -> bool {
    world.store.work().take_lease(&lease(world, "sequencer", holder), world.clock.now()).await.unwrap()
}

async fn a_free_lease_is_taken_by_one_and_renewed_by_the_same_alone(world: &World) {
    assert!(takes(world, "one").await);
    assert!(!takes(world, "two").await);
    for _ in 0..5 {
        world.clock.advance_seconds(SECONDS - 1);
        assert!(takes(world, "one").await, "renewed");
        assert!(!takes(world, "two").await);
    }
    let until = Raw::of(world).await.number("SELECT until_us FROM worker_lease").await;
    assert_eq!(until, world.clock.now().plus_seconds(SECONDS).as_micros());
}

async fn a_lease_that_ran_out_is_anybodys(world: &World) {
    assert!(takes(world, "one").await);
    world.clock.advance_seconds(SECONDS);
    assert!(!takes(world, "two").await, "to the last moment");
    world.clock.advance_seconds(1);
    assert!(takes(world, "two").await);
    assert!(!takes(world, "one").await, "it was forgotten meanwhile");
    world.clock.advance_seconds(SECONDS + 1);
    assert!(takes(world, "two").await, "nobody else wanted it");
}

async fn leases_of_different_work_are_apart(world: &World) {
    assert!(takes(world, "one").await);
    let (work, now) = (world.store.work(), world.clock.now());
    assert_eq!(work.take_lease(&lease(world, "folder", "two"), now).await, Ok(true));
    assert_eq!(work.take_lease(&lease(world, "folder", "one"), now).await, Ok(false));
}

async fn of_many_who_want_a_lease_at_once_one_gets_it(world: &World) {
    for round in 0..3 {
        let holders: Vec<String> = (0..10).map(|index| format!("{round}-{index}")).collect();
        let taken = join_all(holders.iter().map(|holder| takes(world, holder))).await;
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "round {round}");
        world.clock.advance_seconds(SECONDS + 1);
    }
}

/// A process that was paused and forgotten must not number. On SQLite the writers do.
async fn facts_are_numbered_only_by_who_holds_the_lease(world: &World) {
    let raw = Raw::of(world).await;
    world.tenant("acme").await;
    let waiting = async || match raw.is_postgres() {
        true => raw.number("SELECT count(*) FROM fact_ticket").await.unsigned_abs(),
        false => 0,
    };
    let (there, work) = (waiting().await, world.store.work());
    let (one, two) = (lease(world, "sequencer", "one"), lease(world, "sequencer", "two"));
    assert_eq!(work.number_facts(&one, 10).await, Ok(0), "it was never taken");
    assert!(takes(world, "one").await);
    assert_eq!(work.number_facts(&two, 10).await, Ok(0), "it is another's");
    world.clock.advance_seconds(SECONDS + 1);
    assert!(takes(world, "two").await);
    assert_eq!(work.number_facts(&one, 10).await, Ok(0), "it was lost");
    assert_eq!(waiting().await, there);
    assert_eq!(work.number_facts(&two, 10).await, Ok(there));
    assert_eq!(work.number_facts(&two, 10).await, Ok(0), "none is left");
    assert_eq!(raw.number("SELECT count(*) FROM fact").await, 1);
}
