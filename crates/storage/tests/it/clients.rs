//! OAuth clients, their secrets and access tokens, and what is left of them when the key ring is rotated.

use std::sync::Arc;

use domain::Error;
use domain::access_token::AccessTokens;
use domain::context::OpContext;
use domain::credential::{Credential, CredentialState};
use domain::keys::KeyRing;
use domain::ops::{Caller, MintedSecret, NewClient, NewToken, PresentedClient, Refusal};
use domain::ports::Clock as _;
use domain::scope::Scopes;
use domain::signing_key::SigningKeys;
use domain::store::Store as _;
use testkit::{World, on_both_databases};

on_both_databases! { World:
    a_client_is_kept_without_its_secrets,
    a_client_has_two_usable_secrets_at_the_most,
    a_secret_is_good_for_one_to_three_years_and_access_tokens_for_one_to_six_hours,
    an_access_token_opens_its_own_tenant_at_its_own_address_in_its_time,
    an_access_token_ends_with_its_client_and_with_its_secret,
    scopes_are_those_asked_for_and_never_more_than_the_clients,
    access_tokens_are_checked_by_every_process_and_outlive_a_new_signing_key,
    a_rotation_leaves_every_secret_good_and_renews_what_is_used,
    a_ring_without_the_old_key_opens_nothing_of_it_and_signs_with_a_new_key,
    two_rotations_at_once_are_not_both_done,
}

const BASE: &str = "https://rollcall.example/t/acme/scim/v2";
const YEAR: i64 = 365 * 86_400;

fn new(cx: &OpContext) -> NewClient {
    NewClient {
        label: "entra".to_owned(),
        scopes: Scopes::ALL,
        access_minutes: 60,
        expires: cx.now.plus_seconds(2 * YEAR),
        key: None,
    }
}

async fn client(world: &World, cx: &OpContext) -> MintedSecret {
    world.credentials.create_client(cx, new(cx)).await.unwrap()
}

fn presented(minted: &MintedSecret) -> PresentedClient {
    PresentedClient { id: minted.client.id, secret: minted.secret.clone() }
}

async fn grant(
    world: &World,
    cx: &OpContext,
    client: &PresentedClient,
    scopes: Option<&str>,
) -> Result<String, Refusal> {
    let admission = world.store.find_admission(cx.scope.slug()).await.unwrap().unwrap();
    let scopes = scopes.map(|scopes| scopes.parse().unwrap());
    let now = world.clock.now();
    world.credentials.grant(&admission, client, scopes, BASE, now, None).await.map(|(_, token)| token)
}

async fn opens(world: &World, cx: &OpContext, token: &str, audience: &str) -> Option<Caller> {
    let admission = world.store.find_admission(cx.scope.slug()).await.unwrap().unwrap();
    let now = world.clock.now();
    let presented = world.credentials.read(token, now).await.unwrap()?;
    world.credentials.authenticate(&admission, &presented, audience, now, None)
}

async fn only(world: &World, cx: &OpContext) -> Credential {
    let mut all = world.credentials.list(&cx.scope).await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn a_client_is_kept_without_its_secrets(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let minted = client(world, &cx).await;
    assert_eq!(only(world, &cx).await, minted.client);
    let token = grant(world, &cx, &presented(&minted), None).await.unwrap();
    let (secret, last_four) = (minted.secret.reveal(), &minted.client.secrets[0].last_four);
    assert!(secret.ends_with(last_four.as_str()), "{last_four}");
    let rows = format!("{:?}", crate::raw::Raw::of(world).await.dump(&tenant).await);
    assert!(rows.contains("entra") && !rows.contains(&secret[40..104]) && !rows.contains(&token));
}

async fn a_client_has_two_usable_secrets_at_the_most(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let first = client(world, &cx).await;
    let id = first.client.id;
    let expires = cx.now.plus_seconds(YEAR);
    let second = world.credentials.add_secret(&cx, id, expires).await.unwrap();
    for minted in [&first, &second] {
        assert!(grant(world, &cx, &presented(minted), None).await.is_ok(), "either is good");
    }
    assert!(matches!(world.credentials.add_secret(&cx, id, expires).await, Err(Error::NotAllowed(_))));
    world.credentials.revoke_secret(&cx, id, first.secret.id).await.unwrap();
    assert_eq!(grant(world, &cx, &presented(&first), None).await, Err(Refusal::InvalidClient));
    world.credentials.add_secret(&cx, id, expires).await.unwrap();

    let states: Vec<_> = only(world, &cx).await.secrets.iter().map(|secret| secret.state(cx.now)).collect();
    assert_eq!(states, [CredentialState::Revoked, CredentialState::Live, CredentialState::Live]);
    world.credentials.revoke(&cx, id).await.unwrap();
    assert!(matches!(world.credentials.add_secret(&cx, id, expires).await, Err(Error::NotAllowed(_))));

    let globex = world.cx(&world.tenant("globex").await);
    assert!(matches!(world.credentials.add_secret(&globex, id, expires).await, Err(Error::NotFound(_))));
    let foreign = world.credentials.revoke_secret(&globex, id, second.secret.id).await;
    assert!(matches!(foreign, Err(Error::NotFound(_))));
}

async fn a_secret_is_good_for_one_to_three_years_and_access_tokens_for_one_to_six_hours(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let id = client(world, &cx).await.client.id;
    for seconds in [1, YEAR - 86_400, 3 * YEAR + 3 * 86_400] {
        let expires = cx.now.plus_seconds(seconds);
        assert!(world.credentials.create_client(&cx, NewClient { expires, ..new(&cx) }).await.is_err(), "{seconds}");
        assert!(world.credentials.add_secret(&cx, id, expires).await.is_err(), "{seconds}");
    }
    for access_minutes in [0, 59, 361] {
        let refused = world.credentials.create_client(&cx, NewClient { access_minutes, ..new(&cx) }).await;
        assert!(matches!(refused, Err(Error::NotAllowed(_))), "{access_minutes}");
    }
    for (access_minutes, years) in [(60, 1), (360, 3)] {
        let expires = cx.now.plus_seconds(years * YEAR);
        world.credentials.create_client(&cx, NewClient { access_minutes, expires, ..new(&cx) }).await.unwrap();
    }
}

async fn an_access_token_opens_its_own_tenant_at_its_own_address_in_its_time(world: &World) {
    let (acme, globex) = (world.cx(&world.tenant("acme").await), world.cx(&world.tenant("globex").await));
    let minted = client(world, &acme).await;
    let token = grant(world, &acme, &presented(&minted), None).await.unwrap();
    let caller = opens(world, &acme, &token, BASE).await.unwrap();
    assert_eq!((caller.actor.kind(), caller.actor.id()), ("client", Some(minted.client.id.to_string())));
    assert_eq!(caller.scopes, Scopes::ALL);
    assert_eq!(opens(world, &globex, &token, BASE).await, None, "another tenant");
    assert_eq!(opens(world, &acme, &token, "https://elsewhere.example/scim/v2").await, None, "another address");
    for place in [0, token.len() / 2, token.len() - 2] {
        let mut forged = token.clone().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert_eq!(opens(world, &acme, &forged, BASE).await, None, "{place}");
    }
    assert_eq!(grant(world, &globex, &presented(&minted), None).await, Err(Refusal::InvalidClient));

    world.clock.advance_seconds(3_599);
    assert!(opens(world, &acme, &token, BASE).await.is_some());
    world.clock.advance_seconds(1);
    assert_eq!(opens(world, &acme, &token, BASE).await, None, "its hour is over");
}

async fn an_access_token_ends_with_its_client_and_with_its_secret(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let first = client(world, &cx).await;
    let second = world.credentials.add_secret(&cx, first.client.id, cx.now.plus_seconds(YEAR)).await.unwrap();
    let by_first = grant(world, &cx, &presented(&first), None).await.unwrap();
    let by_second = grant(world, &cx, &presented(&second), None).await.unwrap();
    world.credentials.revoke_secret(&cx, first.client.id, first.secret.id).await.unwrap();
    assert_eq!(opens(world, &cx, &by_first, BASE).await, None);
    assert!(opens(world, &cx, &by_second, BASE).await.is_some());
    world.credentials.revoke(&cx, first.client.id).await.unwrap();
    assert_eq!(opens(world, &cx, &by_second, BASE).await, None);
    assert_eq!(grant(world, &cx, &presented(&second), None).await, Err(Refusal::InvalidClient));
}

async fn scopes_are_those_asked_for_and_never_more_than_the_clients(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let scopes: Scopes = "users:read groups:read".parse().unwrap();
    let minted = world.credentials.create_client(&cx, NewClient { scopes, ..new(&cx) }).await.unwrap();
    let all = grant(world, &cx, &presented(&minted), None).await.unwrap();
    assert_eq!(opens(world, &cx, &all, BASE).await.unwrap().scopes, scopes);
    let one = grant(world, &cx, &presented(&minted), Some("users:read")).await.unwrap();
    assert_eq!(opens(world, &cx, &one, BASE).await.unwrap().scopes.to_string(), "users:read");
    let beyond = grant(world, &cx, &presented(&minted), Some("users:read users:write")).await;
    assert_eq!(beyond, Err(Refusal::InvalidScope));

    let new = NewToken { scopes, ..NewToken::default() };
    let token = world.credentials.mint(&cx, new).await.unwrap().bearer.reveal();
    assert_eq!(opens(world, &cx, &token, BASE).await.unwrap().scopes, scopes);
}

/// One more process, which has its own idea of the keys.
fn access(world: &World) -> (Arc<SigningKeys>, AccessTokens) {
    let keys = Arc::new(SigningKeys::new(world.store.clone(), world.ids.clone(), world.keys.clone()));
    (keys.clone(), AccessTokens::new(keys, testkit::ISSUER))
}

async fn access_tokens_are_checked_by_every_process_and_outlive_a_new_signing_key(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let minted = client(world, &cx).await;
    let (_, other) = access(world);
    let reads = async |token: &str| {
        other.learn_key(token, world.clock.now()).await.unwrap();
        other.read(token, world.clock.now())
    };
    let first = grant(world, &cx, &presented(&minted), None).await.unwrap();
    assert!(reads(&first).await.is_some(), "it learns the key when it meets it");
    assert_eq!(world.store.work().signing_keys().await.unwrap().len(), 1);

    // The last hour of the first key.
    world.clock.advance_seconds(90 * 86_400 - 60);
    let before = grant(world, &cx, &presented(&minted), None).await.unwrap();
    world.clock.advance_seconds(60);
    world.signing.follow(world.clock.now()).await.unwrap();
    assert_eq!(world.store.work().signing_keys().await.unwrap().len(), 2);
    let meanwhile = grant(world, &cx, &presented(&minted), None).await.unwrap();
    assert_eq!(kid(&before), kid(&meanwhile), "a new key is noticed by all before it signs");
    world.clock.advance_seconds(60);
    let after = grant(world, &cx, &presented(&minted), None).await.unwrap();
    assert_ne!(kid(&before), kid(&after));
    for token in [&before, &meanwhile, &after] {
        assert!(reads(token).await.is_some());
        assert!(opens(world, &cx, token, BASE).await.is_some());
    }
    world.clock.advance_seconds(2 * 86_400);
    world.signing.follow(world.clock.now()).await.unwrap();
    assert_eq!(world.store.work().signing_keys().await.unwrap().len(), 1, "nothing rests on the first any more");
}

fn kid(token: &str) -> &str {
    token.split('.').next().unwrap()
}

async fn rotate(world: &World, id: &str) -> KeyRing {
    let before = world.keys.ring();
    let after = before.rotated(id.parse().unwrap(), [9; 32]);
    assert_eq!(world.store.work().store_ring(&before.reveal(), &after.reveal()).await, Ok(true));
    world.keys.follow().await.unwrap();
    after
}

async fn a_rotation_leaves_every_secret_good_and_renews_what_is_used(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let token = world.credentials.mint(&cx, NewToken::default()).await.unwrap().bearer.reveal();
    let unused = world.credentials.mint(&cx, NewToken::default()).await.unwrap().bearer.reveal();
    let minted = client(world, &cx).await;
    let access = grant(world, &cx, &presented(&minted), None).await.unwrap();
    let old = world.keys.ring().current().clone();

    let ring = rotate(world, "k2").await;
    for text in [&token, &access] {
        assert!(opens(world, &cx, text, BASE).await.is_some());
    }
    assert!(grant(world, &cx, &presented(&minted), None).await.is_ok());
    world.credentials.flush_uses().await.unwrap();
    world.signing.follow(world.clock.now()).await.unwrap();
    let uses = world.store.work().key_uses(world.clock.now()).await.unwrap();
    let count = |key: &str| uses.digests.get(&key.parse().unwrap()).copied().unwrap_or_default();
    assert_eq!((count("k2"), count(old.as_str())), (2, 1), "{uses:?}");
    assert_eq!(uses.sealed.get(ring.current()), Some(&1), "{uses:?}");
    assert_eq!(uses.sealed.get(&old), None, "{uses:?}");
    for text in [&token, &unused, &access] {
        assert!(opens(world, &cx, text, BASE).await.is_some());
    }
}

async fn a_ring_without_the_old_key_opens_nothing_of_it_and_signs_with_a_new_key(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let token = world.credentials.mint(&cx, NewToken::default()).await.unwrap().bearer.reveal();
    let minted = client(world, &cx).await;
    let access = grant(world, &cx, &presented(&minted), None).await.unwrap();
    let before = world.keys.ring().reveal();
    let new = KeyRing::new("new".parse().unwrap(), [9; 32]).reveal();
    world.store.work().store_ring(&before, &new).await.unwrap();
    world.keys.follow().await.unwrap();
    world.signing.follow(world.clock.now()).await.unwrap();
    assert_eq!(opens(world, &cx, &token, BASE).await, None);
    assert!(opens(world, &cx, &access, BASE).await.is_some(), "signatures are checked with what is public");
    let token = world.credentials.mint(&cx, NewToken::default()).await.unwrap().bearer.reveal();
    assert!(opens(world, &cx, &token, BASE).await.is_some());
    let minted = world.credentials.add_secret(&cx, minted.client.id, cx.now.plus_seconds(YEAR)).await.unwrap();
    let access = grant(world, &cx, &presented(&minted), None).await.unwrap();
    assert!(opens(world, &cx, &access, BASE).await.is_some(), "a new signing key was made");
}

async fn two_rotations_at_once_are_not_both_done(world: &World) {
    let before = world.keys.ring();
    let work = world.store.work();
    let to = |id: &str| before.rotated(id.parse().unwrap(), [9; 32]).reveal();
    assert_eq!(work.store_ring(&before.reveal(), &to("k2")).await, Ok(true));
    assert_eq!(work.store_ring(&before.reveal(), &to("k3")).await, Ok(false));
    assert_eq!(work.stored_ring().await, Ok(to("k2")));
}
