//! Sign-ins that the identity provider begins: only where the tenant wants them, and only to where it lists.

use domain::connection::cause::SignInCause as Cause;
use domain::ids::ConnectionId;
use serde_json::json;
use testkit::on_both_databases;

use super::office::Office;
use super::peer::{Peer, people};
use crate::served::Served;

on_both_databases! { Served:
    the_identity_provider_begins_where_it_may,
    it_leads_nowhere_else,
}

/// What the identity provider has somebody click on.
fn tile(peer: &Peer, office: &Office<'_>, relay_state: &str) -> String {
    let [ana, _] = people();
    let mut url = url::Url::parse(peer.text("start")).unwrap();
    let (acs, audience) = (office.url("/sso/saml/acs"), office.url("/sso/saml/metadata"));
    url.query_pairs_mut().extend_pairs([("acs", &*acs), ("audience", &*audience), ("person", ana.upn)]);
    if !relay_state.is_empty() {
        url.query_pairs_mut().append_pair("relay_state", relay_state);
    }
    url.to_string()
}

async fn allow(office: &mut Office<'_>, connection: ConnectionId, list: &str) {
    let rules = [("name", "Entra"), ("identity", "object_id"), ("idp_initiated", "on"), ("return_addresses", list)];
    office.save(connection, "rules", &rules).await;
}

async fn the_identity_provider_begins_where_it_may(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    allow(&mut office, connection, "https://app.example/start\n/me?from=tile").await;
    for relay_state in ["", "/me?from=tile", "https://app.example/start"] {
        let mut browser = office.browser();
        let shown = browser.open(&tile(&peer, &office, relay_state)).await;
        match relay_state {
            "" => assert_eq!(shown.url.as_str(), office.url("/me")),
            "/me?from=tile" => assert_eq!(shown.url.as_str(), office.url("/me?from=tile")),
            elsewhere => assert_eq!((shown.page.status, shown.page.location()), (303, elsewhere), "{shown:?}"),
        }
        let entry = office.entry().await;
        assert_eq!((entry.cause, entry.is_solicited), (None, false), "{entry:?}");
        assert!(office.is_in(&mut browser).await, "{relay_state}");
    }
}

async fn it_leads_nowhere_else(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    let begun_here = "This sign-in has to be begun here.";
    let shown = office.browser().open(&tile(&peer, &office, "")).await;
    office.expect_refused(&shown, 422, Cause::Unsolicited, begun_here).await;

    for bad in ["//evil.test", "javascript:alert(1)", "http://app.example/", "\\\\evil.test", "app.example"] {
        let rules = [("name", "Entra"), ("identity", "object_id"), ("idp_initiated", "on"), ("return_addresses", bad)];
        let shown = office.send(connection, "rules", &rules).await;
        shown.expect(422, "is neither an https address nor a path");
    }
    allow(&mut office, connection, "https://app.example/start").await;
    for elsewhere in [
        "//evil.test",
        "javascript:alert(1)",
        "https://evil.test/",
        "https://app.example/start@evil.test",
        "https://app.example/",
        "HTTPS://APP.EXAMPLE/START",
        "/me",
    ] {
        let shown = office.browser().open(&tile(&peer, &office, elsewhere)).await;
        let entry = office.expect_refused(&shown, 422, Cause::ReturnAddress, begun_here).await;
        assert_eq!((entry.connection, entry.is_solicited), (Some(connection), false));
        assert!(!shown.page.body.contains("evil"), "{elsewhere}: {shown:?}");
    }
    // What it did not allow was not used up; what it did is good once.
    let mut browser = office.browser();
    let answer = browser.answer(&tile(&peer, &office, ""), ana.upn).await;
    let shown = browser.go(answer.clone()).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    browser.send(&office.url("/me/sign-out-everywhere"), &[]).await;
    let shown = office.browser().go(answer).await;
    office.expect_refused(&shown, 422, Cause::Replayed, "This sign-in is over").await;
    // Off is off at once.
    let answer = browser.answer(&tile(&peer, &office, ""), ana.upn).await;
    office.save(connection, "rules", &[("name", "Entra"), ("identity", "object_id"), ("return_addresses", "")]).await;
    let shown = browser.go(answer).await;
    office.expect_refused(&shown, 422, Cause::Unsolicited, begun_here).await;
    let answer = browser.answer(&tile(&peer, &office, ""), ana.upn).await;
    office.save(connection, "switch", &[("to", "off")]).await;
    let shown = browser.go(answer).await;
    office.expect_refused(&shown, 422, Cause::ConnectionOff, "switched off").await;
}
