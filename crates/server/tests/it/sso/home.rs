//! The sign-in page of the installation: an address leads to the company's own sign-in, and tells nothing else.

use std::collections::BTreeSet;

use domain::ids::{ConnectionId, DomainId};
use domain::ops::Look;
use serde_json::json;
use testkit::on_both_databases;
use tokio::task::JoinSet;
use url::Url;
use web::limit::Unlimited;

use super::browser::{Browser, Shown};
use super::office::Office;
use super::peer::{Peer, people};
use crate::served::{BASE_DOMAIN, Served};

on_both_databases! { Served:
    an_address_of_a_verified_domain_leads_to_its_company,
    the_connection_that_is_chosen_for_a_domain_leads_its_people,
    whatever_leads_nowhere_is_answered_alike,
    whoever_asks_much_has_to_wait,
    both_forms_of_a_tenants_address_lead_in,
}

fn page() -> String {
    format!("https://{BASE_DOMAIN}/sign-in")
}

/// Adds a domain; verifies it if that is wanted.
async fn domain(served: &Served, office: &Office<'_>, name: &str, is_verified: bool) -> DomainId {
    let domains = served.rollcall.domains(std::sync::Arc::new(Unlimited));
    let cx = served.rollcall.operator_context(&office.tenant);
    let domain = domains.add(&cx, name.parse().unwrap()).await.unwrap();
    if is_verified {
        served.dns.publish(&domain.name.record(), &[&domain.challenge]);
        let Look::Done(domain) = domains.check(&cx, domain.id).await.unwrap() else { panic!("nobody is to wait") };
        assert!(domain.is_verified());
    }
    domain.id
}

/// Enters an address; gives the page, before it leads on.
async fn enter(browser: &mut Browser, email: &str) -> Shown {
    browser.look(&page()).await.expect(200, "Work email");
    let step = browser.form(&page(), &[("email", email)]);
    browser.take(&step).await
}

/// Where the page leads.
fn away(shown: &Shown) -> Url {
    shown.expect(200, "You are being sent to your company");
    shown.page.headers["refresh"].to_str().unwrap().strip_prefix("0;url=").unwrap().parse().unwrap()
}

async fn company<'s>(served: &'s Served, peer: &Peer, slug: &str) -> (Office<'s>, ConnectionId) {
    let mut office = Office::open(served, slug).await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.oidc(peer.text("issuer"), "a secret", &ana).await;
    (office, connection)
}

async fn an_address_of_a_verified_domain_leads_to_its_company(served: &Served) {
    let peer = Peer::start("mock", &json!({}));
    let (mut office, connection) = company(served, &peer, "acme").await;
    domain(served, &office, "contoso.example", true).await;
    let [ana, _] = people();
    for typed in [ana.upn, " Ana.Kovac@CONTOSO.example "] {
        let mut browser = office.browser();
        let away = away(&enter(&mut browser, typed).await);
        assert!(away.as_str().starts_with(&office.begin(connection)), "{away}");
        let shown = browser.open(away.as_str()).await;
        office.expect_in(&mut browser, &shown, &ana).await;
        let hint = peer.last().await["authorization"]["login_hint"].as_str().unwrap().to_owned();
        assert_eq!(hint, typed.trim());
    }
    // What is typed goes where an address goes and nowhere else.
    let mut browser = office.browser();
    let tricky = "a&next=//evil.test\"><script>@contoso.example";
    let shown = enter(&mut browser, tricky).await;
    assert!(!shown.page.body.contains("<script>@"), "{shown:?}");
    // The connection that is chosen for a domain goes before the oldest, and none that is off leads anybody.
    office.save(connection, "switch", &[("to", "off")]).await;
    enter(&mut browser, ana.upn).await.expect(422, "We cannot lead you on from this address");
}

async fn the_connection_that_is_chosen_for_a_domain_leads_its_people(served: &Served) {
    let (saml, mock) = (Peer::start("saml", &json!({})), Peer::start("mock", &json!({})));
    let (mut office, oldest) = company(served, &mock, "acme").await;
    let [ana, _] = people();
    let newer = office.saml(&saml, &ana).await;
    let id = domain(served, &office, "contoso.example", true).await;
    let page = office.url(&format!("/settings/user-authentication/domains/{id}"));
    for (chosen, leading) in
        [(String::new(), oldest), (newer.to_string(), newer), (oldest.to_string(), oldest), (String::new(), oldest)]
    {
        office.admin.open(&page).await.expect(200, "name=\"connection\"");
        let saved = office.admin.send(&format!("{page}/connection"), &[("connection", &chosen)]).await;
        assert_eq!((saved.url.path(), saved.url.query()), (&page[office.url("").len()..], Some("done=saved")));
        saved.expect(200, &format!("value=\"{chosen}\" selected"));
        let mut browser = office.browser();
        let away = away(&enter(&mut browser, ana.upn).await);
        assert!(away.as_str().starts_with(&office.begin(leading)), "{chosen}: {away}");
        let shown = browser.sign_in(away.as_str(), ana.upn).await;
        let entry = office.expect_in(&mut browser, &shown, &ana).await;
        assert_eq!(entry.connection, Some(leading), "{chosen}");
    }
    // One that is chosen and off leads nobody, and nobody comes by another.
    office.admin.open(&page).await;
    office.admin.send(&format!("{page}/connection"), &[("connection", &newer.to_string())]).await;
    office.save(newer, "switch", &[("to", "off")]).await;
    enter(&mut office.browser(), ana.upn).await.expect(422, "We cannot lead you on from this address");
    let shown = office.browser().sign_in(&office.begin(oldest), ana.upn).await;
    shown.expect(422, "<code>other_connection</code>");
    // Nor is there a choice of what is no connection.
    for nobodys in ["no id", "00000000-0000-4000-8000-000000000000"] {
        office.admin.open(&page).await;
        let refused = office.admin.send(&format!("{page}/connection"), &[("connection", nobodys)]).await;
        assert_eq!(refused.page.status, 404, "{refused:?}");
    }
}

async fn whatever_leads_nowhere_is_answered_alike(served: &Served) {
    let peer = Peer::start("mock", &json!({}));
    let (office, _) = company(served, &peer, "acme").await;
    let (suspended, _) = company(served, &peer, "gone").await;
    let idle = Office::open(served, "idle").await;
    domain(served, &office, "contoso.example", true).await;
    domain(served, &office, "pending.example", false).await;
    domain(served, &suspended, "gone.example", true).await;
    domain(served, &idle, "idle.example", true).await;
    served.suspend(&suspended.tenant).await;
    let mut seen = Vec::new();
    for email in [
        "ana@unknown.example",
        "ana@pending.example",
        "ana@gone.example",
        "ana@idle.example",
        "ana@gmail.com",
        "ana@sub.contoso.example",
        "ana@contoso.example.evil.test",
        "contoso.example",
        "@",
        "",
    ] {
        let shown = enter(&mut office.browser(), email).await;
        shown.expect(422, "We cannot lead you on from this address");
        assert!(!shown.page.headers.contains_key("refresh"));
        let body = shown.page.body.replace(&format!("value=\"{email}\""), "value=\"\"");
        let headers: BTreeSet<String> = shown.page.headers.keys().map(ToString::to_string).collect();
        seen.push((body, headers));
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(enter(&mut office.browser(), "ana@contoso.example").await.page.status, 200);
    // Another site's page does not ask in somebody's name.
    let mut browser = office.browser();
    let mut step = browser.form(&page(), &[("email", "ana@contoso.example")]);
    step = step.from("https://evil.test/");
    assert_eq!(browser.take(&step).await.page.status, 403);
}

async fn whoever_asks_much_has_to_wait(served: &Served) {
    let office = Office::open(served, "acme").await;
    // All at once, since nobody is answered at once.
    let mut asked = JoinSet::new();
    for number in 0..40 {
        let mut browser = office.browser();
        asked.spawn(async move { enter(&mut browser, &format!("ana@company{number}.example")).await });
    }
    let mut waits = 0;
    for shown in asked.join_all().await {
        match shown.page.status {
            422 => {}
            429 => {
                assert!(shown.page.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
                waits += 1;
            }
            status => panic!("{status}: {shown:?}"),
        }
    }
    assert!((15..=25).contains(&waits), "{waits}");
    served.clock.advance_seconds(60);
    enter(&mut office.browser(), "ana@company.example").await.expect(422, "We cannot lead you on");
}

async fn both_forms_of_a_tenants_address_lead_in(served: &Served) {
    let saml = Peer::start("saml", &json!({}));
    let mock = Peer::start("mock", &json!({}));
    let (mut office, by_oidc) = company(served, &mock, "acme").await;
    let [ana, _] = people();
    let by_saml = office.saml(&saml, &ana).await;
    for connection in [by_oidc, by_saml] {
        let mut browser = office.browser();
        let begin = format!("https://{BASE_DOMAIN}/t/acme/sso/begin/{connection}?hint=ana");
        let shown = browser.sign_in(&begin, ana.upn).await;
        office.expect_in(&mut browser, &shown, &ana).await;
        assert_eq!(shown.url.as_str(), office.url("/me"));
    }
    // An admin as well, who signs in there first.
    let mut browser = office.browser();
    let path = format!("/settings/user-authentication/sso/{by_oidc}/test");
    let shown = browser.open(&format!("https://{BASE_DOMAIN}/t/acme{path}")).await;
    shown.expect(200, "Sign in to acme");
}
