//! People sign in by SAML.

use serde_json::json;
use testkit::on_both_databases;

use super::office::Office;
use super::peer::{Peer, people};
use crate::served::Served;

on_both_databases! { Served:
    people_are_let_in_however_their_answer_is_signed,
    what_our_metadata_says_is_all_that_a_strict_identity_provider_needs,
}

/// What stands after `before` in our metadata, up to `after`.
fn told<'m>(metadata: &'m str, before: &str, after: &str) -> &'m str {
    let (_, rest) = metadata.split_once(before).unwrap_or_else(|| panic!("no {before}: {metadata}"));
    rest.split_once(after).unwrap().0
}

async fn metadata(office: &Office<'_>) -> String {
    let shown = office.browser().open(&office.url("/sso/saml/metadata")).await;
    assert_eq!(shown.page.headers["content-type"], "application/samlmetadata+xml");
    shown.page.body
}

async fn people_are_let_in_however_their_answer_is_signed(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    let id = office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    let certificate = told(&metadata(&office).await, "<ds:X509Certificate>", "</ds:X509Certificate>").to_owned();
    for sign in ["assertion", "response", "both"] {
        for encrypt in [false, true] {
            peer.reset(json!({"sign": sign, "encrypt": encrypt, "spCertificate": certificate})).await;
            let mut browser = office.browser();
            let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
            assert_eq!(shown.url.as_str(), office.url("/me"), "{sign} {encrypt}");
            let entry = office.expect_in(&mut browser, &shown, &ana).await;
            assert!(entry.is_solicited && entry.connection == Some(connection), "{entry:?}");
            assert_eq!(entry.person.map(|person| person.0.to_string()), Some(id.clone()));
            assert_eq!(entry.key.as_deref(), Some(ana.object_id));
        }
    }
    assert_eq!(office.sessions().await, 6);
}

async fn what_our_metadata_says_is_all_that_a_strict_identity_provider_needs(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    let metadata = metadata(&office).await;
    let service = |name: &str| {
        let (_, element) = metadata.split_once(&format!("{name} ")).unwrap_or_else(|| panic!("{metadata}"));
        told(element, "Location=\"", "\"").to_owned()
    };
    peer.set(json!({
        "identifier": told(&metadata, "entityID=\"", "\""),
        "replyUrl": service("AssertionConsumerService"),
        "spCertificate": told(&metadata, "<ds:X509Certificate>", "</ds:X509Certificate>"),
        "requireSigned": true,
    }))
    .await;
    let mut browser = office.browser();
    let refused = browser.sign_in(&office.begin(connection), ana.upn).await;
    refused.expect(400, "has to be signed");
    let rules = [("name", "Entra"), ("identity", "object_id"), ("signs_requests", "on"), ("return_addresses", "")];
    office.save(connection, "rules", &rules).await;
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    assert_eq!(peer.last().await["request"]["isSigned"], true);
}
