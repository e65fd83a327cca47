//! Setting a connection up with what is wrong: each is said in words, and nothing is saved.

use domain::admin::AdminRole;
use domain::connection::Setup;
use domain::ids::ConnectionId;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::office::{Office, SSO};
use super::peer::{Peer, people};
use crate::reader::employ;
use crate::served::Served;

on_both_databases! { Served:
    metadata_that_cannot_be_used_is_not_saved,
    addresses_inside_are_not_asked,
    issuers_that_cannot_be_used_are_not_saved,
    what_is_set_up_anew_has_to_be_tested_anew,
    auditors_look_and_change_nothing,
}

/// Sends a form that must not be taken; the page says why.
async fn expect_not_saved(office: &mut Office<'_>, id: ConnectionId, form: &str, fields: &[(&str, &str)], why: &str) {
    let scope = office.tenant.scope();
    let before = office.served.rollcall.connections.find(&scope, id).await.unwrap();
    let shown = office.send(id, form, fields).await;
    shown.expect(422, "Not saved");
    let text = shown.page.body.replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&");
    let text = text.replace("&#60;", "<").replace("&#62;", ">");
    let message = text.split_once("role=\"alert\"").unwrap().1.split_once("</div>").unwrap().0;
    assert!(message.contains(why), "{fields:?}: {message}");
    // What was typed stands there still.
    for (name, value) in fields.iter().filter(|(name, value)| *name != "secret" && value.len() < 200) {
        assert!(text.contains(value), "{name} is gone: {text}");
    }
    assert_eq!(office.served.rollcall.connections.find(&scope, id).await.unwrap(), before);
}

async fn metadata(peer: &Peer) -> String {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(peer.text("metadata"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

async fn metadata_that_cannot_be_used_is_not_saved(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let id = office.add("Entra", "saml").await;
    let good = metadata(&peer).await;
    let url = peer.text("metadata").to_owned();
    let certificates = |document: &str| {
        let mut parts = document.split("<X509Certificate>");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |text, part| text + part.split_once("</X509Certificate>").unwrap().1)
    };
    let documents = [
        (certificates(&good), "certificate"),
        (good.replace("use=\"signing\"", "use=\"encryption\""), "certificate"),
        (format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{}", good.split_once("?>").unwrap().1), "document type"),
        (good.replace("IDPSSODescriptor", "SPSSODescriptor"), "identity provider"),
        (good.replace("http://127.0.0.1", "http://login.example"), "https"),
        (good.replace("HTTP-Redirect", "HTTP-Artifact"), "post"),
        (good.replace(peer.text("entityId"), "https://sts.windows.net/{tenantid}/"), "tenant"),
        (good[..good.len() / 2].to_owned(), "XML"),
        ("{\"not\": \"xml\"}".to_owned(), "XML"),
        (String::new(), "XML"),
    ];
    for (document, why) in &documents {
        expect_not_saved(&mut office, id, "saml", &[("source", "document"), ("document", document)], why).await;
        if document.is_empty() {
            continue;
        }
        peer.set(json!({"trouble": {"/metadata": {"body": document}}})).await;
        expect_not_saved(&mut office, id, "saml", &[("source", "url"), ("url", &url)], why).await;
    }
    let troubles = [
        (json!({"status": 404}), "404"),
        (json!({"bytes": 5_000_000}), "larger"),
        (json!({"reset": true}), "cannot be reached"),
        (
            json!({"status": 302, "headers": {"Location": "http://169.254.169.254/latest"}}),
            "leads on to another address",
        ),
        (json!({"slow": 30}), "4 seconds"),
    ];
    for (trouble, why) in troubles {
        peer.set(json!({"trouble": {"/metadata": trouble}})).await;
        expect_not_saved(&mut office, id, "saml", &[("source", "url"), ("url", &url)], why).await;
    }
    let hand = |entity, sso, certificates| {
        [("source", "hand"), ("entity_id", entity), ("sso_url", sso), ("certificates", certificates)]
    };
    let certificate = peer_certificate(&good);
    for (fields, why) in [
        (hand("", "https://login.example/saml2", &certificate), "entity id"),
        (hand("https://login.example/", "", &certificate), "address"),
        (hand("https://login.example/", "javascript:alert(1)", &certificate), "https"),
        (hand("https://login.example/", "http://login.example/saml2", &certificate), "https"),
        (hand("https://login.example/", "https://login.example/saml2", ""), "certificate"),
        (hand("https://login.example/", "https://login.example/saml2", "bm8="), "certificate"),
    ] {
        expect_not_saved(&mut office, id, "saml", &fields, why).await;
    }
    // A draft leads nobody anywhere, and cannot be activated.
    office.send(id, "switch", &[("to", "active")]).await.expect(422, "Not changed");
    // The same document without a fault.
    peer.set(json!({"trouble": {}})).await;
    office.save(id, "saml", &[("source", "document"), ("document", &good)]).await;
    office.save(id, "saml", &hand("https://login.example/", "https://login.example/saml2", &certificate)).await;
}

fn peer_certificate(metadata: &str) -> String {
    metadata.split_once("<X509Certificate>").unwrap().1.split_once("</X509Certificate>").unwrap().0.to_owned()
}

async fn addresses_inside_are_not_asked(served: &Served) {
    let saml = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let ids = [office.add("Entra", "saml").await, office.add("Login", "oidc").await];
    // Where nothing is said only this machine may be asked, and only it without TLS.
    for (url, why) in [
        ("http://login.example/metadata", "https"),
        ("https://10.0.0.1/metadata", "inside"),
        ("https://169.254.169.254/latest/meta-data", "inside"),
        ("https://[fd00::1]/metadata", "inside"),
        ("https://0.0.0.0/", "inside"),
        ("https://user:password@login.example/metadata", "user"),
        ("file:///etc/passwd", "names no server"),
        ("gopher://127.0.0.1/", "https"),
        ("metadata", "address"),
        ("", "address"),
    ] {
        expect_not_saved(&mut office, ids[0], "saml", &[("source", "url"), ("url", url)], why).await;
    }
    let strict = served.strict_replica().await;
    office.admin = office.admin.at(&strict);
    let port = saml.text("origin").rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
        let url = format!("https://{host}:{port}/metadata");
        expect_not_saved(&mut office, ids[0], "saml", &[("source", "url"), ("url", &url)], "inside").await;
        let issuer = format!("https://{host}:{port}");
        let fields = [("issuer", &*issuer), ("client_id", "rollcall"), ("secret", "a secret")];
        expect_not_saved(&mut office, ids[1], "oidc", &fields, "inside").await;
    }
    expect_not_saved(&mut office, ids[0], "saml", &[("source", "url"), ("url", saml.text("metadata"))], "https").await;
    assert_eq!(saml.asked("/metadata").await, 0, "nobody inside was asked");
}

/// What is entered of an OpenID provider.
fn fields(issuer: &str) -> [(&str, &str); 3] {
    [("issuer", issuer), ("client_id", "rollcall"), ("secret", "a secret of theirs")]
}

async fn issuers_that_cannot_be_used_are_not_saved(served: &Served) {
    let peer = Peer::start("mock", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let id = office.add("Login", "oidc").await;
    let issuer = peer.text("issuer").to_owned();
    for (issuer, why) in [
        ("https://login.microsoftonline.com/common/v2.0", "tenant"),
        ("https://login.microsoftonline.com/organizations/v2.0", "tenant"),
        ("http://login.example", "https"),
        ("login.example", "address"),
        ("", "address"),
        ("https://10.0.0.1", "inside"),
    ] {
        expect_not_saved(&mut office, id, "oidc", &fields(issuer), why).await;
    }
    let entras = "https://login.microsoftonline.com/{tenantid}/v2.0";
    let troubles: [(Value, &str); 7] = [
        (json!({"discovery": {"issuer": entras}}), "issuer"),
        (json!({"discovery": {"issuer": "https://login.example/"}}), "issuer"),
        (json!({"discovery": {"token_endpoint": null}}), "oken_endpoint is missing"),
        (json!({"discovery": {"jwks_uri": "https://10.0.0.1/keys"}}), "inside"),
        (json!({"trouble": {"openid-configuration": {"status": 404}}}), "404"),
        (json!({"trouble": {"openid-configuration": {"bytes": 5_000_000}}}), "larger"),
        (json!({"trouble": {"/jwks": {"body": {"keys": []}}}}), "key"),
    ];
    for (settings, why) in troubles {
        peer.reset(settings).await;
        expect_not_saved(&mut office, id, "oidc", &fields(&issuer), why).await;
    }
    peer.reset(json!({})).await;
    let unnamed = [("issuer", &*issuer), ("client_id", " "), ("secret", "a secret of theirs")];
    expect_not_saved(&mut office, id, "oidc", &unnamed, "client ID").await;
    office.save(id, "oidc", &fields(&issuer)).await;
    let shown = office.admin.open(&office.page(id)).await;
    shown.expect(200, "heirs");
    assert!(!shown.page.body.contains("a secret of theirs"), "{shown:?}");
}

async fn what_is_set_up_anew_has_to_be_tested_anew(served: &Served) {
    let (first, second) = (Peer::start("saml", &json!({})), Peer::start("saml", &json!({})));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let id = office.add("Entra", "saml").await;
    office.save(id, "saml", &[("source", "url"), ("url", first.text("metadata"))]).await;
    office.send(id, "switch", &[("to", "active")]).await.expect(422, "Pass a test first");
    // A test that fails does not count either.
    first.set(json!({"override": {"audience": "https://other.example/"}})).await;
    office.test(id, &ana).await.expect(200, "Meant for somebody else");
    office.send(id, "switch", &[("to", "active")]).await.expect(422, "Pass a test first");
    first.reset(json!({})).await;
    office.test(id, &ana).await.expect(200, "Test passed");
    // One that was begun before the change tells nothing of what is there after it.
    let begun = office.admin.answer(&format!("{}/test", office.page(id)), ana.upn).await;
    office.save(id, "saml", &[("source", "url"), ("url", second.text("metadata"))]).await;
    let shown = office.admin.go(begun).await;
    assert!(!shown.page.body.contains("Test passed"), "{shown:?}");
    office.send(id, "switch", &[("to", "active")]).await.expect(422, "Pass a test first");
    office.test(id, &ana).await.expect(200, "Test passed");
    office.save(id, "switch", &[("to", "active")]).await;
    assert_eq!(office.sessions().await, 0, "tests let nobody in");
    // Two admins at once: who has seen an older version is told.
    let stale = [("name", "Mine"), ("identity", "object_id"), ("return_addresses", ""), ("seen", "1")];
    office.send(id, "rules", &stale).await.expect(422, "Not saved");
    let scope = office.tenant.scope();
    assert_eq!(served.rollcall.connections.find(&scope, id).await.unwrap().name, "Entra");
}

async fn auditors_look_and_change_nothing(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let id = office.add("Entra", "saml").await;
    employ(served, &office.tenant, "ivo@acme.example", AdminRole::Auditor).await;
    let mut ivo = office.enter("ivo@acme.example").await;
    let page = office.page(id);
    ivo.open(&page).await.expect(200, "Entra");
    let forms: [(&str, &[(&str, &str)]); 5] = [
        ("saml", &[("source", "url"), ("url", peer.text("metadata"))]),
        ("rules", &[("name", "Mine"), ("identity", "name_id")]),
        ("switch", &[("to", "active")]),
        ("read", &[]),
        ("remove", &[]),
    ];
    for (form, fields) in forms {
        let shown = ivo.send(&format!("{page}/{form}"), fields).await;
        assert_eq!(shown.page.status, 403, "{form}: {shown:?}");
    }
    assert_eq!(ivo.look(&format!("{page}/test")).await.page.status, 403);
    let shown = ivo.send(&office.url(SSO), &[("name", "Mine"), ("protocol", "saml")]).await;
    assert_eq!(shown.page.status, 403);
    let scope = office.tenant.scope();
    let kept = served.rollcall.connections.list(&scope).await.unwrap();
    assert_eq!((kept.len(), kept[0].version), (1, 1));
    assert!(matches!(&kept[0].setup, Setup::Saml(saml) if saml.found.is_none()));
    assert_eq!(peer.asked("/metadata").await, 0);
}
