//! Identity providers change their certificates: what they publish is read again when an answer needs it, and not more often
//! than every five minutes, whoever asks for it.

use domain::connection::cause::SignInCause as Cause;
use serde_json::json;
use testkit::on_both_databases;
use tokio::task::JoinSet;

use super::office::Office;
use super::peer::{Peer, people};
use crate::served::Served;

on_both_databases! { Served:
    a_new_certificate_is_read_when_it_is_used,
    wrong_answers_have_it_read_once_in_five_minutes,
    what_cannot_be_read_any_more_stays_in_use,
}

const NOT_ACCEPTED: &str = "could not be accepted";

async fn a_new_certificate_is_read_when_it_is_used(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    let before = peer.asked("/metadata").await;
    served.clock.advance_seconds(301);
    peer.set(json!({"active": 1, "published": [0, 1], "skew": served.clock.ahead()})).await;
    // The whole company comes to work.
    let mut crowd = JoinSet::new();
    for _ in 0..10 {
        let (mut browser, url) = (office.browser(), office.begin(connection));
        crowd.spawn(async move { browser.sign_in(&url, ana.upn).await });
    }
    for shown in crowd.join_all().await {
        shown.expect(200, ana.name);
    }
    assert_eq!((peer.asked("/metadata").await, office.entries().await.len()), (before + 1, 10));
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    assert_eq!(peer.asked("/metadata").await, before + 1, "it is known from then on");
    // Until the old one is published no more, both are good.
    peer.set(json!({"active": 0})).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    let scope = office.tenant.scope();
    let kept = served.rollcall.connections.find(&scope, connection).await.unwrap();
    assert!(kept.is_tested() && kept.reading.fault.is_none(), "nobody has to test it again: {kept:?}");
}

async fn wrong_answers_have_it_read_once_in_five_minutes(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    let before = peer.asked("/metadata").await;
    for round in 1..=2 {
        served.clock.advance_seconds(301);
        peer.set(json!({"active": 1, "skew": served.clock.ahead()})).await;
        // Each has an answer, and all bring them at once.
        let mut answers = Vec::new();
        for _ in 0..20 {
            let mut browser = office.browser();
            let answer = browser.answer(&office.begin(connection), ana.upn).await;
            answers.push((browser, answer));
        }
        let mut brought = JoinSet::new();
        for (mut browser, answer) in answers {
            brought.spawn(async move { browser.go(answer).await });
        }
        for shown in brought.join_all().await {
            shown.expect(422, NOT_ACCEPTED);
        }
        let entries = office.entries().await;
        assert_eq!(entries.len(), 20);
        assert!(entries.iter().all(|entry| entry.cause == Some(Cause::UnknownCertificate)), "{entries:?}");
        assert_eq!(peer.asked("/metadata").await, before + round, "once in five minutes");
        // Nor does one more, on another server.
        let replica = served.replica().await;
        let mut browser = office.browser().at(&replica);
        let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
        office.expect_refused(&shown, 422, Cause::UnknownCertificate, NOT_ACCEPTED).await;
        assert_eq!(peer.asked("/metadata").await, before + round);
    }
}

async fn what_cannot_be_read_any_more_stays_in_use(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    let page = office.page(connection);
    let unknown = (422, Cause::UnknownCertificate, NOT_ACCEPTED);
    let away = (502, Cause::ProviderDown, "does not answer at the moment");
    for (trouble, (status, cause, words)) in [
        (json!({"status": 503}), away),
        (json!({"body": "<html>a portal</html>"}), unknown),
        (json!({"status": 302, "headers": {"Location": "http://10.0.0.1/metadata"}}), away),
        (json!({"bytes": 5_000_000}), unknown),
    ] {
        served.clock.advance_seconds(301);
        peer.reset(json!({"active": 1, "skew": served.clock.ahead(), "trouble": {"/metadata": trouble}})).await;
        let shown = office.browser().sign_in(&office.begin(connection), ana.upn).await;
        let entry = office.expect_refused(&shown, status, cause, words).await;
        assert!(entry.detail.contains("certificate"), "what was wrong with the answer is told in any case: {entry:?}");
        let shown = office.admin.open(&page).await;
        shown.expect(200, "class=\"error mt2\"");
        peer.set(json!({"active": 0})).await;
        let mut browser = office.browser();
        let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
        office.expect_in(&mut browser, &shown, &ana).await;
        browser.send(&office.url("/me/sign-out-everywhere"), &[]).await;
    }
    // Another identity provider at the same address is not taken for this one.
    served.clock.advance_seconds(301);
    let other = "https://sts.windows.net/another/";
    peer.reset(json!({"active": 1, "published": [1], "entityId": other, "skew": served.clock.ahead()})).await;
    office.send(connection, "read", &[]).await.expect(422, "Could not be read");
    peer.reset(json!({"skew": served.clock.ahead()})).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
}
