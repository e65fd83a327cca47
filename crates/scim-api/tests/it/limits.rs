//! What requests spend, and what those over budget are told.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use domain::limit::{LimitOverrides, Policy};
use domain::ports::Clock as _;
use serde_json::{Value, json};
use testkit::{LocalLimiter, TestClock, World};

use crate::face::{Answer, Face, Options, POLICIES, user};
use scim_protocol::urn;

/// Three at once and one a second, of everything.
async fn face() -> Face {
    let world = World::sqlite().await;
    let limiter = Arc::new(LocalLimiter::new(world.clock.clone()));
    let face = Face::of(world, Options { limiter: Some(limiter), ..Options::default() }).await;
    face.api.admissions.follow(face.world.clock.now()).await.unwrap();
    face
}

fn clock(face: &Face) -> &TestClock {
    &face.world.clock
}

/// A stranger's request: the status.
async fn stranger(face: &Face) -> u16 {
    face.stranger(Method::GET, "/t/acme/scim/v2/Users").send().await.status
}

async fn reads(face: &Face, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(face.get("/Users").await.status);
    }
    statuses
}

fn bulk(count: usize) -> Value {
    let operation = |number| {
        let data = user(json!({"userName": format!("user-{number}")}));
        json!({"method": "POST", "path": "/Users", "bulkId": format!("b{number}"), "data": data})
    };
    json!({"schemas": [urn::BULK_REQUEST], "Operations": (0..count).map(operation).collect::<Vec<_>>()})
}

fn expect_refusal(answer: &Answer, budget: &str, seconds: &str) {
    expect_refusal_with(answer, budget, 0, seconds);
}

/// `left`: units that there are, fewer than were asked for.
fn expect_refusal_with(answer: &Answer, budget: &str, left: u32, seconds: &str) {
    assert_eq!(answer.status, 429, "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some(seconds));
    assert_eq!(answer.header("ratelimit"), Some(format!("\"{budget}\";r={left};t={seconds}").as_str()));
    assert_eq!(answer.header("ratelimit-policy"), Some(format!("\"{budget}\";q=3;w=3").as_str()));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(budget) && detail.contains(&format!("{seconds} s")), "{detail}");
}

#[actix_web::test]
async fn a_tenant_over_budget_is_told_how_long_to_wait_and_that_is_enough() {
    let face = face().await;
    assert_eq!(reads(&face, 3).await, [200; 3]);
    expect_refusal(&face.get("/Users").await, "reads", "1");
    clock(&face).advance_seconds(1);
    assert_eq!(reads(&face, 2).await, [200, 429]);
}

#[actix_web::test]
async fn reading_writing_and_bulk_have_budgets_of_their_own() {
    let face = face().await;
    assert_eq!(reads(&face, 4).await, [200, 200, 200, 429]);
    let search = face.post("/Users/.search", json!({"schemas": [urn::SEARCH_REQUEST]})).await;
    expect_refusal(&search, "reads", "1");
    for name in ["a", "b", "c"] {
        face.new_user(name).await;
    }
    expect_refusal(&face.post("/Users", user(json!({"userName": "d"}))).await, "writes", "1");
    face.post("/Bulk", bulk(1)).await.is(200);
}

#[actix_web::test]
async fn a_bulk_request_costs_as_much_as_it_has_operations_and_is_done_whole_or_not_at_all() {
    let face = face().await;
    face.post("/Bulk", bulk(2)).await.is(200);
    let facts = face.facts();
    expect_refusal_with(&face.post("/Bulk", bulk(3)).await, "bulk", 1, "2");
    assert_eq!(face.facts(), facts, "none of the three was done");
    clock(&face).advance_seconds(2);
    face.post("/Bulk", bulk(3)).await.is(200);
    // Nothing is left: it is refused before it is read, whatever it holds.
    let unread = face.ask(Method::POST, "/Bulk").bytes("{").send().await;
    expect_refusal(&unread, "bulk", "1");
    // What is more than a whole burst waits for a full bucket, and is paid off.
    clock(&face).advance_seconds(3);
    face.post("/Bulk", bulk(6)).await.is(200);
    expect_refusal(&face.post("/Bulk", bulk(1)).await, "bulk", "4");
}

/// Nothing that is sent is free.
#[actix_web::test]
async fn a_bulk_request_that_cannot_be_read_or_asks_nothing_costs_one_and_other_addresses_that_end_so_are_writes() {
    let face = face().await;
    for _ in 0..3 {
        face.ask(Method::POST, "/Bulk").bytes("{").send().await.is(400);
    }
    face.post("/Bulk", bulk(1)).await.is(429);
    clock(&face).advance_seconds(3);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(face.post("/Bulk", bulk(0)).await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    // The fourth of these is refused before it is read, however the address is written.
    clock(&face).advance_seconds(3);
    for status in [400, 400, 400, 429] {
        face.ask(Method::POST, "/%42ulk").bytes("{").send().await.is(status);
    }
    for status in [404, 404, 404, 429] {
        face.patch("/Users/Bulk", json!([])).await.is(status);
    }
}

#[actix_web::test]
async fn who_is_over_budget_costs_the_database_nothing() {
    let face = face().await;
    assert_eq!(reads(&face, 3).await, [200; 3]);
    face.store.go_away(true);
    assert_eq!(reads(&face, 3).await, [429; 3]);
    clock(&face).advance_seconds(1);
    assert_eq!(face.get("/Users").await.status, 503, "now it is asked");
}

#[actix_web::test]
async fn a_tenant_that_is_closed_spends_its_budget_too() {
    let face = face().await;
    let cx = face.world.cx(&face.tenant);
    face.world.settings.set_provisioning(&cx, domain::tenant::ProvisioningState::Paused).await.unwrap();
    face.api.admissions.forget(&face.tenant.slug);
    assert_eq!(reads(&face, 4).await, [503, 503, 503, 429]);
}

#[actix_web::test]
async fn a_tenant_can_have_budgets_of_its_own() {
    let face = face().await;
    let cx = face.world.cx(&face.tenant);
    let own = LimitOverrides { reads: Some(Policy::per_second(1, 5)), ..LimitOverrides::default() };
    face.world.settings.set_limits(&cx, |limits| *limits = own).await.unwrap();
    face.api.admissions.forget(&face.tenant.slug);
    assert_eq!(reads(&face, 6).await, [200, 200, 200, 200, 200, 429]);
    for name in ["a", "b", "c"] {
        face.new_user(name).await;
    }
    face.post("/Users", user(json!({"userName": "d"}))).await.is(429);
}

#[actix_web::test]
async fn an_address_that_fails_too_often_is_refused_for_a_while_without_asking_the_database() {
    let face = face().await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(stranger(&face).await);
    }
    assert_eq!(statuses, [401, 401, 401, 429]);
    let guess = format!("Bearer {}", face.token.replacen("scim_", "scim_0", 1));
    let blocked = face.stranger(Method::GET, "/t/acme/scim/v2/Users").header((AUTHORIZATION, guess)).send().await;
    expect_refusal(&blocked, "failures", "1");
    clock(&face).advance_seconds(1);
    assert_eq!(stranger(&face).await, 401);
    assert_eq!(stranger(&face).await, 429);
}

/// Identity providers send for many customers from one address.
#[actix_web::test]
async fn whoever_fails_from_the_same_address_keeps_nobody_out_who_is_known() {
    let face = face().await;
    face.get("/Users").await.is(200);
    while stranger(&face).await != 429 {}
    face.get("/Users").await.is(200);
    // Nor when this process has forgotten the tenant meanwhile, as it does after a minute without requests.
    face.api.admissions.forget(&face.tenant.slug);
    face.get("/Users").await.is(200);
    let cx = face.world.cx(&face.tenant);
    let unknown = face.world.credentials.mint(&cx, domain::ops::NewToken::default()).await.unwrap().bearer.reveal();
    let first =
        face.stranger(Method::GET, "/t/acme/scim/v2/Users").header((AUTHORIZATION, format!("Bearer {unknown}")));
    first.send().await.is(429);
}

#[actix_web::test]
async fn without_a_limiter_nothing_is_limited() {
    let face = Face::sqlite().await;
    assert_eq!(reads(&face, 20).await, [200; 20]);
    assert_eq!(POLICIES.reads.burst(), 3);
}
