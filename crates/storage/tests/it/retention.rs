//! What keeps the disk from filling.

use domain::directory::Kind;
use domain::ports::Clock as _;
use domain::store::{ActivityStore as _, Store as _};
use domain::tenant::Tenant;
use serde_json::json;
use storage::{SqliteFile, Target};
use testkit::{World, activity_entry, on_both_databases};
use uuid::Uuid;

use crate::raw::Raw;

on_both_databases! { World:
    values_of_old_facts_go_and_frames_stay,
    a_log_that_is_too_large_loses_the_oldest_rows_of_whoever_has_most,
    a_log_that_is_not_too_large_loses_nothing,
}

const DAY: i64 = 86_400;

/// The numbers of a tenant's facts, with whether their values are there.
async fn facts(world: &World, tenant: &Tenant) -> Vec<(i64, bool)> {
    world.number_facts().await;
    let facts = world.journal.facts_after(&tenant.scope(), 0, 1_000).await.unwrap();
    facts.into_iter().map(|fact| (fact.number, fact.payload.is_some())).collect()
}

async fn values_of_old_facts_go_and_frames_stay(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    for number in 0..5 {
        let document = json!({"userName": format!("user-{number}"), "title": "secret title"});
        world.create(&world.cx(&acme), &Kind::USER, document).await.unwrap();
        world.user(&world.cx(&globex), &format!("user-{number}")).await;
        world.clock.advance_seconds(10 * DAY);
    }
    facts(world, &acme).await;
    let before = world.clock.now().plus_seconds(-25 * DAY);
    let work = world.store.work();
    // In small steps, as the worker takes them: the tenant's own beginning and four people are older than 25 days.
    let mut steps = Vec::new();
    loop {
        match work.empty_old_facts(before, 2).await.unwrap() {
            0 => break,
            some => steps.push(some),
        }
    }
    assert!(steps.iter().all(|step| *step <= 2) && steps.iter().sum::<u64>() == 8, "{steps:?}");
    for tenant in [&acme, &globex] {
        let expected = [(1, false), (2, false), (3, false), (4, false), (5, true), (6, true)];
        assert_eq!(facts(world, tenant).await, expected, "{}", tenant.slug);
    }
    let kept = Raw::of(world).await.dump(&acme).await["fact_payload"].concat();
    assert_eq!(kept.matches("secret title").count(), 2);
    assert_eq!(work.empty_old_facts(before, 1_000).await, Ok(0), "what is done is not looked at again");
}

/// So many rows of a tenant, each some kilobytes long, one second after another.
async fn fill(world: &World, tenant: &Tenant, rows: u32) {
    let body = "x".repeat(4_000);
    for chunk in (0..rows).collect::<Vec<_>>().chunks(100) {
        let entries: Vec<_> = chunk
            .iter()
            .map(|number| {
                let at = world.clock.now().plus_seconds(i64::from(*number));
                let request = Uuid::from_u128(tenant.id.0.as_u128() ^ u128::from(*number));
                let mut entry = activity_entry(tenant.id, at, request);
                // Text that cannot be packed.
                let salt = request.as_u128().wrapping_mul(u128::from(*number) + 7);
                let noise: Vec<String> = (0..60).map(|each| format!("{:032x}", salt.rotate_left(each))).collect();
                let noise = noise.concat();
                entry.bodies.request = Some(format!("{noise}{body}"));
                entry
            })
            .collect();
        world.log.append(&entries, &[]).await.unwrap();
    }
}

async fn count(world: &World, tenant: &Tenant) -> usize {
    let target = match world.target().activity_file() {
        Some(path) => Target::Sqlite { path },
        None => world.target().clone(),
    };
    Raw::open(&target).await.rows_of("activity", tenant).await.len()
}

async fn a_log_that_is_too_large_loses_the_oldest_rows_of_whoever_has_most(world: &World) {
    let (noisy, quiet) = (world.tenant("noisy").await, world.tenant("quiet").await);
    fill(world, &noisy, 900).await;
    fill(world, &quiet, 50).await;
    // PostgreSQL's statistics come some seconds later.
    let (mut full, mut rows) = world.log.size().await.unwrap();
    for _ in 0..200 {
        if rows >= 950 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        (full, rows) = world.log.size().await.unwrap();
    }
    assert!(rows == 950 && full > 512 << 10, "{rows} {full}");
    let filter = domain::activity::ActivityFilter::default();
    let newest = world.log.page(&noisy.scope(), &filter, None, 1).await.unwrap();
    let mut left = world.activity.surplus(full / 2).await.unwrap();
    assert!((350..600).contains(&left), "about half of 950: {left}");
    let expected = 900 - left;
    while left > 0 {
        left -= world.activity.shrink(left.min(100)).await.unwrap();
    }
    assert_eq!(count(world, &noisy).await as u64, expected);
    if let Some(path) = world.target().activity_file() {
        // What is free goes back to the disk, step by step.
        let file = SqliteFile::new(&path);
        let (size, free) = file.size().await.unwrap();
        assert!(free > size / 3, "{size} {free}");
        for _ in 0..20 {
            world.activity.give_back().await.unwrap();
        }
        let (smaller, free) = file.size().await.unwrap();
        assert!(smaller < size && free <= 2 << 20, "{size} {smaller} {free}");
    }
    assert_eq!(count(world, &quiet).await, 50, "whoever has few rows keeps them");
    let page = world.log.page(&noisy.scope(), &filter, None, 1).await.unwrap();
    assert_eq!(page.rows[0].id, newest.rows[0].id, "the newest stay");
}

async fn a_log_that_is_not_too_large_loses_nothing(world: &World) {
    let tenant = world.tenant("acme").await;
    fill(world, &tenant, 50).await;
    assert_eq!(world.activity.surplus(1 << 30).await, Ok(0));
    assert_eq!(count(world, &tenant).await, 50);
    world.activity.give_back().await.unwrap();
    world.store.work().give_back().await.unwrap();
}
