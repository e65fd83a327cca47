//! An index is used when it holds everybody, whatever happens while it is filled.

use domain::directory::{Kind, View};
use domain::store::FillStep;
use domain::tenant::Tenant;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use testkit::{World, on_both_databases};

use super::{ask, fill, keys, register, step, titles};
use crate::raw::Raw;

on_both_databases! { World:
    an_index_is_filled_in_steps,
    an_index_is_used_when_it_is_complete_and_not_before,
    changes_while_it_is_filled_are_in_it,
    changes_at_the_very_moment_are_in_it,
    keys_of_writers_that_did_not_know_of_it_are_made_up_for,
    a_complete_index_follows_every_change,
    every_value_of_somebody_has_a_key_once,
    filling_touches_no_other_tenant_and_no_other_path,
}

/// More than two steps of filling.
const USERS: u64 = 450;

async fn tenant(world: &World, slug: &str) -> Tenant {
    let tenant = world.tenant(slug).await;
    Raw::of(world).await.make_users(&tenant, USERS).await;
    tenant
}

/// Those of these numbers, from 1.
async fn users<const N: usize>(world: &World, tenant: &Tenant, numbers: [usize; N]) -> [View; N] {
    let all = world.list(&world.cx(tenant), &Kind::USER, "").await.unwrap();
    numbers.map(|number| all[number - 1].clone())
}

fn set_title(title: &str) -> Value {
    json!([{"op": "replace", "path": "title", "value": title}])
}

async fn an_index_is_filled_in_steps(world: &World) {
    let tenant = register(world, &tenant(world, "acme").await, "title").await;
    for (expected, count) in [(FillStep::Going, 200), (FillStep::Going, 400), (FillStep::Complete, 450)] {
        assert_eq!(step(world, &tenant, "title").await, expected);
        assert_eq!(keys(world, &tenant, "title").await.len(), count);
    }
    assert_eq!(keys(world, &tenant, "title").await, titles(world, &tenant).await);
    assert_eq!(step(world, &tenant, "title").await, FillStep::Complete, "there is nothing left to do");
    assert_eq!(step(world, &tenant, "locale").await, FillStep::Complete, "nor where nothing was registered");
    assert_eq!(keys(world, &tenant, "title").await.len(), 450);
}

async fn an_index_is_used_when_it_is_complete_and_not_before(world: &World) {
    let tenant = tenant(world, "acme").await;
    let questions =
        ["title eq \"TITLE-3\"", "title sw \"title-\"", "title co \"e-3\"", "title pr", "title gt \"title-2\""];
    let answers = async |tenant: &Tenant| {
        let pages = join_all(questions.map(|question| ask(world, tenant, question))).await;
        pages.into_iter().map(|page| (page.total, page.views)).collect::<Vec<_>>()
    };
    let scanned = answers(&tenant).await;
    assert_eq!(scanned.iter().map(|(total, _)| *total).collect::<Vec<_>>(), [64, 450, 64, 450, 256]);

    let filling = register(world, &tenant, "title").await;
    step(world, &tenant, "title").await;
    assert_eq!(answers(&filling).await, scanned);
    let complete = fill(world, &tenant, "title").await;
    assert_eq!(answers(&complete).await, scanned);
    assert_eq!(ask(world, &complete, questions[0]).await.unindexed, [""; 0]);
    assert_eq!(answers(&tenant).await, scanned, "a process that knows of nothing reads as before");

    Raw::of(world).await.run("DELETE FROM resource_value", []).await;
    for question in questions {
        assert_eq!(ask(world, &filling, question).await.total, ask(world, &tenant, question).await.total);
        assert_eq!(ask(world, &complete, question).await.total, 0, "{question}: it really is the index that answers");
    }
}

async fn changes_while_it_is_filled_are_in_it(world: &World) {
    let tenant = register(world, &tenant(world, "acme").await, "title").await;
    let cx = world.cx(&tenant);
    let [done, emptied, gone, open, gone_open, last] = users(world, &tenant, [10, 11, 12, 300, 301, 450]).await;
    assert_eq!(step(world, &tenant, "title").await, FillStep::Going);
    for user in [&done, &open, &last] {
        world.patch(&cx, user, set_title("Changed")).await.unwrap();
    }
    world.replace(&cx, &emptied, json!({"userName": "emptied"})).await.unwrap();
    for user in [&gone, &gone_open] {
        world.delete(&cx, user).await.unwrap();
    }
    world.create(&cx, &Kind::USER, json!({"userName": "new", "title": "New"})).await.unwrap();
    assert_eq!(step(world, &tenant, "title").await, FillStep::Going);
    world.patch(&cx, &done, set_title("Changed again")).await.unwrap();
    world.patch(&cx, &last, set_title("Changed again")).await.unwrap();
    let complete = fill(world, &tenant, "title").await;

    assert_eq!(keys(world, &tenant, "title").await, titles(world, &tenant).await);
    for (title, total) in [("changed", 1), ("changed again", 2), ("new", 1)] {
        assert_eq!(ask(world, &complete, &format!("title eq \"{title}\"")).await.total, total, "{title}");
    }
}

async fn changes_at_the_very_moment_are_in_it(world: &World) {
    let tenant = register(world, &tenant(world, "acme").await, "title").await;
    let cx = world.cx(&tenant);
    let all = world.list(&cx, &Kind::USER, "").await.unwrap();
    let (patched, rest) = all.split_at(20);
    let (deleted, end) = (&rest[200..210], &rest[410..]);
    let patching = join_all(patched.iter().chain(end).map(async |user| {
        for round in 0..3 {
            world.patch(&cx, user, set_title(&format!("Round {round}"))).await.unwrap();
        }
    }));
    let deleting = join_all(deleted.iter().map(async |user| world.delete(&cx, user).await.unwrap()));
    let coming = join_all((0..10).map(async |number| {
        let document = json!({"userName": format!("new-{number}"), "title": "New"});
        world.create(&cx, &Kind::USER, document).await.unwrap()
    }));
    let (complete, _) = join(fill(world, &tenant, "title"), join(patching, join(deleting, coming))).await;
    assert_eq!(keys(world, &tenant, "title").await, titles(world, &tenant).await);
    assert_eq!(ask(world, &complete, "title eq \"round 2\"").await.total, 40);
}

/// Before the first step, processes learn of an index one after another.
async fn keys_of_writers_that_did_not_know_of_it_are_made_up_for(world: &World) {
    let ignorant = tenant(world, "acme").await;
    let knowing = register(world, &ignorant, "title").await;
    let [one, two] = users(world, &ignorant, [1, 2]).await;
    world.patch(&world.cx(&knowing), &one, set_title("Known")).await.unwrap();
    world.patch(&world.cx(&ignorant), &one, set_title("Unknown")).await.unwrap();
    world.patch(&world.cx(&ignorant), &two, set_title("Unknown")).await.unwrap();
    world.patch(&world.cx(&knowing), &two, set_title("Known")).await.unwrap();
    let new = json!({"userName": "new", "title": "Known"});
    let new = world.create(&world.cx(&knowing), &Kind::USER, new).await.unwrap();
    world.delete(&world.cx(&ignorant), &new).await.unwrap();
    let complete = fill(world, &knowing, "title").await;
    assert_eq!(keys(world, &knowing, "title").await, titles(world, &knowing).await);
    assert_eq!(ask(world, &complete, "title eq \"known\"").await.total, 1);
}

/// Whether the writer knows it complete or takes it for being filled.
async fn a_complete_index_follows_every_change(world: &World) {
    let filling = register(world, &tenant(world, "acme").await, "title").await;
    let complete = fill(world, &filling, "title").await;
    for (tenant, numbers) in [(&filling, [1, 2, 3]), (&complete, [4, 5, 6])] {
        let cx = world.cx(tenant);
        let [patched, emptied, gone] = users(world, tenant, numbers).await;
        world.patch(&cx, &patched, set_title("Changed")).await.unwrap();
        world.replace(&cx, &emptied, json!({"userName": format!("emptied-{}", numbers[1])})).await.unwrap();
        world.delete(&cx, &gone).await.unwrap();
        assert_eq!(keys(world, tenant, "title").await, titles(world, tenant).await);
    }
}

async fn every_value_of_somebody_has_a_key_once(world: &World) {
    let tenant = world.tenant("acme").await;
    let emails =
        json!([{"value": "a", "type": "work"}, {"value": "b", "type": "WORK"}, {"value": "c", "type": "home"}]);
    let document = json!({"userName": "ada", "emails": emails, "active": true, "title": "x".repeat(5_000)});
    world.create(&world.cx(&tenant), &Kind::USER, document).await.unwrap();
    world.user(&world.cx(&tenant), "bob").await;
    for (path, count) in [("emails.type", 2), ("active", 1), ("title", 1), ("locale", 0)] {
        let registered = register(world, &tenant, path).await;
        let complete = fill(world, &registered, path).await;
        let keys = keys(world, &complete, path).await;
        assert_eq!(keys.len(), count, "{keys:?}");
        assert!(keys.iter().all(|key| key.len() < 400), "a key of an index has an end");
    }
    let complete = world.tenants.get(&tenant.slug).await.unwrap();
    for filter in ["emails[type eq \"work\"]", "active eq true", "title sw \"xxx\"", "emails.type co \"om\""] {
        assert_eq!(ask(world, &complete, filter).await.total, 1, "{filter}");
    }
}

async fn filling_touches_no_other_tenant_and_no_other_path(world: &World) {
    let (acme, globex) = (tenant(world, "acme").await, tenant(world, "globex").await);
    let document = json!({"userName": "ada", "emails": [{"value": "ada@example.com"}], "title": "x"});
    for tenant in [&acme, &globex] {
        world.create(&world.cx(tenant), &Kind::USER, document.clone()).await.unwrap();
    }
    let raw = Raw::of(world).await;
    let others = raw.dump(&globex).await;
    let emails = keys(world, &acme, "emails.value").await;
    assert_eq!(emails.len(), 1);
    register(world, &acme, "title").await;
    fill(world, &acme, "title").await;
    assert_eq!(raw.dump(&globex).await, others);
    assert_eq!(keys(world, &acme, "emails.value").await, emails);
    assert_eq!(keys(world, &acme, "title").await.len(), 451);
}
