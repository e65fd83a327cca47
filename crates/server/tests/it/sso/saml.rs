//! People sign in by SAML.

use std::collections::BTreeSet;

use domain::connection::cause::SignInCause as Cause;
use serde_json::json;
use testkit::on_both_databases;

use super::office::{Office, SSO};
use super::peer::{Peer, people};
use crate::served::Served;

on_both_databases! { Served:
    people_are_let_in_however_their_answer_is_signed,
    what_our_metadata_says_is_all_that_a_strict_identity_provider_needs,
    our_key_is_replaced_while_people_sign_in,
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

/// The form of the rules; without the last field requests are not signed.
const RULES: [(&str, &str); 4] =
    [("name", "Entra"), ("identity", "object_id"), ("return_addresses", ""), ("signs_requests", "on")];

/// Our certificates in our metadata, each once.
async fn certificates(office: &Office<'_>) -> BTreeSet<String> {
    let metadata = metadata(office).await;
    let parts = metadata.split("<ds:X509Certificate>").skip(1);
    parts.map(|part| part.split_once("</ds:X509Certificate>").unwrap().0.to_owned()).collect()
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
    office.save(connection, "rules", &RULES).await;
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    assert_eq!(peer.last().await["request"]["isSigned"], true);
}

async fn our_key_is_replaced_while_people_sign_in(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    office.save(connection, "rules", &RULES).await;
    let first = certificates(&office).await;
    assert_eq!(first.len(), 1);
    let old = first.first().unwrap().clone();
    let page = office.url(SSO);
    let made = office.admin.send(&format!("{page}/keys"), &[]).await;
    made.expect(200, "Decrypts. Signs when you remove the older one");
    let both = certificates(&office).await;
    assert!(both.len() == 2 && both.is_superset(&first), "{both:?}");
    let new = both.difference(&first).next().unwrap().clone();
    // Whoever knows the old one alone goes on as before: it signs, and decrypts.
    peer.set(json!({"requireSigned": true, "spCertificate": old, "encrypt": true})).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    browser.send(&office.url("/me/sign-out-everywhere"), &[]).await;
    peer.set(json!({"spCertificate": new})).await;
    let refused = office.browser().sign_in(&office.begin(connection), ana.upn).await;
    refused.expect(400, "signature of the message is wrong");
    // What is encrypted for the new one is read already.
    office.save(connection, "rules", &RULES[..3]).await;
    peer.set(json!({"requireSigned": false})).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    browser.send(&office.url("/me/sign-out-everywhere"), &[]).await;
    // Without the old one the new one does all.
    office.save(connection, "rules", &RULES).await;
    let keys = served.rollcall.connections.own_keys(&office.tenant.scope()).await.unwrap();
    let removed = office.admin.send(&format!("{page}/keys/{}/remove", keys[1].id), &[]).await;
    removed.expect(200, "Signs and decrypts");
    assert_eq!(certificates(&office).await, BTreeSet::from([new]));
    peer.set(json!({"requireSigned": true})).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    browser.send(&office.url("/me/sign-out-everywhere"), &[]).await;
    office.save(connection, "rules", &RULES[..3]).await;
    peer.set(json!({"requireSigned": false, "spCertificate": old})).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_refused(&shown, 422, Cause::Undecryptable, "could not be accepted").await;
}
