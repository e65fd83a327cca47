//! Signing out, here and at the identity provider, whichever begins.

use domain::connection::cause::SignInCause as Cause;
use domain::journal::What;
use domain::store::Store as _;
use serde_json::{Value, json};
use testkit::on_both_databases;
use testkit::world::number_facts;
use url::Url;

use super::browser::Browser;
use super::office::Office;
use super::peer::{Peer, Person, people};
use crate::served::Served;

on_both_databases! { Served:
    signing_out_here_ends_the_session_there,
    signing_out_there_ends_the_session_here,
    nobody_is_signed_out_by_what_somebody_else_made_up,
    signing_out_here_ends_the_session_of_an_openid_provider,
}

/// A peer that knows our certificate and address for logouts, and Ana, who is signed in.
async fn signed_in(served: &Served) -> (Peer, Office<'_>, Browser, Person) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    let metadata = office.browser().open(&office.url("/sso/saml/metadata")).await.page.body;
    let (_, rest) = metadata.split_once("<ds:X509Certificate>").unwrap();
    let certificate = rest.split_once("</ds:X509Certificate>").unwrap().0;
    let entity = peer.text("entityId");
    let settings = json!({
        "spCertificate": certificate, "logoutUrl": office.url("/sso/saml/slo"), "logoutIssuer": entity,
    });
    peer.set(settings).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    (peer, office, browser, ana)
}

/// Whether the identity provider knows the browser still: it asks whoever it does not know.
async fn is_known_there(peer: &Peer, office: &Office<'_>, browser: &mut Browser) -> bool {
    let mut start = Url::parse(peer.text("start")).unwrap();
    let (acs, audience) = (office.url("/sso/saml/acs"), office.url("/sso/saml/metadata"));
    start.query_pairs_mut().extend_pairs([("acs", &*acs), ("audience", &*audience)]);
    let shown = browser.look(start.as_str()).await;
    shown.page.body.contains("SAMLResponse")
}

async fn signing_out_here_ends_the_session_there(served: &Served) {
    let (peer, mut office, mut browser, ana) = signed_in(served).await;
    assert!(is_known_there(&peer, &office, &mut browser).await);
    browser.open(&office.url("/me")).await;
    let shown = browser.send(&office.url("/me/sign-out"), &[]).await;
    shown.expect(200, "You are signed out");
    assert_eq!(shown.url.as_str(), office.url("/sso/signed-out"));
    let asked = peer.last().await["logoutReceived"]["xml"].as_str().unwrap().to_owned();
    assert!(asked.contains("LogoutRequest") && asked.contains("SessionIndex"), "{asked}");
    assert!(!office.is_in(&mut browser).await && !is_known_there(&peer, &office, &mut browser).await);
    assert_eq!((office.sessions().await, office.entries().await), (0, Vec::new()));
    // The session here ends whatever becomes of the one there.
    let begin = office.begin(served.rollcall.connections.list(&office.tenant.scope()).await.unwrap()[0].id);
    for trouble in [json!({"logoutFails": true}), json!({"down": true})] {
        peer.set(json!({"down": false})).await;
        let mut browser = office.browser();
        let shown = browser.sign_in(&begin, ana.upn).await;
        office.expect_in(&mut browser, &shown, &ana).await;
        peer.set(trouble.clone()).await;
        let step = browser.form(&office.url("/me/sign-out"), &[]);
        let left = browser.take(&step).await;
        left.expect(200, "Your session here has ended.");
        if trouble.get("down").is_none() {
            browser.open(left.page.headers["refresh"].to_str().unwrap().split_once("url=").unwrap().1).await;
            office.entries().await;
        }
        assert!(!office.is_in(&mut browser).await, "{trouble}");
        assert_eq!(office.sessions().await, 0, "{trouble}");
    }
}

/// How sessions of people have ended, as the journal has it.
async fn ended(served: &Served, office: &Office<'_>) -> Vec<(String, Value)> {
    number_facts(served.rollcall.store.as_ref(), served.rollcall.clock.now()).await;
    let mut read = served.rollcall.store.read(&office.tenant.scope()).await.unwrap();
    let facts = read.facts_after(0, 1_000).await.unwrap().into_iter();
    let ended = facts.filter(|fact| fact.what == What::SessionEnded);
    ended.map(|fact| (fact.actor_kind, fact.payload.unwrap()["how"].clone())).collect()
}

async fn signing_out_there_ends_the_session_here(served: &Served) {
    let (peer, office, mut browser, ana) = signed_in(served).await;
    assert_eq!(ended(served, &office).await, []);
    let shown = browser.open(peer.text("signOut")).await;
    shown.expect(200, "You are signed out");
    assert!(shown.url.as_str().starts_with(peer.text("origin")), "our answer leads back: {shown:?}");
    assert!(!office.is_in(&mut browser).await);
    assert_eq!(office.sessions().await, 0);
    let answer = peer.last().await["logoutReceived"]["xml"].as_str().unwrap().to_owned();
    assert!(answer.contains("LogoutResponse") && answer.contains("status:Success"), "{answer}");
    let by_provider = || ("system".to_owned(), json!("signed_out_at_provider"));
    assert_eq!(ended(served, &office).await, [by_provider()]);
    // Of several sessions only the one that is named ends.
    let begin = office.begin(served.rollcall.connections.list(&office.tenant.scope()).await.unwrap()[0].id);
    let (mut work, mut home) = (office.browser(), office.browser());
    for browser in [&mut work, &mut home] {
        browser.sign_in(&begin, ana.upn).await.expect(200, ana.name);
    }
    work.open(peer.text("signOut")).await;
    assert_eq!((office.is_in(&mut work).await, office.is_in(&mut home).await), (false, true));
    assert_eq!(ended(served, &office).await, [by_provider(), by_provider()]);
}

async fn nobody_is_signed_out_by_what_somebody_else_made_up(served: &Served) {
    let (peer, mut office, mut browser, _) = signed_in(served).await;
    let mut other = Office::open(served, "other").await;
    let others = other.add("Entra", "saml").await;
    other.save(others, "saml", &[("source", "url"), ("url", peer.text("metadata"))]).await;
    // What the identity provider would have Ana's browser bring.
    let signed = browser.answer(peer.text("signOut"), "").await;
    let changed = |name, value| signed.clone().asking(name, value);
    let unsigned = changed("Signature", None).asking("SigAlg", None);
    let mut stranger = office.browser();
    for (step, cause) in [
        (changed("Signature", Some("AAAA")), Cause::SignatureWrong),
        (changed("RelayState", Some("more")), Cause::SignatureWrong),
        (changed("SigAlg", Some("http://www.w3.org/2000/09/xmldsig#rsa-sha1")), Cause::WeakAlgorithm),
        (changed("SAMLRequest", Some("bm8")), Cause::Unreadable),
        (changed("SAMLRequest", None), Cause::Unreadable),
    ] {
        let shown = stranger.go(step.clone()).await;
        assert_eq!(shown.page.status, 422, "{step:?}: {shown:?}");
        assert_eq!(office.entry().await.cause, Some(cause), "{step:?}");
        assert!(office.is_in(&mut browser).await, "{step:?}");
    }
    // Without a signature nobody else's session ends; with one it is for this tenant alone.
    stranger.go(unsigned).await;
    assert!(office.is_in(&mut browser).await);
    office.entries().await;
    let shown = stranger.go(signed.clone().at_host(&other.host())).await;
    assert_eq!(shown.page.status, 422);
    assert_eq!(other.entry().await.cause, Some(Cause::WrongAddress));
    assert!(office.is_in(&mut browser).await);
    // Too late.
    served.clock.advance_seconds(16 * 60);
    let shown = stranger.go(signed.clone()).await;
    assert_eq!((shown.page.status, office.entry().await.cause), (422, Some(Cause::Expired)));
    assert!(office.is_in(&mut browser).await);
    // Her own browser may bring one without a signature.
    peer.set(json!({"skew": served.clock.ahead(), "signLogout": false})).await;
    let begin = office.begin(served.rollcall.connections.list(&office.tenant.scope()).await.unwrap()[0].id);
    let [ana, _] = people();
    let mut own = office.browser();
    own.sign_in(&begin, ana.upn).await.expect(200, ana.name);
    own.open(peer.text("signOut")).await;
    assert_eq!((office.is_in(&mut own).await, office.is_in(&mut browser).await), (false, true));
}

async fn signing_out_here_ends_the_session_of_an_openid_provider(served: &Served) {
    let peer = Peer::start("oidc", &json!({"entraClaims": true}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let secret = "a secret of nobody but the two of us";
    peer.set(json!({"client": {
        "id": "rollcall", "secret": secret, "authentication": "client_secret_post",
        "redirectUris": [office.url("/sso/oidc/callback")],
        "postLogoutRedirectUris": [office.url("/sso/signed-out")],
    }}))
    .await;
    let connection = office.oidc(peer.text("issuer"), secret, &ana).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    // It knows the browser, and does not ask again.
    browser.open(&office.begin(connection)).await.expect(200, ana.name);
    let shown = browser.send(&office.url("/me/sign-out"), &[]).await;
    shown.expect(200, "You are signed out");
    assert_eq!(shown.url.as_str(), office.url("/sso/signed-out"));
    assert!(!office.is_in(&mut browser).await);
    assert_eq!(office.sessions().await, 0);
    let asked = browser.open(&office.begin(connection)).await;
    asked.expect(200, "Sign in as");
}
