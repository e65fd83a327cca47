//! How connections are, in the list that admins see first.

use serde_json::json;
use testkit::on_both_databases;

use super::browser::Shown;
use super::office::{Office, SSO};
use super::peer::{Peer, people};
use crate::served::Served;

on_both_databases! { Served:
    a_connection_says_how_far_it_is,
    a_certificate_that_ends_and_one_that_has_ended_are_shown,
    a_connection_that_refuses_people_is_failing_for_an_hour,
}

const DAY: i64 = 86_400;

/// The state of the only connection, for an owner who signs in now: sessions of before may be over.
async fn state(office: &mut Office<'_>) -> String {
    office.admin = office.enter("owner@acme.example").await;
    let shown = office.admin.open(&office.url(SSO)).await;
    pill(&shown).to_owned()
}

/// The word of the pill in the list's only row.
fn pill(shown: &Shown) -> &str {
    let (_, cell) = shown.page.body.split_once("data-label=\"State\">").unwrap_or_else(|| panic!("{shown:?}"));
    let (_, word) = cell.split_once("</svg>").unwrap();
    word.split_once("</span>").unwrap().0
}

async fn a_connection_says_how_far_it_is(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.add("Entra", "saml").await;
    assert_eq!(state(&mut office).await, "Draft");
    office.save(connection, "saml", &[("source", "url"), ("url", peer.text("metadata"))]).await;
    peer.set(json!({"override": {"audience": "another"}})).await;
    office.test(connection, &ana).await.expect(200, "Test failed");
    assert_eq!(state(&mut office).await, "Test failed");
    peer.reset(json!({})).await;
    office.test(connection, &ana).await.expect(200, "Test passed");
    assert_eq!(state(&mut office).await, "Tested");
    office.save(connection, "switch", &[("to", "active")]).await;
    assert_eq!(state(&mut office).await, "Active");
    office.save(connection, "switch", &[("to", "off")]).await;
    assert_eq!(state(&mut office).await, "Switched off");
}

async fn a_certificate_that_ends_and_one_that_has_ended_are_shown(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    // Its certificate is good for three years.
    for (days, said) in [
        (0, "Active"),
        (3 * 365 - 31, "Active"),
        (3 * 365 - 29, "Certificate ends soon"),
        (3 * 365 - 1, "Certificate ends soon"),
        (3 * 365 + 1, "Certificate ended"),
    ] {
        served.clock.advance_seconds(days * DAY - served.clock.ahead());
        assert_eq!(state(&mut office).await, said, "{days}");
    }
    office.save(connection, "switch", &[("to", "off")]).await;
    assert_eq!(state(&mut office).await, "Switched off", "nobody misses it");
}

async fn a_connection_that_refuses_people_is_failing_for_an_hour(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    peer.set(json!({"override": {"audience": "another"}})).await;
    for said in ["Active", "Active", "Failing: 3 in an hour", "Failing: 4 in an hour"] {
        office.browser().sign_in(&office.begin(connection), ana.upn).await.expect(422, "wrong_audience");
        assert_eq!(state(&mut office).await, said);
    }
    served.clock.advance_seconds(3_601);
    assert_eq!(state(&mut office).await, "Active");
}
