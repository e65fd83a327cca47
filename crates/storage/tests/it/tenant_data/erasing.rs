//! Erasing a tenant in steps.

use std::collections::BTreeMap;

use domain::Error;
use domain::context::Actor;
use domain::erasure::SETTLE_SECONDS;
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
        match erasures.step(&Actor::Operator, erasure, world.clock.now()).await.unwrap() {
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
    assert!(done.is_unchanged());
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
        let step = erasures(world).step(&Actor::Operator, &begun, world.clock.now()).await.unwrap();
        assert_eq!(step, Step::Deleted(1_000));
    }
    // The process is gone, and another one finds what it did not finish.
    let again = erasures(world);
    let found = again.open(&acme.slug).await.unwrap().unwrap();
    assert_eq!((found.id, found.rows.values().sum::<u64>()), (begun.id, 2_000));
    let done = run(world, &again, &found).await;
    assert_eq!(done.rows["resource"], before);
    assert!(done.is_unchanged() && again.open(&acme.slug).await.unwrap().is_none());
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
        match erasures.step(&Actor::Operator, &begun, world.clock.now()).await.unwrap() {
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
