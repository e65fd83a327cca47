//! Erasing a tenant in steps.

use std::collections::BTreeMap;

use domain::Error;
use domain::context::Actor;
use domain::erasure::{SETTLE_SECONDS, SWEPT_SECONDS, Standing};
use domain::ops::{Erasures, Step};
use domain::ports::Clock as _;
use domain::store::{Store as _, StoreError, TenantData as _};
use domain::tenant::{Tenant, TenantStatus};
use storage::{SqlTenantData, Target};
use testkit::{World, on_both_databases};

use super::{data, erasures};
use crate::raw::Raw;
use crate::tenants::fill;

on_both_databases! { World:
    an_erasure_leaves_a_record_that_counts_every_row_and_nothing_else,
    an_erasure_that_was_stopped_goes_on_where_it_was,
    a_tenant_that_is_being_erased_is_suspended_and_erased_once,
    nobody_waits_for_a_step,
    what_is_written_for_a_tenant_that_is_gone_is_removed,
    a_tenant_that_came_back_keeps_everything,
    two_who_erase_at_once_give_one_record,
}

/// Every row of a tenant, also of its log where that has a file of its own.
async fn count(world: &World, tenant: &Tenant) -> BTreeMap<String, u64> {
    let mut rows = Raw::of(world).await.dump(tenant).await;
    if let Some(path) = world.target().activity_file() {
        let log = Raw::open(&Target::Sqlite { path }).await;
        for table in log.tables_with("tenant_id").await {
            rows.insert(table.clone(), log.rows_of(&table, tenant).await);
        }
    }
    rows.into_iter().map(|(table, rows)| (table, rows.len() as u64)).filter(|(_, rows)| *rows > 0).collect()
}

async fn run(world: &World, erasures: &Erasures, erasure: &domain::erasure::Erasure) -> domain::erasure::Erasure {
    loop {
        match erasures.step(&Actor::Operator, erasure, SETTLE_SECONDS, world.clock.now()).await.unwrap() {
            Step::Deleted(_) => {}
            Step::Wait(until) => world.clock.set(until),
            Step::Done(done) => return *done,
        }
    }
}

async fn an_erasure_leaves_a_record_that_counts_every_row_and_nothing_else(world: &World) {
    let (acme, globex) = (fill(world, "acme").await, fill(world, "globex").await);
    world.activity.flush(world.clock.now()).await.unwrap();
    let (before, others) = (count(world, &acme).await, Raw::of(world).await.dump(&globex).await);
    let erasures = erasures(world);
    let begun = erasures.begin(&Actor::Operator, &acme.slug, "Ana of Acme", world.clock.now()).await.unwrap();
    let done = run(world, &erasures, &begun).await;

    // The suspension left a note for other processes.
    let mut expected = before;
    *expected.entry("tenant_change".to_owned()).or_default() += 1;
    assert_eq!(done.rows, expected);
    let left = count(world, &acme).await;
    assert_eq!(left, BTreeMap::from([("tenant_change".to_owned(), 1)]), "for a while, what other processes are told");
    assert_eq!(Raw::of(world).await.dump(&globex).await, others);
    assert_eq!(done.standing(&world.keys.ring()), Standing::Signed);
    assert_eq!((done.asked_by.as_str(), done.ended), ("Ana of Acme", Some(begun.begun.plus_seconds(SETTLE_SECONDS))));
    assert_eq!(erasures.list().await.unwrap(), [done]);
    assert!(world.store.find_admission(&acme.slug).await.unwrap().is_none());
    fill(world, "acme").await;
}

async fn an_erasure_that_was_stopped_goes_on_where_it_was(world: &World) {
    let acme = fill(world, "acme").await;
    Raw::of(world).await.make_users(&acme, 2_500).await;
    let before = Raw::of(world).await.dump(&acme).await["resource"].len() as u64;
    let begun = erasures(world).begin(&Actor::Operator, &acme.slug, "operator", world.clock.now()).await.unwrap();
    for _ in 0..2 {
        let step = erasures(world).step(&Actor::Operator, &begun, SETTLE_SECONDS, world.clock.now()).await.unwrap();
        assert_eq!(step, Step::Deleted(1_000));
    }
    // The process is gone, and another one finds what it did not finish.
    let again = erasures(world);
    let found = again.open(&acme.slug).await.unwrap().unwrap();
    assert_eq!((found.id, found.rows.values().sum::<u64>()), (begun.id, 2_000));
    let done = run(world, &again, &found).await;
    assert_eq!(done.rows["resource"], before);
    assert_eq!(done.standing(&world.keys.ring()), Standing::Signed);
    assert!(again.open(&acme.slug).await.unwrap().is_none());
}

async fn a_tenant_that_is_being_erased_is_suspended_and_erased_once(world: &World) {
    let acme = world.open_tenant("acme").await.0;
    let erasures = erasures(world);
    let begun = erasures.begin(&Actor::Operator, &acme.slug, "one", world.clock.now()).await.unwrap();
    assert_eq!(world.tenants.get(&acme.slug).await.unwrap().status, TenantStatus::Suspended);
    let changes = world.store.tenant_changes(world.clock.now().plus_seconds(-1)).await.unwrap();
    assert!(changes.iter().any(|change| change.id == begun.id), "other processes are told");
    let twice = erasures.begin(&Actor::Operator, &acme.slug, "two", world.clock.now()).await;
    assert!(matches!(twice, Err(Error::Store(StoreError::Taken { .. }))), "{twice:?}");
    let waits = loop {
        match erasures.step(&Actor::Operator, &begun, SETTLE_SECONDS, world.clock.now()).await.unwrap() {
            Step::Deleted(_) => {}
            other => break other,
        }
    };
    assert_eq!(waits, Step::Wait(begun.begun.plus_seconds(SETTLE_SECONDS)), "until nobody serves it any more");
    // Somebody who was still being served has written.
    world.user(&world.cx(&acme), "late").await;
    let done = run(world, &erasures, &begun).await;
    assert!(Raw::of(world).await.dump(&acme).await.keys().eq(["tenant_change"]), "{done:?}");
    let unknown = erasures.begin(&Actor::Operator, &acme.slug, "three", world.clock.now()).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");
}

/// A step holds no more than it deletes: others read and write meanwhile.
async fn nobody_waits_for_a_step(world: &World) {
    let (acme, globex) = (fill(world, "acme").await, world.tenant("globex").await);
    Raw::of(world).await.make_users(&acme, 3_000).await;
    let begun = erasures(world).begin(&Actor::Operator, &acme.slug, "operator", world.clock.now()).await.unwrap();
    let another = SqlTenantData::new(&world.store, &world.log);
    let writing = async {
        for number in 0..20 {
            world.user(&world.cx(&globex), &format!("user-{number}")).await;
        }
    };
    let erasing = async { while another.erase_some(&begun, 500).await.unwrap() > 0 {} };
    futures_util::future::join(writing, erasing).await;
    assert_eq!(data(world).erase_some(&begun, 500).await.unwrap(), 0);
    assert_eq!(Raw::of(world).await.dump(&globex).await["resource"].len(), 20);
}

/// All that is left of a tenant but notes to other processes, which stay for a while.
async fn left(world: &World, tenant: &Tenant) -> BTreeMap<String, u64> {
    let mut left = count(world, tenant).await;
    left.remove("tenant_change");
    left
}

async fn what_is_written_for_a_tenant_that_is_gone_is_removed(world: &World) {
    let (acme, globex) = (world.open_tenant("acme").await.0, world.open_tenant("globex").await.0);
    let initech = fill(world, "initech").await;
    let others = Raw::of(world).await.dump(&initech).await;
    let erasures = erasures(world);
    let begun = erasures.begin(&Actor::Operator, &acme.slug, "operator", world.clock.now()).await.unwrap();
    run(world, &erasures, &begun).await;
    world.tenants.delete(&Actor::Operator, &globex.slug, world.clock.now()).await.unwrap();
    let work = world.store.work();
    let sweep = async || work.sweep_gone(world.clock.now().plus_seconds(-SWEPT_SECONDS)).await.unwrap();
    assert_eq!(sweep().await, 0);
    // Requests that were let in before, and end now.
    for gone in [&acme, &globex] {
        world.user(&world.cx(gone), "late").await;
        assert!(left(world, gone).await["resource"] == 1);
    }
    assert!(sweep().await > 2);
    for gone in [&acme, &globex] {
        assert_eq!(left(world, gone).await, BTreeMap::new(), "{}", gone.slug);
    }
    assert_eq!(Raw::of(world).await.dump(&initech).await, others);
    // An erasure is known for longer than notes are kept.
    world.clock.advance_seconds(3_600);
    work.prune_changes(world.clock.now()).await.unwrap();
    world.user(&world.cx(&acme), "later").await;
    assert!(sweep().await > 0 && left(world, &acme).await.is_empty());
    world.clock.advance_seconds(SWEPT_SECONDS);
    assert_eq!(sweep().await, 0);
}

async fn a_tenant_that_came_back_keeps_everything(world: &World) {
    let acme = fill(world, "acme").await;
    let archive = super::export(world, &acme.slug).await;
    let erasures = erasures(world);
    let begun = erasures.begin(&Actor::Operator, &acme.slug, "operator", world.clock.now()).await.unwrap();
    run(world, &erasures, &begun).await;
    let back = super::import(world, &archive, "acme").await.unwrap().tenant;
    assert_eq!(back.id, acme.id);
    let before = Raw::of(world).await.dump(&back).await;
    assert_eq!(world.store.work().sweep_gone(begun.begun).await, Ok(0));
    assert_eq!(Raw::of(world).await.dump(&back).await, before);
}

async fn two_who_erase_at_once_give_one_record(world: &World) {
    let acme = world.open_tenant("acme").await.0;
    let (one, two) = (erasures(world), erasures(world));
    let begun = one.begin(&Actor::Operator, &acme.slug, "operator", world.clock.now()).await.unwrap();
    world.clock.advance_seconds(SETTLE_SECONDS);
    let done = run(world, &one, &begun).await;
    // Something comes late, and the other one finds it.
    world.user(&world.cx(&acme), "late").await;
    assert_eq!(run(world, &two, &begun).await, done);
    assert_eq!(two.list().await.unwrap(), [done]);
}
