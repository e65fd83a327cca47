//! Erasing what the journal says of somebody: values go, frames and numbers stay (decisions.md 10).

use domain::context::OpContext;
use domain::directory::{Kind, View};
use domain::ids::ResourceId;
use domain::journal::What;
use domain::ops::Welcome;
use domain::replay::Told;
use domain::store::Store as _;
use domain::tenant::Tenant;
use serde_json::json;
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    values_go_and_frames_and_numbers_stay,
    facts_that_wait_for_their_number_are_erased_too,
    what_was_erased_is_told_as_erased_and_not_guessed,
    others_are_told_as_before,
    what_is_told_of_a_persons_sessions_is_erased_too,
    erasing_nobody_is_not_told,
    an_erasure_falls_with_its_transaction,
}

/// Something that may be found nowhere once it was erased.
const SECRET: &str = "very-personal";

/// A user with three facts, in a group.
async fn make(world: &World, cx: &OpContext) -> (View, View) {
    let ada = world.create(cx, &Kind::USER, json!({"userName": "ada", "title": SECRET})).await.unwrap();
    let patch = json!([{"op": "replace", "path": "nickName", "value": SECRET}]);
    world.patch(cx, &ada, patch).await.unwrap();
    let group = world.group(cx, "Engineers", &[ada.stored.id]).await;
    world.delete(cx, &ada).await.unwrap();
    (ada, group)
}

async fn erase(world: &World, cx: &OpContext, id: ResourceId) -> u64 {
    world.journal.erase(cx, &Kind::USER, id).await.unwrap()
}

async fn state(world: &World, cx: &OpContext, id: ResourceId, number: i64) -> Told {
    world.journal.state_at(&cx.scope, id, number).await.unwrap()
}

/// The frames of a tenant's facts, with what is said of the payload.
async fn frames(world: &World, cx: &OpContext) -> Vec<(i64, What, bool)> {
    world.number_facts().await;
    let facts = world.journal.facts_after(&cx.scope, 0, 1_000).await.unwrap();
    facts.into_iter().map(|fact| (fact.number, fact.what, fact.payload.is_some())).collect()
}

async fn is_anywhere(world: &World, tenant: &Tenant) -> bool {
    format!("{:?}", Raw::of(world).await.dump(tenant).await).contains(SECRET)
}

async fn values_go_and_frames_and_numbers_stay(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let (ada, _) = make(world, &cx).await;
    let before = frames(world, &cx).await;
    assert!(is_anywhere(world, &tenant).await);

    assert_eq!(erase(world, &cx, ada.stored.id).await, 3);
    assert!(!is_anywhere(world, &tenant).await);
    let after = frames(world, &cx).await;
    let expected = [
        (1, What::Created, true),
        (2, What::Created, false),
        (3, What::Patched, false),
        (4, What::Created, true),
        (5, What::Patched, true),
        (6, What::Deleted, false),
        (7, What::Erased, true),
    ];
    assert_eq!(after, expected);
    let same = |facts: &[(i64, What, bool)]| facts.iter().map(|(number, what, _)| (*number, *what)).collect::<Vec<_>>();
    assert_eq!(same(&after[..6]), same(&before));
    let last = world.store.read(&cx.scope).await.unwrap().last_fact().await;
    assert_eq!(last, Ok(7));
}

/// On PostgreSQL none of these facts has a number when it is erased.
async fn facts_that_wait_for_their_number_are_erased_too(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let (ada, _) = make(world, &cx).await;
    assert_eq!(erase(world, &cx, ada.stored.id).await, 3);
    assert!(!is_anywhere(world, &tenant).await);
    let erased: Vec<_> = frames(world, &cx).await.into_iter().filter(|frame| !frame.2).map(|frame| frame.0).collect();
    assert_eq!(erased, [2, 3, 6], "and stay so when they are numbered");
}

async fn what_was_erased_is_told_as_erased_and_not_guessed(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.create(&cx, &Kind::USER, json!({"userName": "ada", "title": "x"})).await.unwrap();
    let id = ada.stored.id;
    world.number_facts().await;
    assert!(matches!(state(world, &cx, id, 2).await, Told::Present(told) if told.stored == ada.stored));
    erase(world, &cx, id).await;
    let patch = json!([{"op": "replace", "path": "title", "value": "y"}]);
    world.patch(&cx, &ada, patch).await.unwrap();
    world.number_facts().await;
    assert_eq!(state(world, &cx, id, 1).await, Told::Absent, "before it was created");
    for number in 2..=4 {
        assert_eq!(state(world, &cx, id, number).await, Told::Erased, "{number}");
    }
    world.delete(&cx, &ada).await.unwrap();
    world.number_facts().await;
    assert_eq!(state(world, &cx, id, i64::MAX).await, Told::Absent);
    assert_eq!(state(world, &cx, id, 4).await, Told::Erased);
}

async fn others_are_told_as_before(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let bob = world.user(&cx, "bob").await;
    let (ada, group) = make(world, &cx).await;
    world.number_facts().await;
    let told = async || (state(world, &cx, bob.stored.id, 100).await, state(world, &cx, group.stored.id, 100).await);
    let before = told().await;
    assert!(matches!(&before, (Told::Present(_), Told::Present(group)) if group.members.is_empty()));
    erase(world, &cx, ada.stored.id).await;
    world.number_facts().await;
    assert_eq!(told().await, before);
    let Told::Present(with_ada) = state(world, &cx, group.stored.id, 5).await else { panic!("a group") };
    assert!(with_ada.members.contains(&ada.stored.id), "an id says nothing of a person");
}

async fn what_is_told_of_a_persons_sessions_is_erased_too(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let connection = world.oidc(&tenant).await;
    let connection = world.activated(&tenant, connection.id).await;
    let document = json!({"userName": "ada", "externalId": "ada", "title": SECRET});
    let ada = world.create(&cx, &Kind::USER, document).await.unwrap();
    let welcome = world.sign_on(&tenant, &connection, "ada", "/t/acme/me").await;
    assert!(matches!(welcome, Welcome::Person { .. }), "{welcome:?}");
    world.single_sign_on.end_sessions_of(&cx, ada.stored.id).await.unwrap();
    world.delete(&cx, &ada).await.unwrap();
    assert_eq!(erase(world, &cx, ada.stored.id).await, 4, "created, signed in, signed out, deleted");
    let facts = format!("{:?}", Raw::of(world).await.dump(&tenant).await["fact_payload"]);
    assert!(!facts.contains(SECRET) && !facts.contains("192.0.2.7"), "{facts}");
}

async fn erasing_nobody_is_not_told(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let raw = Raw::of(world).await;
    let before = raw.dump(&tenant).await;
    assert_eq!(erase(world, &cx, ResourceId(tenant.id.0)).await, 0);
    assert_eq!(raw.dump(&tenant).await, before);
}

async fn an_erasure_falls_with_its_transaction(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let (ada, _) = make(world, &cx).await;
    let raw = Raw::of(world).await;
    let before = raw.dump(&tenant).await;
    let mut tx = world.store.write(&cx.scope).await.unwrap();
    assert_eq!(tx.erase_payloads(ada.stored.id.0).await, Ok(3));
    drop(tx);
    world.store.write(&cx.scope).await.unwrap().commit().await.unwrap();
    assert_eq!(raw.dump(&tenant).await, before);
}
