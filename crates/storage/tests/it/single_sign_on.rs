//! Single sign-on below HTTP: what is kept of it, and what admins, people and the server do with it.

mod answers;
mod arriving;
mod attempts;
mod connections;
mod doctor;
mod ending;
mod expiry;
mod keys;
mod log;
mod passwords;
mod reading;
mod sessions;
mod setting_up;
mod switching;
mod work;

use domain::connection::Connection;
use domain::store::{Store as _, TenantRead, TenantTx};
use domain::tenant::Tenant;
use testkit::World;

/// A transaction of the tenant's.
async fn write(world: &World, tenant: &Tenant) -> Box<dyn TenantTx> {
    world.store.write(&tenant.scope()).await.unwrap()
}

/// Single statements of the tenant's.
async fn read(world: &World, tenant: &Tenant) -> Box<dyn TenantRead> {
    world.store.read(&tenant.scope()).await.unwrap()
}

/// A tenant with a connection by OpenID Connect that is active.
async fn connected(world: &World) -> (Tenant, Connection) {
    let tenant = world.tenant("acme").await;
    let oidc = world.oidc(&tenant).await;
    let oidc = world.activated(&tenant, oidc.id).await;
    (tenant, oidc)
}
