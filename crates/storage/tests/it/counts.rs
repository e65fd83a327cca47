//! How many there are, from parts that add up (decisions.md 6).

use domain::context::OpContext;
use domain::directory::Kind;
use domain::store::{ListQuery, Store as _};
use futures_util::future::{join, join_all, join3};
use serde_json::json;
use testkit::{World, on_both_databases};
use uuid::Uuid;

use crate::raw::Raw;

on_both_databases! { World:
    totals_follow_what_comes_and_goes,
    what_was_refused_is_not_counted,
    folding_leaves_one_row_and_the_same_total,
    only_counts_of_many_parts_are_folded,
    two_who_fold_at_once_lose_nothing,
    totals_are_never_wrong_while_others_write_and_fold,
}

async fn total(world: &World, cx: &OpContext, kind: &Kind) -> u64 {
    let query = ListQuery { limit: 0, ..ListQuery::default() };
    world.store.read(&cx.scope).await.unwrap().list(kind, &query).await.unwrap().total
}

async fn parts(world: &World) -> u64 {
    Raw::of(world).await.number("SELECT count(*) FROM resource_count").await.unsigned_abs()
}

/// Creates so many users and deletes as many others.
async fn come_and_go(world: &World, cx: &OpContext, name: &str, come: usize, go: usize) {
    for index in 0..come.max(go) {
        if index < come {
            world.user(cx, &format!("{name}-stays-{index}")).await;
        }
        if index < go {
            let user = world.user(cx, &format!("{name}-goes-{index}")).await;
            world.delete(cx, &user).await.unwrap();
        }
    }
}

async fn totals_follow_what_comes_and_goes(world: &World) {
    let (acme, globex) = (world.cx(&world.tenant("acme").await), world.cx(&world.tenant("globex").await));
    assert_eq!((total(world, &acme, &Kind::USER).await, total(world, &acme, &Kind::GROUP).await), (0, 0));
    come_and_go(world, &acme, "user", 3, 2).await;
    let group = world.group(&acme, "Engineers", &[]).await;
    world.group(&acme, "Others", &[]).await;
    world.user(&globex, "user").await;
    assert_eq!((total(world, &acme, &Kind::USER).await, total(world, &acme, &Kind::GROUP).await), (3, 2));
    assert_eq!((total(world, &globex, &Kind::USER).await, total(world, &globex, &Kind::GROUP).await), (1, 0));

    let rename = json!([{"op": "replace", "path": "displayName", "value": "Makers"}]);
    world.patch(&acme, &group, rename).await.unwrap();
    assert_eq!(total(world, &acme, &Kind::GROUP).await, 2, "a change is nobody more");
    world.delete(&acme, &group).await.unwrap();
    assert_eq!((total(world, &acme, &Kind::USER).await, total(world, &acme, &Kind::GROUP).await), (3, 1));
}

async fn what_was_refused_is_not_counted(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let names = (0..10).map(|index| if index % 2 == 0 { "ada" } else { "bob" });
    let done = join_all(names.map(|name| world.create(&cx, &Kind::USER, json!({"userName": name})))).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 2);
    let nobody = json!([{"value": Uuid::from_u128(1).to_string()}]);
    assert!(world.create(&cx, &Kind::GROUP, json!({"displayName": "x", "members": nobody})).await.is_err());
    assert_eq!((total(world, &cx, &Kind::USER).await, total(world, &cx, &Kind::GROUP).await), (2, 0));

    let ada = done.into_iter().find_map(Result::ok).unwrap();
    let deletions = join_all((0..6).map(|_| world.delete(&cx, &ada))).await;
    assert_eq!(deletions.iter().filter(|done| done.is_ok()).count(), 1);
    assert_eq!(total(world, &cx, &Kind::USER).await, 1);
}

async fn folding_leaves_one_row_and_the_same_total(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    come_and_go(world, &cx, "user", 7, 4).await;
    assert_eq!(parts(world).await, 15);
    assert_eq!(world.store.work().fold_counts(1).await, Ok(14));
    assert_eq!((parts(world).await, total(world, &cx, &Kind::USER).await), (1, 7));
    assert_eq!(world.store.work().fold_counts(1).await, Ok(0), "there is nothing left to fold");

    come_and_go(world, &cx, "more", 1, 1).await;
    assert_eq!((parts(world).await, total(world, &cx, &Kind::USER).await), (4, 8));
    assert_eq!(world.store.work().fold_counts(1).await, Ok(3));
    let changes = Raw::of(world).await.number("SELECT changes FROM resource_count").await;
    assert_eq!((changes, total(world, &cx, &Kind::USER).await), (18, 8), "folded or not, each change counts");
}

async fn only_counts_of_many_parts_are_folded(world: &World) {
    let (acme, globex) = (world.cx(&world.tenant("acme").await), world.cx(&world.tenant("globex").await));
    come_and_go(world, &acme, "user", 5, 0).await;
    come_and_go(world, &globex, "user", 4, 0).await;
    world.group(&acme, "Engineers", &[]).await;
    assert_eq!(world.store.work().fold_counts(5).await, Ok(0));
    assert_eq!(world.store.work().fold_counts(4).await, Ok(4), "acme's users");
    assert_eq!(parts(world).await, 1 + 1 + 4);
    assert_eq!((total(world, &acme, &Kind::USER).await, total(world, &globex, &Kind::USER).await), (5, 4));
    assert_eq!(total(world, &acme, &Kind::GROUP).await, 1);
}

async fn two_who_fold_at_once_lose_nothing(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let another = world.another_store().await;
    for round in 0..5 {
        come_and_go(world, &cx, &format!("round-{round}"), 4, 3).await;
        let there = parts(world).await;
        let (one, other) = join(world.store.work().fold_counts(1), another.work().fold_counts(1)).await;
        assert_eq!(one.unwrap() + other.unwrap(), there - 1, "round {round}");
        assert_eq!((parts(world).await, total(world, &cx, &Kind::USER).await), (1, 4 * (round + 1)));
    }
}

/// A page of everything comes with the total in one statement, so that the two have to agree at every moment.
async fn totals_are_never_wrong_while_others_write_and_fold(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    world.user(&cx, "always").await;
    let writing = join_all(["one", "two", "three"].map(|name| come_and_go(world, &cx, name, 12, 12)));
    let another = world.another_store().await;
    let folding = async {
        for _ in 0..25 {
            another.work().fold_counts(1).await.unwrap();
        }
    };
    let reading = async {
        for _ in 0..60 {
            let query = ListQuery { limit: 1_000, ..ListQuery::default() };
            let page = world.store.read(&cx.scope).await.unwrap().list(&Kind::USER, &query).await.unwrap();
            assert_eq!(page.total, page.views.len() as u64);
        }
    };
    join3(writing, folding, reading).await;
    assert_eq!(total(world, &cx, &Kind::USER).await, 37);
}
