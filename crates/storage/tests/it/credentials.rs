//! Provisioning tokens: how many there may be, what they open and when they were used.

use domain::Error;
use domain::context::{Actor, OpContext};
use domain::credential::{BearerToken, Credential, CredentialKind, CredentialState, CredentialUse};
use domain::ops::{Minted, NewToken, Presented};
use domain::ports::Clock as _;
use domain::store::Store as _;
use domain::timestamp::Timestamp;
use futures_util::future::join_all;
use testkit::{World, on_both_databases};

on_both_databases! { World:
    a_minted_token_is_kept_without_its_secret,
    a_third_usable_token_is_refused,
    of_five_minted_at_once_two_are_made,
    revoked_and_expired_tokens_make_room,
    a_token_opens_its_own_tenant_only,
    a_token_opens_nothing_once_it_is_revoked_or_expired,
    revoking_twice_keeps_the_first_moment,
    the_last_use_is_written_down_when_flushed,
    the_last_use_never_goes_back,
}

async fn mint(world: &World, cx: &OpContext, label: &str) -> Result<Minted, Error> {
    world.credentials.mint(cx, NewToken { label: label.to_owned(), ..NewToken::default() }).await
}

async fn present(world: &World, cx: &OpContext, text: &str, now: Timestamp, client: Option<&str>) -> Option<Actor> {
    let admission = world.store.find_admission(cx.scope.slug()).await.unwrap().unwrap();
    let presented = Presented::Token(BearerToken::parse(text)?);
    world.credentials.authenticate(&admission, &presented, "", now, client).map(|caller| caller.actor)
}

async fn opens(world: &World, cx: &OpContext, minted: &Minted) -> Option<Actor> {
    present(world, cx, &minted.bearer.reveal(), world.clock.now(), None).await
}

async fn tokens(world: &World, cx: &OpContext) -> Vec<Credential> {
    world.credentials.list(&cx.scope).await.unwrap()
}

async fn a_minted_token_is_kept_without_its_secret(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let expires = Some(cx.now.plus_seconds(60));
    let minted = world
        .credentials
        .mint(&cx, NewToken { label: "entra".to_owned(), expires, ..NewToken::default() })
        .await
        .unwrap();
    let kept = tokens(world, &cx).await;
    assert_eq!(kept, [minted.token]);
    assert_eq!((kept[0].secrets[0].expires, kept[0].created, kept[0].label.as_str()), (expires, cx.now, "entra"));
    let digest = &kept[0].secrets[0].digest;
    assert_eq!((digest.bytes.len(), &digest.key), (32, world.keys.ring().current()));
    let secret = minted.bearer.reveal();
    let rows = crate::raw::Raw::of(world).await.dump(&world.tenants.get(cx.scope.slug()).await.unwrap()).await;
    assert!(!format!("{rows:?}").contains(&secret[38..102]), "the secret is nowhere");
}

async fn a_third_usable_token_is_refused(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    mint(world, &cx, "one").await.unwrap();
    mint(world, &cx, "two").await.unwrap();
    assert!(matches!(mint(world, &cx, "three").await, Err(Error::NotAllowed(_))));
    let labels: Vec<_> = tokens(world, &cx).await.into_iter().map(|token| token.label).collect();
    assert_eq!(labels, ["one", "two"]);
    mint(world, &world.cx(&world.tenant("globex").await), "one").await.unwrap();
}

async fn of_five_minted_at_once_two_are_made(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let done = join_all((0..5).map(|_| mint(world, &cx, "one"))).await;
    assert_eq!(done.iter().filter(|minted| minted.is_ok()).count(), 2);
    assert_eq!(done.iter().filter(|minted| matches!(minted, Err(Error::NotAllowed(_)))).count(), 3);
    assert_eq!(tokens(world, &cx).await.len(), 2);
}

async fn revoked_and_expired_tokens_make_room(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let first = mint(world, &cx, "one").await.unwrap();
    let brief = NewToken { label: "two".to_owned(), expires: Some(cx.now.plus_seconds(60)), ..NewToken::default() };
    world.credentials.mint(&cx, brief).await.unwrap();
    world.credentials.revoke(&cx, first.token.id).await.unwrap();
    mint(world, &cx, "three").await.unwrap();
    assert!(mint(world, &cx, "four").await.is_err());

    world.clock.advance_seconds(60);
    let cx = world.cx(&tenant);
    mint(world, &cx, "four").await.unwrap();
    let states: Vec<_> = tokens(world, &cx).await.iter().map(|token| token.state(cx.now)).collect();
    assert_eq!(
        states,
        [CredentialState::Revoked, CredentialState::Expired, CredentialState::Live, CredentialState::Live]
    );
}

async fn a_token_opens_its_own_tenant_only(world: &World) {
    let (acme, globex) = (world.cx(&world.tenant("acme").await), world.cx(&world.tenant("globex").await));
    let minted = mint(world, &acme, "entra").await.unwrap();
    let actor = Actor::Credential { id: minted.token.id, kind: CredentialKind::Token, label: "entra".to_owned() };
    assert_eq!(opens(world, &acme, &minted).await, Some(actor));
    assert_eq!(opens(world, &globex, &minted).await, None);
    let mut text = minted.bearer.reveal();
    text.pop();
    assert_eq!(present(world, &acme, &text, acme.now, None).await, None);
}

async fn a_token_opens_nothing_once_it_is_revoked_or_expired(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let revoked = mint(world, &cx, "one").await.unwrap();
    world.credentials.revoke(&cx, revoked.token.id).await.unwrap();
    assert_eq!(opens(world, &cx, &revoked).await, None);

    let brief = NewToken { label: "two".to_owned(), expires: Some(cx.now.plus_seconds(60)), ..NewToken::default() };
    let brief = world.credentials.mint(&cx, brief).await.unwrap();
    world.clock.advance_seconds(59);
    assert!(opens(world, &cx, &brief).await.is_some());
    world.clock.advance_seconds(1);
    assert_eq!(opens(world, &cx, &brief).await, None);
}

async fn revoking_twice_keeps_the_first_moment(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let minted = mint(world, &cx, "one").await.unwrap();
    world.credentials.revoke(&cx, minted.token.id).await.unwrap();
    world.clock.advance_seconds(1);
    world.credentials.revoke(&world.cx(&tenant), minted.token.id).await.unwrap();
    assert_eq!(tokens(world, &cx).await[0].revoked, Some(cx.now));

    let globex = world.cx(&world.tenant("globex").await);
    assert!(matches!(world.credentials.revoke(&globex, minted.token.id).await, Err(Error::NotFound(_))));
}

async fn the_last_use_is_written_down_when_flushed(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let minted = mint(world, &cx, "one").await.unwrap();
    let agent = format!("Entra/1.0\u{7}{}", "x".repeat(300));
    present(world, &cx, &minted.bearer.reveal(), cx.now, Some(&agent)).await.unwrap();
    assert_eq!(tokens(world, &cx).await[0].last_used, None);

    world.credentials.flush_uses().await.unwrap();
    let client = format!("Entra/1.0{}", "x".repeat(191));
    assert_eq!(tokens(world, &cx).await[0].last_used, Some(CredentialUse { at: cx.now, client: Some(client) }));
}

async fn the_last_use_never_goes_back(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let minted = mint(world, &cx, "one").await.unwrap();
    let (earlier, later) = (cx.now.plus_seconds(1), cx.now.plus_seconds(2));
    let text = minted.bearer.reveal();
    // Two servers, one of which is late with writing.
    for (moment, client) in [(later, "late"), (earlier, "early")] {
        present(world, &cx, &text, moment, Some(client)).await.unwrap();
        world.credentials.flush_uses().await.unwrap();
    }
    let kept = Some(CredentialUse { at: later, client: Some("late".to_owned()) });
    assert_eq!(tokens(world, &cx).await[0].last_used, kept);

    let mut tx = world.store.write(&cx.scope).await.unwrap();
    tx.note_use(minted.token.id, &CredentialUse { at: earlier, client: None }).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(tokens(world, &cx).await[0].last_used, kept);
}
