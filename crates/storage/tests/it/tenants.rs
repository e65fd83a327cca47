//! Tenants as operators see them, from the first to the last row.

use domain::Error;
use domain::admission::Admission;
use domain::choices::People;
use domain::context::Actor;
use domain::directory::Kind;
use domain::ops::{NewTenant, NewToken, SettingsChange};
use domain::ports::Clock as _;
use domain::request_key::RequestKey;
use domain::store::{Store as _, StoreError};
use domain::tenant::{Closure, DirectoryRules, ProvisioningState, Tenant, TenantStatus};
use domain::value_index::{IndexState, ValueIndex};
use futures_util::future::join_all;
use serde_json::json;
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    a_tenant_is_found_by_its_slug,
    a_slug_belongs_to_one_tenant,
    tenants_are_listed_by_slug,
    a_suspended_tenant_is_closed_until_it_is_resumed,
    deleting_a_tenant_leaves_nothing_of_it_and_all_of_the_others,
    the_store_answers_a_ping,
}

async fn create(world: &World, slug: &str) -> Result<Tenant, Error> {
    let new =
        NewTenant { slug: slug.parse().unwrap(), name: "Acmé, Inc.".to_owned(), rules: DirectoryRules::default() };
    world.tenants.create(&Actor::Operator, new, world.clock.now()).await
}

async fn a_tenant_is_found_by_its_slug(world: &World) {
    let tenant = create(world, "acme").await.unwrap();
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), tenant);
    let admission = Admission { tenant: tenant.clone(), credentials: Vec::new() };
    assert_eq!(world.store.find_admission(&tenant.slug).await, Ok(Some(admission)));
    assert_eq!(world.store.find_admission(&"globex".parse().unwrap()).await, Ok(None));
    assert!(matches!(world.tenants.get(&"globex".parse().unwrap()).await, Err(Error::NotFound(_))));
    let strict =
        world.tenant_with("strict", DirectoryRules { unique_group_names: true, ..DirectoryRules::default() }).await;
    assert!(world.tenants.get(&strict.slug).await.unwrap().rules.unique_group_names);
}

async fn a_slug_belongs_to_one_tenant(world: &World) {
    let done = join_all((0..5).map(|_| create(world, "acme"))).await;
    assert_eq!(done.iter().filter(|created| created.is_ok()).count(), 1);
    let taken = |created: &Result<Tenant, Error>| matches!(created, Err(Error::Store(StoreError::Taken { .. })));
    assert_eq!(done.iter().filter(|created| taken(created)).count(), 4, "{done:?}");
    let sentence = create(world, "acme").await.unwrap_err().to_string();
    assert_eq!(sentence, "the tenant name \"acme\" is already in use");
}

async fn tenants_are_listed_by_slug(world: &World) {
    for slug in ["globex", "acme", "initech"] {
        create(world, slug).await.unwrap();
    }
    let tenants = world.tenants.list(&Actor::Operator).await.unwrap();
    let slugs: Vec<_> = tenants.iter().map(|tenant| tenant.slug.as_str()).collect();
    assert_eq!(slugs, ["acme", "globex", "initech"]);
}

async fn a_suspended_tenant_is_closed_until_it_is_resumed(world: &World) {
    let (tenant, _) = world.open_tenant("acme").await;
    let other = world.tenant("globex").await;
    let set = async |status| world.tenants.set_status(&Actor::Operator, &tenant.slug, status, world.clock.now()).await;
    let suspended = set(TenantStatus::Suspended).await.unwrap();
    assert_eq!(suspended.closure(), Some(Closure::Suspended));
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), suspended);
    assert_eq!(set(TenantStatus::Suspended).await.unwrap(), suspended);
    assert_eq!(set(TenantStatus::Active).await.unwrap(), tenant);
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), tenant);
    assert_eq!(world.tenants.get(&other.slug).await.unwrap(), other);
}

/// Something in every table.
pub async fn fill(world: &World, slug: &str) -> Tenant {
    let tenant = world.with_badge(&world.open_tenant(slug).await.0).await;
    world.with_owner(&tenant).await;
    let cx = world.cx(&tenant);
    let keyed = NewToken { key: Some(RequestKey::new([7; 32])), ..NewToken::default() };
    world.credentials.mint(&cx, keyed).await.unwrap();
    let off = SettingsChange { people: People::Deactivate, ..ProvisioningState::Off.into() };
    world.settings.change(&cx, off).await.unwrap();
    let tenant = world.settings.set_provisioning(&cx, ProvisioningState::On).await.unwrap().tenant;
    let document = json!({"userName": "ada", "emails": [{"value": "ada@example.com"}]});
    let ada = world.create(&cx, &Kind::USER, document).await.unwrap();
    let inner = world.group(&cx, "Inner", &[ada.stored.id]).await;
    world.leave_activity(&tenant).await;
    world.leave_mail(&tenant).await;
    world.give_roles(&tenant).await;
    world.domain(&tenant, "contoso.com").await;
    world.with_single_sign_on(&tenant, ada.stored.id).await;
    world.number_facts().await;
    // On PostgreSQL this one's fact still waits for its number.
    world.group(&cx, "Outer", &[ada.stored.id, inner.stored.id]).await;
    let index = ValueIndex { kind: Kind::USER, path: "title".to_owned(), state: IndexState::Filling };
    world.store.work().register_index(&tenant.slug, &index, cx.now).await.unwrap();
    world.tenants.get(&tenant.slug).await.unwrap()
}

async fn deleting_a_tenant_leaves_nothing_of_it_and_all_of_the_others(world: &World) {
    let globex = fill(world, "globex").await;
    let acme = fill(world, "acme").await;
    world.user(&world.cx(&globex), "a fact that waits").await;
    let raw = Raw::of(world).await;
    let (before, others) = (raw.dump(&acme).await, raw.dump(&globex).await);
    let mut tables = raw.tables_with("tenant_id").await;
    tables.push("tenant".to_owned());
    let filled: Vec<_> = before.keys().cloned().collect();
    tables.sort_unstable();
    assert_eq!(filled, tables, "a table that the test does not fill is not tested");

    let now = world.clock.now();
    assert_eq!(world.tenants.delete(&Actor::Operator, &acme.slug, now).await.unwrap(), acme);
    let left: Vec<_> = raw.dump(&acme).await.into_iter().map(|(table, rows)| (table, rows.len())).collect();
    assert_eq!(left, [("tenant_change".to_owned(), 1)], "for a while, what other processes have to be told");
    assert_eq!(raw.dump(&globex).await, others);
    assert!(matches!(world.tenants.delete(&Actor::Operator, &acme.slug, now).await, Err(Error::NotFound(_))));
    world.store.work().prune_changes(now.plus_seconds(1)).await.unwrap();
    assert!(raw.dump(&acme).await.is_empty());
    fill(world, "acme").await;
}

async fn the_store_answers_a_ping(world: &World) {
    assert_eq!(world.store.ping().await, Ok(()));
}
