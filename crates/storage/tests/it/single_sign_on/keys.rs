//! The tenant's own keys, and secrets that follow the key ring.

use domain::Error;
use domain::connection::Protocol;
use domain::connection::key::{SecretHolder, StoredSsoKey};
use domain::ids::SsoKeyId;
use domain::ports::Clock as _;
use domain::store::Store as _;
use domain::tenant::Tenant;
use futures_util::future::join_all;
use testkit::connections::CLIENT_SECRET;
use testkit::{World, on_both_databases};

use super::read;
use crate::raw;

on_both_databases! { World:
    the_first_connection_by_saml_makes_a_key,
    of_many_first_connections_at_once_one_makes_a_key,
    a_key_is_replaced_step_by_step,
    of_many_who_add_or_remove_a_key_at_once_one_does,
    secrets_follow_the_ring,
}

async fn keys(world: &World, tenant: &Tenant) -> Vec<StoredSsoKey> {
    world.connections.own_keys(&tenant.scope()).await.unwrap()
}

async fn the_first_connection_by_saml_makes_a_key(world: &World) {
    let tenant = world.tenant("acme").await;
    world.connection(&tenant, Protocol::Oidc).await;
    assert_eq!(keys(world, &tenant).await, []);
    let first = world.connection(&tenant, Protocol::Saml).await;
    let made = keys(world, &tenant).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].certificate().unwrap().subject(), "CN=acme");
    world.connection(&tenant, Protocol::Saml).await;
    world.connections.remove(&world.operator(&tenant), first.id).await.unwrap();
    assert_eq!(keys(world, &tenant).await, made, "it is the tenant's and not the connection's");
    let facts = raw::facts(world, &tenant).await;
    assert_eq!(facts.iter().filter(|fact| fact.what == "key_made").count(), 1);
    let dump = format!("{:?}", raw::Raw::of(world).await.dump(&tenant).await);
    assert!(!dump.contains("PRIVATE KEY"), "it is encrypted");
}

async fn of_many_first_connections_at_once_one_makes_a_key(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let attempts = (0..4).map(|_| world.connections.create(&cx, &tenant, "Entra", Protocol::Saml));
    let made = join_all(attempts).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    assert_eq!(keys(world, &tenant).await.len(), 1);
}

async fn a_key_is_replaced_step_by_step(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    world.connection(&tenant, Protocol::Saml).await;
    let old = keys(world, &tenant).await.remove(0);
    let alone = world.connections.remove_key(&cx, old.id).await;
    assert!(matches!(&alone, Err(Error::NotAllowed(why)) if why.contains("only key")), "{alone:?}");
    let new = world.connections.add_key(&cx, &tenant).await.unwrap();
    assert_ne!(new.certificate, old.certificate);
    assert_eq!(
        keys(world, &tenant).await,
        [new.clone(), old.clone()],
        "the newest first; the old one signs until it goes"
    );
    let third = world.connections.add_key(&cx, &tenant).await;
    assert!(matches!(&third, Err(Error::NotAllowed(why)) if why.contains("two keys")), "{third:?}");
    world.connections.remove_key(&cx, old.id).await.unwrap();
    for gone in [old.id, SsoKeyId(tenant.id.0)] {
        assert!(matches!(world.connections.remove_key(&cx, gone).await, Err(Error::NotFound(_))));
    }
    assert_eq!(keys(world, &tenant).await, [new]);
    let facts = raw::facts(world, &tenant).await;
    let told: Vec<_> =
        facts.iter().filter(|fact| fact.what.starts_with("key_")).map(|fact| fact.what.as_str()).collect();
    assert_eq!(told, ["key_made", "key_made", "key_removed"]);
}

async fn of_many_who_add_or_remove_a_key_at_once_one_does(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    world.connection(&tenant, Protocol::Saml).await;
    let added = join_all((0..3).map(|_| world.connections.add_key(&cx, &tenant))).await;
    assert_eq!(added.iter().filter(|done| done.is_ok()).count(), 1, "{added:?}");
    let both = keys(world, &tenant).await;
    let removed = join_all(both.iter().map(|key| world.connections.remove_key(&cx, key.id))).await;
    assert_eq!(removed.iter().filter(|done| done.is_ok()).count(), 1, "{removed:?}");
    assert_eq!(keys(world, &tenant).await.len(), 1, "one is left whoever is first");
}

async fn secrets_follow_the_ring(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    for tenant in [&acme, &globex] {
        world.saml(tenant).await;
        world.oidc(tenant).await;
    }
    assert_eq!(world.connections.reseal(10).await, Ok(0), "there is one key");
    let before = world.keys.ring();
    let old = before.current().clone();
    let rotated = before.rotated("next".parse().unwrap(), [9; 32]);
    let stored = world.store.work().stored_ring().await.unwrap();
    assert!(world.store.work().store_ring(&stored, &rotated.reveal()).await.unwrap());
    world.keys.follow().await.unwrap();
    assert_eq!(world.connections.reseal(1).await, Ok(2), "at most one of each kind");
    assert_eq!(world.connections.reseal(10).await, Ok(2));
    assert_eq!(world.connections.reseal(10).await, Ok(0));
    let uses = world.store.work().key_uses(world.clock.now()).await.unwrap();
    assert!(!uses.sealed.contains_key(&old), "{uses:?}");
    let ring = rotated.retaining(|id| *id != old);
    for tenant in [&acme, &globex] {
        assert!(keys(world, tenant).await[0].open(&ring, tenant.id).is_some());
        let oidc = world.connections.list(&tenant.scope()).await.unwrap().remove(1);
        let secret = read(world, tenant).await.connection_secret(oidc.id).await.unwrap().unwrap();
        let about = SecretHolder::Connection(oidc.id).about(tenant.id);
        assert_eq!(ring.open(&secret, &about).unwrap(), CLIENT_SECRET.as_bytes());
    }
}
