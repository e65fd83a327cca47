//! What the page of a connection and that of a test show, and how a description comes as a file.

use domain::email_domain::DomainPolicy;
use domain::ids::ConnectionId;
use domain::ops::Look;
use serde_json::json;
use testkit::connections::certificate;
use testkit::on_both_databases;
use web::limit::Unlimited;

use super::browser::Shown;
use super::office::{Office, SSO};
use super::peer::{Peer, people};
use crate::served::Served;

on_both_databases! { Served:
    a_test_is_seen_from_its_beginning_to_its_end_without_loading_the_page_again,
    what_is_done_belongs_to_the_version_that_the_page_shows,
    metadata_comes_as_a_file,
    a_file_that_is_no_metadata_is_refused_and_the_rest_is_kept,
    a_result_shows_who_signed_in_and_whether_they_come_from_outside,
    an_end_of_the_certificate_is_said_by_pill_banner_and_overview_alike,
    refusals_are_said_by_pill_and_banner_alike,
}

const DAY: i64 = 86_400;

/// The part of a connection's page about how it is.
async fn status(office: &mut Office<'_>, id: ConnectionId) -> Shown {
    let url = format!("{}/status", office.page(id));
    office.admin.open(&url).await
}

async fn sign_ins(office: &mut Office<'_>, id: ConnectionId) -> Shown {
    let url = format!("{}/sign-ins", office.page(id));
    office.admin.open(&url).await
}

async fn list(office: &mut Office<'_>) -> Shown {
    let url = office.url(SSO);
    office.admin.open(&url).await
}

/// The metadata of a peer.
async fn metadata(peer: &Peer) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(peer.text("metadata")).send().await.unwrap().text().await.unwrap()
}

async fn a_test_is_seen_from_its_beginning_to_its_end_without_loading_the_page_again(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let id = office.add("Entra", "saml").await;
    status(&mut office, id).await.expect(200, "Not set up yet");
    office.save(id, "saml", &[("source", "url"), ("url", peer.text("metadata"))]).await;
    let page = office.admin.open(&office.page(id)).await;
    page.expect(200, &format!("data-live=\"{SSO}/{id}/status?seen="));
    page.expect(200, &format!("data-live=\"{SSO}/{id}/sign-ins\""));
    let ready = status(&mut office, id).await;
    ready.expect(200, "Ready to be tested");
    let mark = ready.page.headers["x-mark"].to_str().unwrap().to_owned();
    let url = format!("{}/status?mark={mark}", office.page(id));
    assert_eq!(office.admin.open(&url).await.page.status, 204, "nothing has changed");
    let tested = office.admin.open(&format!("{}/test", office.page(id))).await;
    assert!(tested.url.as_str().starts_with(peer.text("origin")), "{tested:?}");
    // It is with the identity provider.
    let waiting = office.admin.open(&url).await;
    waiting.expect(200, "Waiting for the test");
    waiting.expect(200, "Test sign-in");
    list(&mut office).await.expect(200, "Testing</span>");
    // It does not come back any more.
    served.clock.advance_seconds(901);
    status(&mut office, id).await.expect(200, "Ready to be tested");
    list(&mut office).await.expect(200, "Draft</span>");
    // One fails, and another that was begun before it never came back.
    peer.set(json!({"skew": served.clock.ahead()})).await;
    office.admin.open(&format!("{}/test", office.page(id))).await;
    peer.set(json!({"override": {"audience": "https://other.example/"}})).await;
    served.clock.advance_seconds(2);
    office.test(id, &ana).await.expect(200, "Meant for somebody else");
    status(&mut office, id).await.expect(200, "Test failed");
    sign_ins(&mut office, id).await.expect(200, "Meant for somebody else");
    peer.set(json!({"override": {}})).await;
    office.test(id, &ana).await.expect(200, "Test passed");
    let passed = status(&mut office, id).await;
    passed.expect(200, "Test passed");
    passed.expect(200, "value=\"active\">Activate</button>");
    let seen = sign_ins(&mut office, id).await;
    seen.expect(200, "Passed");
    assert_eq!(seen.page.body.matches(">Test<").count(), 2, "{seen:?}");
}

async fn what_is_done_belongs_to_the_version_that_the_page_shows(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let id = office.add("Entra", "saml").await;
    office.save(id, "saml", &[("source", "url"), ("url", peer.text("metadata"))]).await;
    office.test(id, &ana).await.expect(200, "Test passed");
    let page = office.admin.open(&office.page(id)).await;
    let seen = page.page.carried("seen").unwrap().to_owned();
    let url = format!("{}/status?seen={seen}", office.page(id));
    office.admin.open(&url).await.expect(200, "Activate</button>");
    let rules = [("name", "Another"), ("identity", "object_id"), ("return_addresses", "")];
    office.save(id, "rules", &rules).await;
    let outdated = office.admin.open(&url).await;
    outdated.expect(200, "This connection was changed by owner@acme.example since you opened this page.");
    outdated.expect(200, "Load the page again");
    assert!(!outdated.page.body.contains("Activate</button>"), "{outdated:?}");
}

async fn metadata_comes_as_a_file(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let id = office.add("Entra", "saml").await;
    let good = metadata(&peer).await;
    let url = format!("{}/saml", office.page(id));
    // As large as a description may be: that of a federation has much that is not ours to read.
    let filler = format!("<!--{}-->", "x".repeat(4 * 1024 * 1024 - good.len() - 7));
    for document in [good.clone(), format!("\u{feff}{good}"), format!("{good}{filler}")] {
        let page = office.admin.open(&office.page(id)).await;
        page.expect(200, "enctype=\"multipart/form-data\"");
        page.expect(200, "type=\"file\"");
        let fields = [("source", "document"), ("document", "what was pasted before")];
        let shown = office.admin.upload(&url, &fields, document.as_bytes()).await;
        assert!(shown.url.query().is_some_and(|query| query.starts_with("done=")), "{}", shown.page.status);
        shown.expect(200, "Ready to be tested");
    }
    // Without a file what was pasted counts.
    office.admin.open(&office.page(id)).await;
    let shown = office.admin.upload(&url, &[("source", "document"), ("document", &good)], b"").await;
    assert!(shown.url.query().is_some_and(|query| query.starts_with("done=")), "{shown:?}");
    // What is fetched may have the mark as well.
    peer.set(json!({"trouble": {"/metadata": {"body": format!("\u{feff}{good}")}}})).await;
    office.save(id, "saml", &[("source", "url"), ("url", peer.text("metadata"))]).await;
}

async fn a_file_that_is_no_metadata_is_refused_and_the_rest_is_kept(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let id = office.add("Entra", "saml").await;
    let good = metadata(&peer).await;
    let url = format!("{}/saml", office.page(id));
    let scope = office.tenant.scope();
    let before = served.rollcall.connections.find(&scope, id).await.unwrap();
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).chain([0xff]).collect();
    let large = format!("{good}{}", " ".repeat(5 * 1024 * 1024));
    let larger = vec![b'x'; 20 * 1024 * 1024];
    for (file, why) in [
        (large.as_bytes(), "larger than 4 MiB"),
        (&larger, "larger than 4 MiB"),
        (&utf_16, "not text in UTF-8"),
        (b"{\"not\": \"xml\"}", "not well-formed XML"),
    ] {
        office.admin.open(&office.page(id)).await;
        let fields = [("source", "document"), ("document", "<kept/>"), ("url", "https://kept.example/metadata")];
        let shown = office.admin.upload(&url, &fields, file).await;
        shown.expect(422, "Not saved");
        shown.expect(422, why);
        shown.expect(422, "aria-describedby=\"file-error\"");
        for kept in ["&#60;kept/&#62;", "https://kept.example/metadata", "value=\"document\" checked"] {
            shown.expect(422, kept);
        }
        assert_eq!(served.rollcall.connections.find(&scope, id).await.unwrap(), before);
    }
    for (fields, why) in [(vec![("source", "document")], "Choose the XML file"), (vec![], "Enter it again")] {
        office.send(id, "saml", &fields).await.expect(422, why);
    }
    let shown = office.send(id, "saml", &[("source", "document"), ("document", &large)]).await;
    shown.expect(422, "larger than 4 MiB");
    shown.expect(422, "aria-describedby=\"document-error\"");
    // Only from a page of ours, and from somebody who may.
    let mut stranger = office.browser();
    for (file, kept) in [(good.as_bytes(), "source=document"), (&larger, "name=\"kept_form\" value=\"\"")] {
        let shown = stranger.upload(&url, &[("source", "document")], file).await;
        shown.expect(401, "Sign in");
        shown.expect(401, kept);
    }
    let forged = office.admin.form(&url, &[("source", "document")]).with("csrf", "another").carrying(good.as_bytes());
    let shown = office.admin.go(forged).await;
    assert_eq!(shown.page.status, 403, "{shown:?}");
    assert_eq!(served.rollcall.connections.find(&scope, id).await.unwrap(), before);
}

async fn a_result_shows_who_signed_in_and_whether_they_come_from_outside(served: &Served) {
    let saml = Peer::start("saml", &json!({"nameIdFormat": "persistent"}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let id = office.add("Entra", "saml").await;
    office.save(id, "saml", &[("source", "url"), ("url", saml.text("metadata"))]).await;
    let shown = office.test(id, &ana).await;
    shown.expect(200, ">Name ID</div>");
    shown.expect(200, ", as persistent");
    shown.expect(200, "Not compared");
    assert!(!shown.page.body.contains("verified domains"), "the tenant has none: {shown:?}");

    let domains = served.rollcall.domains(std::sync::Arc::new(Unlimited));
    let cx = served.rollcall.operator_context(&office.tenant);
    let domain = domains.add(&cx, "fabrikam.example".parse().unwrap()).await.unwrap();
    served.dns.publish(&domain.name.record(), &[&domain.challenge]);
    let Look::Done(_) = domains.check(&cx, domain.id).await.unwrap() else { panic!("nobody is to wait") };
    for (policy, said) in [
        (DomainPolicy::Off, None),
        (DomainPolicy::Warn, Some("Test passed")),
        (DomainPolicy::Require, Some("Test failed: Outside of your domains")),
    ] {
        domains.set_policy(&cx, policy).await.unwrap();
        saml.set(json!({"nameIdFormat": "emailAddress"})).await;
        let shown = office.test(id, &ana).await;
        shown.expect(200, "ana.kovac@contoso.example, as email address");
        shown.expect(200, said.unwrap_or("Test passed"));
        let is_outside = shown.page.body.contains("contoso.example is not one of your verified domains.");
        assert_eq!(is_outside, said.is_some(), "{policy:?}: {shown:?}");
    }
    domains.set_policy(&cx, DomainPolicy::Warn).await.unwrap();
    // Nobody is joined by a name that may be somebody else's.
    let rules = [("name", "Entra"), ("identity", "name_id"), ("return_addresses", "")];
    office.save(id, "rules", &rules).await;
    let shown = office.test(id, &ana).await;
    shown.expect(200, "Can change");
    shown.expect(200, "which may be somebody else");
    assert_eq!(shown.page.body.matches(">Name ID</div>").count(), 1, "{shown:?}");

    let mock = Peer::start("mock", &json!({}));
    let login = office.add("Login", "oidc").await;
    let fields = [("issuer", mock.text("issuer")), ("client_id", "rollcall"), ("secret", "a secret of theirs")];
    office.save(login, "oidc", &fields).await;
    let shown = office.test(login, &ana).await;
    shown.expect(200, ">Subject (sub)</div>");
    shown.expect(200, "Not compared");
    shown.expect(200, "contoso.example is not one of your verified domains.");
}

async fn an_end_of_the_certificate_is_said_by_pill_banner_and_overview_alike(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let id = office.saml(&peer, &ana).await;
    status(&mut office, id).await.expect(200, "banner ok");
    let now = served.rollcall.operator_context(&office.tenant).now;
    let ending = certificate(now.plus_seconds(20 * DAY));
    let hand = [
        ("source", "hand"),
        ("entity_id", "https://login.example/"),
        ("sso_url", "https://login.example/saml2"),
        ("certificates", &ending),
    ];
    office.save(id, "saml", &hand).await;
    for (tone, word, step, sentence) in [
        ("warn", "Certificate ends soon", "Nobody can sign in from then on.", "its certificate ends soon."),
        ("bad", "Certificate ended", "so nobody can sign in.", "so nobody can sign in by it."),
    ] {
        let shown = status(&mut office, id).await;
        shown.expect(200, &format!("banner {tone}"));
        shown.expect(200, word);
        shown.expect(200, step);
        shown.expect(200, "add it below, beside the old one.");
        assert!(!shown.page.body.contains("People can sign in"), "{shown:?}");
        let pill = format!("pill {tone}");
        for page in [SSO, "/settings/user-authentication"] {
            let url = office.url(page);
            let shown = office.admin.open(&url).await;
            shown.expect(200, &pill);
            shown.expect(200, word);
            if page != SSO {
                shown.expect(200, sentence);
            }
        }
        served.clock.advance_seconds(21 * DAY);
        office.admin = office.enter("owner@acme.example").await;
    }
}

async fn refusals_are_said_by_pill_and_banner_alike(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, zoe] = people();
    office.provision(&ana).await;
    let id = office.saml(&peer, &ana).await;
    for _ in 0..3 {
        office.browser().sign_in(&office.begin(id), zoe.upn).await.expect(422, "has not been set up yet");
    }
    let shown = status(&mut office, id).await;
    shown.expect(200, "banner bad");
    shown.expect(200, "Sign-ins are failing");
    list(&mut office).await.expect(200, "Failing: 3 in an hour");
    served.clock.advance_seconds(3_601);
    status(&mut office, id).await.expect(200, "banner ok");
}
