//! Coming in, and what a browser keeps of it.

use domain::admin::AdminRole;
use reqwest::header::SET_COOKIE;
use testkit::on_both_databases;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{PROVISIONING, owner};
use crate::reader::{PASSWORD, Page, Reader, employ};
use crate::served::Served;

on_both_databases! { Served:
    signing_in_leads_to_this_tenants_settings_and_nowhere_else,
    a_session_that_somebody_else_chose_is_not_taken_over,
    what_a_browser_keeps_is_for_this_host_and_hidden_from_scripts,
    what_was_entered_is_kept_over_the_end_of_a_session,
    nobody_learns_from_the_pages_which_tenants_there_are,
    whatever_strangers_try_a_browser_that_is_known_gets_in,
    what_is_too_large_or_cut_short_is_refused,
}

const SESSION: &str = "__Host-rollcall_acme";

async fn signing_in_leads_to_this_tenants_settings_and_nowhere_else(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    employ(served, &acme, "ana@acme.example", AdminRole::Owner).await;
    let home = "/t/acme/settings/user-authentication";
    // What an address may look like is `gate::next`'s own test.
    for (next, leads_to) in [
        ("/t/acme/settings/account", "/t/acme/settings/account"),
        ("//evil.test/t/acme/settings/", home),
        ("/t/other/settings/account", home),
    ] {
        let mut ana = Reader::at(&served.root(), "acme");
        ana.open("/sign-in").await;
        let fields = [("email", "ana@acme.example"), ("password", PASSWORD), ("next", next)];
        let entered = ana.send("/sign-in", &fields).await;
        assert_eq!((entered.status, entered.location()), (303, leads_to), "{next:?}");
    }
}

async fn a_session_that_somebody_else_chose_is_not_taken_over(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    let eve = owner(served, &acme).await;
    employ(served, &acme, "ana@acme.example", AdminRole::Owner).await;
    for planted in ["0123456789abcdef".to_owned(), eve.cookies[SESSION].clone()] {
        let mut ana = Reader::at(&served.root(), "acme");
        ana.cookies.insert(SESSION.to_owned(), planted.clone());
        ana.open("/sign-in").await;
        ana.send("/sign-in", &[("email", "ana@acme.example"), ("password", PASSWORD)]).await;
        assert_ne!(ana.cookies[SESSION], planted);
        let account = ana.open("/settings/account").await;
        assert!(account.body.contains("ana@acme.example"), "{account:?}");
    }
}

async fn what_a_browser_keeps_is_for_this_host_and_hidden_from_scripts(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    employ(served, &acme, "ana@acme.example", AdminRole::Owner).await;
    let mut ana = Reader::at(&served.root(), "acme");
    let asked = ana.open("/sign-in").await;
    let entered = ana.send("/sign-in", &[("email", "ana@acme.example"), ("password", PASSWORD)]).await;
    let cookies: Vec<_> = [&asked, &entered]
        .into_iter()
        .flat_map(|page| page.headers.get_all(SET_COOKIE))
        .map(|cookie| cookie.to_str().unwrap().to_owned())
        .collect();
    assert!(cookies.iter().any(|cookie| cookie.starts_with(&format!("{SESSION}="))), "{cookies:?}");
    for cookie in &cookies {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
        }
        assert!(!cookie.contains("Domain="), "{cookie}");
    }
    ana.open(PROVISIONING).await;
    let out = ana.send("/sign-out", &[]).await;
    assert_eq!(out.status, 303, "{out:?}");
    assert_eq!(ana.open(PROVISIONING).await.status, 303);
}

async fn what_was_entered_is_kept_over_the_end_of_a_session(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    let page = ana.open(PROVISIONING).await;
    let fields = [
        ("notify", "it@acme.example"),
        ("retention", "90"),
        ("idp", "entra"),
        ("seen", page.carried("seen").unwrap()),
        ("key", page.carried("key").unwrap()),
    ];
    ana.cookies.remove(SESSION);
    let ended = ana.send(PROVISIONING, &fields).await;
    assert_eq!(ended.status, 401);
    assert!(ended.body.contains("what you entered is kept"), "{ended:?}");
    let (action, form) = (ended.carried("kept_action").unwrap(), ended.carried("kept_form").unwrap());
    let form = form.replace("&amp;", "&");
    let again =
        [("email", "owner@acme.example"), ("password", PASSWORD), ("kept_action", action), ("kept_form", &form)];
    let back = ana.send("/sign-in", &again).await;
    assert_eq!(back.status, 200, "{back:?}");
    assert!(back.body.contains("value=\"it@acme.example\""), "{back:?}");
    let unchanged = served.rollcall.tenants.get(&acme.slug).await.unwrap();
    assert_eq!(unchanged.choices.preferences.notify, [], "a sign-in alone must not send the form");
}

async fn nobody_learns_from_the_pages_which_tenants_there_are(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    employ(served, &acme, "ana@contoso.example", AdminRole::Owner).await;
    let mut pages = Vec::new();
    for slug in ["acme", "none"] {
        let mut stranger = Reader::at(&served.root(), slug);
        let wrong = [("email", "ana@contoso.example"), ("password", "a guess of many")];
        let mut seen = vec![stranger.open("/sign-in").await, stranger.open("/sign-in/forgot").await];
        seen.push(stranger.open("/sign-in/link/link_00000000000000000000000000000000_00").await);
        seen.push(stranger.send("/sign-in", &wrong).await);
        seen.push(stranger.send("/sign-in/forgot", &wrong[..1]).await);
        seen.push(stranger.open(PROVISIONING).await);
        pages.push(seen.into_iter().map(|page| unmarked(&page, slug)).collect::<Vec<_>>());
    }
    assert_eq!(pages[0], pages[1]);
}

/// A page without what is another each time, and without the name of the tenant.
fn unmarked(page: &Page, slug: &str) -> (u16, String, String) {
    let body = match page.carried("csrf") {
        Some(csrf) => page.body.replace(csrf, "csrf"),
        None => page.body.clone(),
    };
    let plain = |text: &str| text.replace(slug, "slug");
    (page.status, plain(page.location()), plain(&body))
}

async fn whatever_strangers_try_a_browser_that_is_known_gets_in(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    employ(served, &acme, "ana@acme.example", AdminRole::Owner).await;
    let mut ana = Reader::signed_in(served, "acme", "ana@acme.example").await;
    ana.open(PROVISIONING).await;
    ana.send("/sign-out", &[]).await;
    // From the same address, as the worst of strangers.
    let mut stranger = Reader::at(&served.root(), "acme");
    stranger.open("/sign-in").await;
    let guess = [("email", "ana@acme.example"), ("password", "a guess of many")];
    let mut refused = stranger.send("/sign-in", &guess).await;
    for _ in 0..10 {
        refused = stranger.send("/sign-in", &guess).await;
    }
    assert!(refused.body.contains("Too many"), "{refused:?}");
    let right = [("email", "ana@acme.example"), ("password", PASSWORD)];
    assert_eq!(stranger.send("/sign-in", &right).await.status, 422, "the stranger got around the wait");
    ana.open("/sign-in").await;
    assert_eq!(ana.send("/sign-in", &right).await.status, 303);
}

async fn what_is_too_large_or_cut_short_is_refused(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    ana.open(PROVISIONING).await;
    let large = "x".repeat(65 * 1_024);
    let refused = ana.send(PROVISIONING, &[("notify", &large)]).await;
    assert_eq!(refused.status, 413, "{refused:?}");
    let mut stream = tokio::net::TcpStream::connect(served.address).await.unwrap();
    let head = "POST /t/acme/sign-in HTTP/1.1\r\nhost: rollcall.test\r\ncontent-length: 100\r\n\r\ncsrf=";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
}
