//! What the real binary does for connections without being asked.

use serde_json::json;
use testkit::db::TestDatabase;
use testkit::{SmtpRules, SmtpSink, on_both_databases};

use super::office::Office;
use super::peer::{Peer, people};
use crate::binary::Home;
use crate::mails::{text, through};
use crate::patience::{until, until_blocking};
use crate::served::{LOOPBACK, Served, ring, url};

on_both_databases! { TestDatabase:
    what_is_published_is_read_again_and_an_end_is_told_by_the_server_itself,
}

async fn what_is_published_is_read_again_and_an_end_is_told_by_the_server_itself(database: &TestDatabase) {
    // The day before yesterday: the certificate had a day left, and all was well.
    let served = Served::at(&url(database.target())).await;
    served.clock.advance_seconds(-2 * 86_400);
    let then = json!({"skew": served.clock.ahead(), "expiredCertificates": [0]});
    let (saml, oidc) = (Peer::start("saml", &then), Peer::start("mock", &json!({"skew": served.clock.ahead()})));
    let mut office = Office::open(&served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let by_saml = office.saml(&saml, &ana).await;
    office.oidc(oidc.text("issuer"), "a secret", &ana).await;
    let read = async || (saml.asked("/metadata").await, oidc.asked("/jwks").await);
    let before = read().await;
    // Today.
    let sink = SmtpSink::start(SmtpRules::default()).unwrap();
    let home = through(&sink, Home::on(database.target())).set("ROLLCALL__KEYS__RING", &ring());
    let home = home.set("ROLLCALL__SSO__ALLOWED_NETWORKS", LOOPBACK);
    let running = home.serve();
    until("the documents to be read", async || (read().await == (before.0 + 1, before.1 + 1)).then_some(())).await;
    let mails = until_blocking("the mail", || Some(sink.received()).filter(|mails| !mails.is_empty()));
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, ["owner@acme.example"]);
    let told = text(&mails[0]);
    for part in ["the certificate of Entra has ended", &format!("/user-authentication/sso/{by_saml}")] {
        assert!(told.contains(part), "{told}");
    }
    running.stop();
    assert_eq!((read().await, sink.received().len()), ((before.0 + 1, before.1 + 1), 1), "once");
}
