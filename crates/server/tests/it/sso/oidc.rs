//! People sign in by OpenID Connect.

use serde_json::json;
use testkit::on_both_databases;

use super::office::Office;
use super::peer::{Peer, people};
use crate::served::Served;

on_both_databases! { Served:
    people_are_let_in_by_a_certified_provider,
    people_are_let_in_by_a_provider_of_entras_form,
}

const SECRET: &str = "a secret of nobody but the two of us";

async fn people_are_let_in_by_a_certified_provider(served: &Served) {
    let peer = Peer::start("oidc", &json!({"entraClaims": true}));
    let mut office = Office::open(served, "acme").await;
    let [ana, zoe] = people();
    for person in [ana, zoe] {
        office.provision(&person).await;
    }
    let client = |authentication: &str| {
        json!({"client": {
            "id": "rollcall", "secret": SECRET, "authentication": authentication,
            "redirectUris": [office.url("/sso/oidc/callback")],
            "postLogoutRedirectUris": [office.url("/sso/signed-out")],
        }})
    };
    let (by_form, by_header) = (client("client_secret_post"), client("client_secret_basic"));
    peer.set(by_form.clone()).await;
    let connection = office.oidc(peer.text("issuer"), SECRET, &ana).await;
    for (client, claims_in_id_token) in [(by_form, true), (by_header, false)] {
        peer.set(client).await;
        peer.set(json!({"claimsInIdToken": claims_in_id_token})).await;
        // How it wants to be told the secret stands in what it publishes.
        office.save(connection, "read", &[]).await;
        let mut browser = office.browser();
        let shown = browser.sign_in(&format!("{}?next=%2Fme%3Ffrom%3Dhere", office.begin(connection)), zoe.upn).await;
        shown.expect(200, "Zoë &#38; Søn");
        assert_eq!(shown.url.as_str(), office.url("/me?from=here"));
        let entry = office.entry().await;
        assert_eq!((entry.cause, entry.key.as_deref()), (None, Some(zoe.object_id)), "{entry:?}");
        assert!(office.is_in(&mut browser).await);
    }
    let last = peer.last().await;
    assert_eq!(last["authorization"]["code_challenge_method"], "S256");
    assert!(!last["token"]["form"]["code_verifier"].as_str().unwrap().is_empty());
}

async fn people_are_let_in_by_a_provider_of_entras_form(served: &Served) {
    let peer = Peer::start("mock", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, zoe] = people();
    let id = office.provision(&zoe).await;
    let connection = office.oidc(peer.text("issuer"), SECRET, &ana).await;
    peer.set(json!({"person": zoe.upn})).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), zoe.upn).await;
    let entry = office.expect_in(&mut browser, &shown, &zoe).await;
    assert_eq!(entry.person.map(|person| person.0.to_string()), Some(id));
    let last = peer.last().await;
    assert_eq!(
        (&last["token"]["claims"]["oid"], last["token"]["form"]["client_secret"].as_str()),
        (&json!(zoe.object_id), Some(SECRET))
    );
}
