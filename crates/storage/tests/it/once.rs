//! Requests that come twice, because the network failed after the first.

use domain::Error;
use domain::context::OpContext;
use domain::ops::{NewClient, NewSecret, NewToken, SettingsChange};
use domain::request_key::{KEEP_SECONDS, RequestKey};
use domain::scope::Scopes;
use domain::store::Store as _;
use domain::tenant::ProvisioningState;
use futures_util::future::join_all;
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    a_token_is_made_once_for_a_key,
    of_many_requests_with_one_key_one_makes_a_token,
    a_refused_request_leaves_its_key_free,
    a_client_and_its_secrets_are_made_once_for_a_key,
    the_first_save_is_made_once_for_a_key,
    a_save_that_makes_nothing_may_come_again,
    keys_of_one_tenant_are_nothing_to_another,
    keys_are_forgotten_after_a_day,
}

const YEAR: i64 = 365 * 86_400;

fn key(byte: u8) -> RequestKey {
    RequestKey::new([byte; 32])
}

fn token(byte: u8) -> NewToken {
    NewToken { key: Some(key(byte)), ..NewToken::default() }
}

fn client(cx: &OpContext, byte: u8) -> NewClient {
    let expires = cx.now.plus_seconds(YEAR);
    NewClient { label: "entra".to_owned(), scopes: Scopes::ALL, access_minutes: 60, expires, key: Some(key(byte)) }
}

async fn count(world: &World, cx: &OpContext) -> usize {
    let credentials = world.credentials.list(&cx.scope).await.unwrap();
    credentials.iter().map(|one| one.secrets.len()).sum()
}

async fn a_token_is_made_once_for_a_key(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let minted = world.credentials.mint(&cx, token(1)).await.unwrap();
    for _ in 0..2 {
        let again = world.credentials.mint(&cx, token(1)).await;
        assert!(matches!(again, Err(Error::ShownAlready(id)) if id == minted.token.id), "{again:?}");
    }
    world.credentials.revoke(&cx, minted.token.id).await.unwrap();
    assert!(matches!(world.credentials.mint(&cx, token(1)).await, Err(Error::ShownAlready(_))), "revoked or not");
    assert_eq!(count(world, &cx).await, 1);
    world.credentials.mint(&cx, token(2)).await.unwrap();
    world.credentials.mint(&cx, NewToken::default()).await.unwrap();
    assert_eq!(count(world, &cx).await, 3);
}

async fn of_many_requests_with_one_key_one_makes_a_token(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let done = join_all((0..8).map(|_| world.credentials.mint(&cx, token(1)))).await;
    assert_eq!(done.iter().filter(|minted| minted.is_ok()).count(), 1);
    assert_eq!(done.iter().filter(|minted| matches!(minted, Err(Error::ShownAlready(_)))).count(), 7, "{done:?}");
    assert_eq!(count(world, &cx).await, 1);
}

async fn a_refused_request_leaves_its_key_free(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let first = world.credentials.mint(&cx, token(1)).await.unwrap();
    world.credentials.mint(&cx, token(2)).await.unwrap();
    assert!(matches!(world.credentials.mint(&cx, token(3)).await, Err(Error::NotAllowed(_))), "there are two");
    world.credentials.revoke(&cx, first.token.id).await.unwrap();
    world.credentials.mint(&cx, token(3)).await.unwrap();
}

async fn a_client_and_its_secrets_are_made_once_for_a_key(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let id = world.credentials.create_client(&cx, client(&cx, 1)).await.unwrap().client.id;
    let again = world.credentials.create_client(&cx, client(&cx, 1)).await;
    assert!(matches!(again, Err(Error::ShownAlready(made)) if made == id), "{again:?}");
    let secret = NewSecret { expires: cx.now.plus_seconds(YEAR), key: Some(key(2)) };
    world.credentials.add_secret(&cx, id, secret.clone()).await.unwrap();
    let again = world.credentials.add_secret(&cx, id, secret).await;
    assert!(matches!(again, Err(Error::ShownAlready(made)) if made == id), "{again:?}");
    assert_eq!(count(world, &cx).await, 2);
}

async fn the_first_save_is_made_once_for_a_key(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let save = || SettingsChange { seen: Some(0), key: Some(key(1)), ..ProvisioningState::On.into() };
    let done = join_all((0..4).map(|_| world.settings.change(&cx, save()))).await;
    assert_eq!(done.iter().filter(|saved| saved.is_ok()).count(), 1);
    let shown = |saved: &_| matches!(saved, Err(Error::ShownAlready(_)));
    assert_eq!(done.iter().filter(|saved| shown(saved)).count(), 3, "nor is it said that somebody else changed it");
    assert_eq!(count(world, &cx).await, 1);
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap().provisioning, ProvisioningState::On);
}

async fn a_save_that_makes_nothing_may_come_again(world: &World) {
    let (tenant, _) = world.open_tenant("acme").await;
    let cx = world.cx(&tenant);
    let seen = Some(tenant.choices.version);
    let save = || SettingsChange { seen, key: Some(key(1)), ..ProvisioningState::Paused.into() };
    let first = world.settings.change(&cx, save()).await.unwrap().tenant;
    let second = world.settings.change(&cx, save()).await.unwrap().tenant;
    assert_eq!(first, second);
}

async fn keys_of_one_tenant_are_nothing_to_another(world: &World) {
    let (acme, globex) = (world.cx(&world.tenant("acme").await), world.cx(&world.tenant("globex").await));
    world.credentials.mint(&acme, token(1)).await.unwrap();
    world.credentials.mint(&globex, token(1)).await.unwrap();
}

async fn keys_are_forgotten_after_a_day(world: &World) {
    let tenant = world.tenant("acme").await;
    world.credentials.mint(&world.cx(&tenant), token(1)).await.unwrap();
    world.clock.advance_seconds(KEEP_SECONDS - 1);
    let later = world.cx(&tenant);
    world.credentials.mint(&later, token(2)).await.unwrap();
    let prune = async |seconds: i64| {
        let before = later.now.plus_seconds(seconds - KEEP_SECONDS);
        world.store.work().prune_request_keys(before).await.unwrap();
        Raw::of(world).await.number("SELECT count(*) FROM request_key").await
    };
    assert_eq!(prune(0).await, 2);
    assert_eq!(prune(2).await, 1);
    assert_eq!(prune(KEEP_SECONDS + 1).await, 0);
}
