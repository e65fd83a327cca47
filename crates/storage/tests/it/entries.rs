//! The journal as people read it.

use domain::audit::{AuditFilter, By, Entry, Sought, Topic};
use domain::context::{Actor, OpContext};
use domain::credential::CredentialKind;
use domain::ids::CredentialId;
use domain::ops::{Further, NewToken};
use domain::ports::Clock as _;
use domain::tenant::{ProvisioningState, Tenant};
use serde_json::json;
use testkit::{World, on_both_databases};
use uuid::Uuid;

use crate::raw::Raw;

on_both_databases! { World:
    pages_are_the_newest_first_and_miss_nothing,
    changes_of_providers_are_told_on_demand,
    a_range_of_time_is_found_wherever_it_lies,
    a_text_is_found_in_values_and_by_who_goes_by_it,
    a_search_that_finds_nothing_stops_and_goes_on,
    words_of_a_newer_version_are_read,
    an_export_gives_everything_once,
    another_tenant_sees_nothing,
}

/// An identity provider at work, now.
fn provider(world: &World, tenant: &Tenant) -> OpContext {
    let actor = Actor::Credential {
        id: CredentialId(Uuid::from_u128(7)),
        kind: CredentialKind::Token,
        label: "entra".to_owned(),
    };
    OpContext { actor, ..world.cx(tenant) }
}

/// A tenant that was created (1) and switched on (2, 3: the first token); then a provider made two people (4, 5) and a token
/// was made (6).
async fn tenant(world: &World, slug: &str) -> Tenant {
    let (tenant, _) = world.open_tenant(slug).await;
    for name in ["ada", "bob"] {
        world.clock.advance_seconds(60);
        world.user(&provider(world, &tenant), name).await;
    }
    world.clock.advance_seconds(60);
    let new = NewToken { label: "second".to_owned(), ..NewToken::default() };
    world.credentials.mint(&world.cx(&tenant), new).await.unwrap();
    world.number_facts().await;
    tenant
}

fn everybody() -> AuditFilter {
    AuditFilter { by: By::Everybody, ..AuditFilter::default() }
}

fn numbers(entries: &[Entry]) -> Vec<i64> {
    entries.iter().map(|entry| entry.number).collect()
}

/// The numbers of the entries that a filter is true of; there may not be more than one page.
async fn told(world: &World, tenant: &Tenant, filter: &AuditFilter) -> Vec<i64> {
    let page = world.audit.page(&tenant.scope(), filter, None, 100).await.unwrap();
    assert_eq!(page.further, Further::End);
    numbers(&page.entries)
}

async fn pages_are_the_newest_first_and_miss_nothing(world: &World) {
    let tenant = tenant(world, "acme").await;
    let mut before = None;
    for (expected, further) in
        [(vec![6, 5], Further::Before(5)), (vec![4, 3], Further::Before(3)), (vec![2, 1], Further::End)]
    {
        let page = world.audit.page(&tenant.scope(), &everybody(), before, 2).await.unwrap();
        assert_eq!((numbers(&page.entries), &page.further), (expected, &further));
        before = match further {
            Further::Before(number) => Some(number),
            _ => None,
        };
    }
    let subject = |filter: AuditFilter, id: Uuid| AuditFilter { subject: Some(id), ..filter };
    let page = world.audit.page(&tenant.scope(), &everybody(), None, 100).await.unwrap();
    let bob = page.entries[1].subject_id.unwrap();
    assert_eq!(told(world, &tenant, &subject(everybody(), bob)).await, [5]);
    assert_eq!(page.entries[1].text("userName"), Some("bob"));
}

async fn changes_of_providers_are_told_on_demand(world: &World) {
    let tenant = tenant(world, "acme").await;
    let by = |by: By| AuditFilter { by, ..AuditFilter::default() };
    assert_eq!(told(world, &tenant, &AuditFilter::default()).await, [6, 3, 2, 1]);
    assert_eq!(told(world, &tenant, &by(By::Providers)).await, [5, 4]);
    assert_eq!(told(world, &tenant, &by(By::Operators)).await, [1]);
    assert_eq!(told(world, &tenant, &by(By::System)).await, [6, 3, 2]);
    let tokens = AuditFilter { topic: Some(Topic::Credentials), ..everybody() };
    assert_eq!(told(world, &tenant, &tokens).await, [6, 3]);
    let created = AuditFilter { what: Some("created".to_owned()), ..everybody() };
    assert_eq!(told(world, &tenant, &created).await, [6, 5, 4, 3, 1]);
}

async fn a_range_of_time_is_found_wherever_it_lies(world: &World) {
    let tenant = tenant(world, "acme").await;
    let raw = Raw::of(world).await;
    // Far apart, so that where to begin and to end matters.
    for number in 1..=6 {
        let sql =
            format!("UPDATE fact SET at_us = {} WHERE tenant_id = $1 AND number = {number}", at(number).as_micros());
        raw.run(&sql, [tenant.id.0.into()]).await;
    }
    for (from, to, expected) in [
        (None, None, vec![6, 5, 4, 3, 2, 1]),
        (Some(2), Some(4), vec![4, 3, 2]),
        (None, Some(1), vec![1]),
        (Some(6), None, vec![6]),
        (Some(7), None, vec![]),
        (None, Some(0), vec![]),
    ] {
        let filter = AuditFilter { from: from.map(at), to: to.map(at), ..everybody() };
        assert_eq!(told(world, &tenant, &filter).await, expected, "{from:?} to {to:?}");
    }
}

/// A day of its own for each number.
fn at(number: i64) -> domain::timestamp::Timestamp {
    domain::timestamp::Timestamp::from_micros(1_767_225_600_000_000).plus_seconds(number * 86_400)
}

async fn a_text_is_found_in_values_and_by_who_goes_by_it(world: &World) {
    let tenant = tenant(world, "acme").await;
    let ada = &world.list(&world.cx(&tenant), &domain::directory::Kind::USER, "userName eq \"ada\"").await.unwrap()[0];
    let patch = json!([{"op": "replace", "path": "title", "value": "Größte"}]);
    world.patch(&provider(world, &tenant), ada, patch).await.unwrap();
    world.number_facts().await;
    for (text, expected) in [("SECOND", vec![6]), ("ada", vec![7, 4]), ("grösste", vec![7]), ("nobody", vec![])] {
        let text = Some(world.audit.sought(&tenant.scope(), text).await.unwrap());
        assert_eq!(told(world, &tenant, &AuditFilter { text, ..everybody() }).await, expected);
    }
    let by_request = AuditFilter { text: Some(Sought::new("cli")), ..everybody() };
    assert_eq!(told(world, &tenant, &by_request).await, [1]);
}

async fn a_search_that_finds_nothing_stops_and_goes_on(world: &World) {
    let tenant = tenant(world, "acme").await;
    let id =
        if Raw::of(world).await.is_postgres() { "lpad(to_hex(n), 32, '0')::uuid" } else { "unhex(printf('%032x', n))" };
    let sql = format!(
        "WITH RECURSIVE counted (n) AS (SELECT 7 UNION ALL SELECT n + 1 FROM counted WHERE n < 4500)
         INSERT INTO fact (tenant_id, number, id, at_us, what, subject_kind, actor_kind, request_id)
         SELECT $1, n, {id}, n, 'patched', 'User', 'token', 'many' FROM counted"
    );
    Raw::of(world).await.run(&sql, [tenant.id.0.into()]).await;

    // What people did is found at once, whatever providers did since.
    let page = world.audit.page(&tenant.scope(), &AuditFilter::default(), None, 3).await.unwrap();
    assert_eq!((numbers(&page.entries), page.further), (vec![6, 3, 2], Further::Before(2)));

    let rare = AuditFilter { what: Some("provisioning_changed".to_owned()), ..everybody() };
    let page = world.audit.page(&tenant.scope(), &rare, None, 10).await.unwrap();
    let Further::NotSearched(number, _) = page.further else { panic!("{page:?}") };
    assert!(page.entries.is_empty() && number > 6 && number < 600, "{page:?}");
    let page = world.audit.page(&tenant.scope(), &rare, Some(number), 10).await.unwrap();
    assert_eq!((numbers(&page.entries), page.further), (vec![2], Further::End));
}

async fn words_of_a_newer_version_are_read(world: &World) {
    let tenant = tenant(world, "acme").await;
    let raw = Raw::of(world).await;
    raw.run(
        "UPDATE fact SET what = 'dreamt', actor_kind = 'oracle' WHERE tenant_id = $1 AND number = 6",
        [tenant.id.0.into()],
    )
    .await;
    let page = world.audit.page(&tenant.scope(), &AuditFilter::default(), None, 1).await.unwrap();
    let [entry] = &page.entries[..] else { panic!("{page:?}") };
    assert_eq!((entry.what.as_str(), entry.actor_kind.as_str(), entry.number), ("dreamt", "oracle", 6));
}

async fn an_export_gives_everything_once(world: &World) {
    let tenant = tenant(world, "acme").await;
    let cx = world.cx(&tenant);
    for _ in 0..3 {
        for state in [ProvisioningState::Paused, ProvisioningState::On] {
            world.settings.set_provisioning(&cx, state).await.unwrap();
        }
    }
    world.number_facts().await;
    let mut walk = world.audit.walk(&tenant.scope(), &everybody(), None);
    let mut all = Vec::new();
    while let Some(entries) = walk.next().await.unwrap() {
        all.extend(numbers(&entries));
    }
    assert_eq!(all, (1..=12).rev().collect::<Vec<_>>());
}

async fn another_tenant_sees_nothing(world: &World) {
    let (acme, globex) = (tenant(world, "acme").await, world.tenant("globex").await);
    world.number_facts().await;
    let ada = &world.list(&world.cx(&acme), &domain::directory::Kind::USER, "").await.unwrap()[0];
    assert_eq!(told(world, &globex, &everybody()).await, [1]);
    let about = AuditFilter { subject: Some(ada.stored.id.0), ..everybody() };
    assert_eq!(told(world, &globex, &about).await, Vec::<i64>::new());
    let text = Some(world.audit.sought(&globex.scope(), "ada").await.unwrap());
    assert_eq!(text, Some(Sought::new("ada")));
    let now = world.clock.now();
    assert_eq!(told(world, &globex, &AuditFilter { to: Some(now), ..everybody() }).await, [1]);
}
