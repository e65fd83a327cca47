//! Indexes that a tenant has because its clients filter by them (decisions.md 4).

mod filling;
mod registering;

use std::collections::BTreeSet;

use domain::directory::{Kind, View};
use domain::ports::Clock as _;
use domain::store::{FillStep, ListPage, Store as _};
use domain::tenant::Tenant;
use domain::value_index::{IndexState, ValueIndex};
use testkit::World;

use crate::raw::Raw;

fn index(path: &str) -> ValueIndex {
    ValueIndex { kind: Kind::USER, path: path.to_owned(), state: IndexState::Filling }
}

/// Registers an index; gives the tenant as it is then.
async fn register(world: &World, tenant: &Tenant, path: &str) -> Tenant {
    world.store.work().register_index(&tenant.slug, &index(path), world.clock.now()).await.unwrap();
    world.tenants.get(&tenant.slug).await.unwrap()
}

async fn step(world: &World, tenant: &Tenant, path: &str) -> FillStep {
    world.store.work().fill_index(&tenant.slug, &index(path), world.clock.now()).await.unwrap()
}

/// Fills an index to its end; gives the tenant as it is then.
async fn fill(world: &World, tenant: &Tenant, path: &str) -> Tenant {
    while step(world, tenant, path).await == FillStep::Going {}
    world.tenants.get(&tenant.slug).await.unwrap()
}

async fn ask(world: &World, tenant: &Tenant, filter: &str) -> ListPage {
    let query = world.query(&Kind::USER, filter).unwrap();
    world.store.read(&tenant.scope()).await.unwrap().list(&Kind::USER, &query).await.unwrap()
}

/// The rows of an index: key and resource.
async fn keys(world: &World, tenant: &Tenant, path: &str) -> BTreeSet<String> {
    let raw = Raw::of(world).await;
    let id = if raw.is_postgres() { "replace(resource_id::text, '-', '')" } else { "lower(hex(resource_id))" };
    let sql = format!("SELECT key || ' ' || {id} FROM resource_value WHERE tenant_id = $1 AND path = $2");
    let rows = raw.texts(&sql, [tenant.id.0.into(), path.into()]).await;
    rows.into_iter().collect()
}

/// The rows that there should be for `title`, by what the users' documents say.
async fn titles(world: &World, tenant: &Tenant) -> BTreeSet<String> {
    let users: Vec<View> = world.list(&world.cx(tenant), &Kind::USER, "").await.unwrap();
    let key = |view: &View| {
        let title = view.stored.resource.text("title")?;
        Some(format!("{} {}", title.to_lowercase(), view.stored.id.0.simple()))
    };
    users.iter().filter_map(key).collect()
}
