//! What the server does on its own: secrets follow the key ring, and what is over is forgotten.

use domain::connection::attempt::Purpose;
use domain::connection::key::{SecretHolder, StaleSsoSecret};
use domain::keys::{KeyId, KeyRing};
use domain::ports::Clock as _;
use domain::store::Store as _;
use testkit::connections::CLIENT_SECRET;
use testkit::{World, on_both_databases};

use super::{connected, read, write};

on_both_databases! { World:
    secrets_under_an_old_key_are_found_and_sealed_anew_once,
    keys_that_secrets_and_sessions_rest_on_are_counted,
    what_is_over_is_forgotten_and_nothing_else,
}

async fn secrets_under_an_old_key_are_found_and_sealed_anew_once(world: &World) {
    let acme = world.tenant("acme").await;
    world.saml(&acme).await;
    let oidc = world.oidc(&acme).await;
    let own = world.connections.own_keys(&acme.scope()).await.unwrap().remove(0);
    let client = read(world, &acme).await.connection_secret(oidc.id).await.unwrap().unwrap();
    let (work, ring) = (world.store.work(), world.keys.ring());
    let old = vec![ring.current().clone()];
    let found = work.sso_secrets_under(&old, 10).await.unwrap();
    let secret =
        |holder, secret: &domain::keys::Sealed| StaleSsoSecret { tenant: acme.id, holder, secret: secret.clone() };
    let both = [secret(SecretHolder::Key(own.id), &own.private), secret(SecretHolder::Connection(oidc.id), &client)];
    assert_eq!(found, both);
    assert_eq!(work.sso_secrets_under(&["another".parse().unwrap()], 10).await, Ok(Vec::new()));
    assert_eq!(work.sso_secrets_under(&old, 0).await, Ok(Vec::new()));

    let rotated = ring.rotated("next".parse().unwrap(), [9; 32]);
    for stale in &found {
        work.reseal_sso_secret(stale, &stale.sealed_anew(&rotated).unwrap()).await.unwrap();
    }
    assert_eq!(work.sso_secrets_under(&old, 10).await, Ok(Vec::new()));
    let resealed = work.sso_secrets_under(&["next".parse().unwrap()], 10).await.unwrap();
    assert_eq!(resealed.len(), 2);
    let new_ring = KeyRing::new("next".parse().unwrap(), [9; 32]);
    let text = new_ring.open(&resealed[1].secret, &both[1].holder.about(acme.id)).unwrap();
    assert_eq!(text, CLIENT_SECRET.as_bytes());
    assert!(world.connections.own_keys(&acme.scope()).await.unwrap()[0].open(&new_ring, acme.id).is_some());

    // Who comes late with what was there before changes nothing.
    for (stale, anew) in found.iter().zip([&both[1].secret, &both[0].secret]) {
        work.reseal_sso_secret(stale, anew).await.unwrap();
    }
    assert_eq!(work.sso_secrets_under(&["next".parse().unwrap()], 10).await.unwrap(), resealed);
}

async fn keys_that_secrets_and_sessions_rest_on_are_counted(world: &World) {
    let now = world.clock.now();
    let current: KeyId = world.keys.ring().current().clone();
    let uses = async || {
        let uses = world.store.work().key_uses(now).await.unwrap();
        let of = |counts: &std::collections::BTreeMap<KeyId, u64>| counts.get(&current).copied().unwrap_or_default();
        (of(&uses.digests), of(&uses.sealed))
    };
    let (digests, sealed) = uses().await;
    let acme = world.tenant("acme").await;
    world.saml(&acme).await;
    let oidc = world.oidc(&acme).await;
    assert_eq!(uses().await, (digests, sealed + 2), "the tenant's own key and the client's secret");
    let ada = world.user(&world.cx(&acme), "ada").await.stored.id;
    let mut over = world.person_session(&oidc, ada);
    over.expires = now;
    let mut tx = write(world, &acme).await;
    for session in [&world.person_session(&oidc, ada), &world.person_session(&oidc, ada), &over] {
        tx.insert_person_session(session).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(uses().await, (digests + 2, sealed + 2), "sessions, but for one that is over");
    let mut tx = write(world, &acme).await;
    tx.set_connection_secret(oidc.id, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(uses().await, (digests + 2, sealed + 1));
}

async fn what_is_over_is_forgotten_and_nothing_else(world: &World) {
    let (acme, connection) = connected(world).await;
    let ada = world.user(&world.cx(&acme), "ada").await.stored.id;
    let now = world.clock.now();
    let (over, under_way) = (now, now.plus_seconds(1));
    let mut tx = write(world, &acme).await;
    let mut attempts = Vec::new();
    let mut sessions = Vec::new();
    for (name, expires) in [("over", over), ("under way", under_way)] {
        let mut attempt = world.attempt(&connection, Purpose::SignIn, name);
        attempt.expires = expires;
        tx.insert_attempt(&attempt).await.unwrap();
        attempts.push(attempt.id);
        let used_until = expires.plus_seconds(-3_600);
        assert!(tx.use_assertion(connection.id, name, used_until).await.unwrap());
        let mut session = world.person_session(&connection, ada);
        session.expires = expires;
        tx.insert_person_session(&session).await.unwrap();
        sessions.push(session.id);
    }
    tx.commit().await.unwrap();
    world.store.work().prune_sign_ins(now).await.unwrap();
    let mut tx = write(world, &acme).await;
    assert_eq!(tx.find_attempt(attempts[0]).await, Ok(None));
    assert!(tx.find_attempt(attempts[1]).await.unwrap().is_some());
    assert!(tx.use_assertion(connection.id, "over", over).await.unwrap(), "it was forgotten");
    assert!(!tx.use_assertion(connection.id, "under way", under_way).await.unwrap());
    let mut left: Vec<_> = tx.list_person_sessions(ada).await.unwrap().iter().map(|session| session.id).collect();
    left.sort_unstable();
    assert_eq!(left, [sessions[1]]);
}
