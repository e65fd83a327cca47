//! Identity providers that are down, slow or out of order: the answer comes soon and says so, and others feel nothing.

use std::time::{Duration, Instant};

use domain::connection::cause::SignInCause as Cause;
use serde_json::json;
use testkit::on_both_databases;
use tokio::task::JoinSet;

use super::office::Office;
use super::peer::{Peer, people};
use crate::served::Served;

on_both_databases! { Served:
    what_a_provider_answers_wrongly_is_said,
    a_slow_provider_keeps_its_own_people_waiting_alone,
    a_provider_that_is_down_lets_sign_ins_begin_that_it_has_to_end,
    whoever_needs_a_key_of_a_slow_provider_is_told_that_it_is_slow,
}

const AWAY: &str = "sign-in does not answer at the moment";
/// Four seconds are waited for a provider; the rest is for a busy machine.
const SOON: Duration = Duration::from_secs(5);

async fn what_a_provider_answers_wrongly_is_said(served: &Served) {
    let peer = Peer::start("mock", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.oidc(peer.text("issuer"), "a secret", &ana).await;
    let not_accepted = "could not be accepted";
    let refused = "did not let you in";
    let cases = [
        (json!({"status": 400, "body": {"error": "invalid_grant"}}), 422, Cause::ProviderRefused, refused),
        (json!({"status": 401, "body": {"error": "invalid_client"}}), 422, Cause::ClientRefused, not_accepted),
        (json!({"status": 500, "body": "<h1>sorry</h1>"}), 502, Cause::ProviderDown, AWAY),
        (json!({"status": 503}), 502, Cause::ProviderDown, AWAY),
        (json!({"reset": true}), 502, Cause::ProviderDown, AWAY),
        (json!({"status": 302, "headers": {"Location": "http://10.0.0.1/"}}), 502, Cause::ProviderDown, AWAY),
        (json!({"bytes": 5_000_000}), 413, Cause::TooLarge, not_accepted),
        (json!({"body": "not json"}), 422, Cause::Unreadable, not_accepted),
    ];
    for (trouble, status, cause, words) in cases {
        peer.set(json!({"trouble": {"/token": trouble}})).await;
        let mut browser = office.browser();
        let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
        office.expect_refused(&shown, status, cause, words).await;
    }
}

async fn a_slow_provider_keeps_its_own_people_waiting_alone(served: &Served) {
    let (slow, quick) = (Peer::start("mock", &json!({})), Peer::start("mock", &json!({})));
    let [ana, _] = people();
    let mut acme = Office::open(served, "acme").await;
    let mut other = Office::open(served, "other").await;
    for office in [&mut acme, &mut other] {
        office.provision(&ana).await;
    }
    let by_slow = acme.oidc(slow.text("issuer"), "a secret", &ana).await;
    let by_quick = other.oidc(quick.text("issuer"), "a secret", &ana).await;
    slow.set(json!({"trouble": {"/token": {"slow": 30}}})).await;
    let begun = Instant::now();
    // More of them than the server has threads.
    let mut crowd = JoinSet::new();
    for _ in 0..12 {
        let (mut browser, url) = (acme.browser(), acme.begin(by_slow));
        crowd.spawn(async move { browser.sign_in(&url, ana.upn).await });
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let (start, mut browser) = (Instant::now(), other.browser());
    let shown = browser.sign_in(&other.begin(by_quick), ana.upn).await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2) && crowd.try_join_next().is_none(), "{took:?}");
    other.expect_in(&mut browser, &shown, &ana).await;
    for shown in crowd.join_all().await {
        shown.expect(504, AWAY);
        assert_eq!(shown.page.headers["retry-after"], "5");
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let entries = acme.entries().await;
    assert_eq!(entries.len(), 12);
    assert!(entries.iter().all(|entry| entry.cause == Some(Cause::ProviderSlow)), "{entries:?}");
    assert_eq!(acme.sessions().await, 0);
}

/// Whatever has to be asked of it, one after another, nobody waits longer than for one question.
async fn whoever_needs_a_key_of_a_slow_provider_is_told_that_it_is_slow(served: &Served) {
    let (saml, mock) = (Peer::start("saml", &json!({})), Peer::start("mock", &json!({})));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let by_saml = office.saml(&saml, &ana).await;
    let by_oidc = office.oidc(mock.text("issuer"), "a secret", &ana).await;
    served.clock.advance_seconds(301);
    let ahead = served.clock.ahead();
    saml.set(json!({"active": 1, "published": [0, 1], "skew": ahead, "trouble": {"/metadata": {"slow": 30}}})).await;
    mock.set(json!({"active": 1, "published": [0, 1], "skew": ahead, "trouble": {
        "/token": {"slow": 2}, "/.well-known/openid-configuration": {"slow": 1}, "/jwks": {"slow": 2},
    }}))
    .await;
    for connection in [by_saml, by_oidc] {
        let mut browser = office.browser();
        let answer = browser.answer(&office.begin(connection), ana.upn).await;
        let begun = Instant::now();
        let shown = browser.go(answer).await;
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        office.expect_refused(&shown, 504, Cause::ProviderSlow, AWAY).await;
    }
}

async fn a_provider_that_is_down_lets_sign_ins_begin_that_it_has_to_end(served: &Served) {
    let (saml, mock) = (Peer::start("saml", &json!({})), Peer::start("mock", &json!({})));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let by_saml = office.saml(&saml, &ana).await;
    let by_oidc = office.oidc(mock.text("issuer"), "a secret", &ana).await;
    let mut browser = office.browser();
    let [one, two] =
        [browser.answer(&office.begin(by_saml), ana.upn).await, browser.answer(&office.begin(by_oidc), ana.upn).await];
    for peer in [&saml, &mock] {
        peer.set(json!({"down": true})).await;
    }
    for (connection, peer) in [(by_saml, &saml), (by_oidc, &mock)] {
        let begun = browser.look(&office.begin(connection)).await;
        assert_eq!(begun.page.status, 303, "{begun:?}");
        assert!(begun.page.location().starts_with(peer.text("origin")), "{begun:?}");
    }
    // A code is worth nothing without its provider, an assertion is.
    let shown = browser.go(two).await;
    office.expect_refused(&shown, 502, Cause::ProviderDown, AWAY).await;
    let shown = browser.go(one).await;
    office.expect_in(&mut browser, &shown, &ana).await;

    // Who was never read cannot even be set up.
    let id = office.add("Down", "saml").await;
    let shown = office.send(id, "saml", &[("source", "url"), ("url", saml.text("metadata"))]).await;
    shown.expect(422, "Not saved");
    let id = office.add("Down as well", "oidc").await;
    let fields = [("issuer", mock.text("issuer")), ("client_id", "rollcall"), ("secret", "a secret")];
    office.send(id, "oidc", &fields).await.expect(422, "Not saved");
    let shown = office.browser().look(&office.begin(id)).await;
    shown.expect(422, "This way to sign in is switched off.");
    assert_eq!(office.entry().await.cause, Some(Cause::ConnectionOff));
}
