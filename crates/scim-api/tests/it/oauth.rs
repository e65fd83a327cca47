//! The token endpoint (RFC 6749).

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::ops::{MintedSecret, NewClient};
use domain::ports::Clock as _;
use domain::scope::Scopes;
use serde_json::json;
use testkit::{LocalLimiter, World};

use crate::face::{Answer, Face, Options};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "grant_type=client_credentials";

async fn client(face: &Face) -> MintedSecret {
    let cx = face.world.cx(&face.tenant);
    let new = NewClient {
        label: "entra".to_owned(),
        scopes: Scopes::ALL,
        access_minutes: 90,
        expires: face.world.clock.now().plus_seconds(2 * 365 * 86_400),
        key: None,
    };
    face.world.credentials.create_client(&cx, new).await.unwrap()
}

/// Id and secret as they stand in the body.
fn sent(minted: &MintedSecret) -> String {
    format!("client_id={}&client_secret={}", minted.client.id, minted.secret.reveal())
}

fn basic(minted: &MintedSecret) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", minted.client.id, minted.secret.reveal())))
}

async fn ask(face: &Face, body: &str, authorization: Option<&str>) -> Answer {
    at(face, "/t/acme/oauth/token", body, authorization).await
}

async fn at(face: &Face, uri: &str, body: &str, authorization: Option<&str>) -> Answer {
    let ask = face.stranger(Method::POST, uri).header((CONTENT_TYPE, FORM)).bytes(body.to_owned());
    let ask = match authorization {
        Some(header) => ask.header((AUTHORIZATION, header)),
        None => ask,
    };
    let answer = ask.send_unchecked().await;
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    answer
}

#[actix_web::test]
async fn a_client_gets_an_access_token_that_opens_the_tenant() {
    let face = Face::sqlite().await;
    let minted = client(&face).await;
    let by_body = ask(&face, &format!("{GRANT}&{}", sent(&minted)), None).await;
    let by_header = ask(&face, GRANT, Some(&basic(&minted))).await;
    let by_both = ask(&face, &format!("{GRANT}&client_id={}", minted.client.id), Some(&basic(&minted))).await;
    for answer in [by_body, by_header, by_both] {
        let body = answer.is(200).json();
        let all = "users:read users:write groups:read groups:write";
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(5_400)));
        assert_eq!(body["scope"], all);
        let token = body["access_token"].as_str().unwrap();
        let users = face.stranger(Method::GET, "/t/acme/scim/v2/Users");
        users.header((AUTHORIZATION, format!("Bearer {token}"))).send().await.is(200);
    }
}

#[actix_web::test]
async fn who_is_no_client_gets_one_and_the_same_answer() {
    let face = Face::sqlite().await;
    let minted = client(&face).await;
    let (id, secret) = (minted.client.id, minted.secret.reveal());
    let token = &face.token;
    let first = ask(&face, &format!("{GRANT}&client_id={id}&client_secret=x"), None).await.is(401);
    assert_eq!(first.json()["error"], "invalid_client");
    assert_eq!(first.header("www-authenticate"), Some("Basic realm=\"oauth\""));
    for body in [
        GRANT.to_owned(),
        format!("{GRANT}&client_id={id}"),
        format!("{GRANT}&client_secret={secret}"),
        format!("{GRANT}&client_id=x&client_secret={secret}"),
        format!("{GRANT}&client_id={id}&client_secret={}0", &secret[..secret.len() - 1]),
        format!("{GRANT}&client_id={}&client_secret={secret}", face.tenant.id),
        format!("{GRANT}&client_id={id}&client_secret={token}"),
    ] {
        let answer = ask(&face, &body, None).await;
        assert_eq!((answer.status, &answer.bytes), (401, &first.bytes), "{body}");
    }
    for uri in ["/t/nobody/oauth/token", "/t/www/oauth/token"] {
        let answer = at(&face, uri, &format!("{GRANT}&{}", sent(&minted)), None).await;
        assert_eq!((answer.status, &answer.bytes), (401, &first.bytes), "{uri}");
    }
    for header in ["Basic", "Basic x", "Basic eDp5", &format!("Bearer {token}")] {
        let answer = ask(&face, GRANT, Some(header)).await.is(401);
        assert_eq!(answer.bytes, first.bytes, "{header}");
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"oauth\""), "{header}");
    }
    let cx = face.world.cx(&face.tenant);
    face.world.credentials.revoke(&cx, id).await.unwrap();
    let revoked = ask(&face, &format!("{GRANT}&{}", sent(&minted)), None).await;
    assert_eq!((revoked.status, &revoked.bytes), (401, &first.bytes));
}

#[actix_web::test]
async fn what_is_wrong_with_a_request_is_told_in_oauths_words() {
    let face = Face::sqlite().await;
    let minted = client(&face).await;
    let sent = sent(&minted);
    for (body, error) in [
        (sent.clone(), "invalid_request"),
        (format!("grant_type=password&{sent}"), "unsupported_grant_type"),
        (format!("{GRANT}&{sent}&scope=admin"), "invalid_scope"),
        (format!("{GRANT}&{GRANT}&{sent}"), "invalid_request"),
        (format!("{GRANT}&{sent}&{sent}"), "invalid_request"),
        ("x".repeat(9_000), "invalid_request"),
    ] {
        let answer = ask(&face, &body, None).await.is(400);
        assert_eq!(answer.json()["error"], error, "{body}");
        assert!(!answer.json()["error_description"].as_str().unwrap().is_empty());
    }
    let both = ask(&face, &format!("{GRANT}&{sent}"), Some(&basic(&minted))).await.is(400);
    assert_eq!(both.json()["error"], "invalid_request");

    let json = face.stranger(Method::POST, "/t/acme/oauth/token").json(&json!({"grant_type": "client_credentials"}));
    assert_eq!(json.send_unchecked().await.is(400).json()["error"], "invalid_request");
    let query = format!("/t/acme/oauth/token?{GRANT}&{sent}");
    assert_eq!(at(&face, &query, "", None).await.status, 401, "secrets in an address are not read");
    let got = face.stranger(Method::GET, "/t/acme/oauth/token").send_unchecked().await.is(405);
    assert_eq!(got.header("allow"), Some("POST"));
}

#[actix_web::test]
async fn a_tenant_has_the_endpoint_at_its_own_host_too() {
    let face = Face::with(Options { base_domain: Some("example.com"), ..Options::default() }).await;
    let minted = client(&face).await;
    let host = |label: &str| {
        let ask = face.stranger(Method::POST, "/oauth/token").header((CONTENT_TYPE, FORM));
        ask.header(("host", format!("{label}.example.com")))
            .bytes(format!("{GRANT}&{}", sent(&minted)))
            .send_unchecked()
    };
    let (own, other) = (host("acme").await, host("globex").await);
    assert_eq!((own.status, other.status), (200, 401));
    let token = own.json()["access_token"].as_str().unwrap().to_owned();
    let users = face.stranger(Method::GET, "/scim/v2/Users").header(("host", "acme.example.com"));
    users.header((AUTHORIZATION, format!("Bearer {token}"))).send().await.is(200);
}

#[actix_web::test]
async fn a_client_that_asks_all_the_time_and_an_address_that_guesses_are_told_to_wait() {
    let world = World::sqlite().await;
    let limiter = Arc::new(LocalLimiter::new(world.clock.clone()));
    let face = Face::of(world, Options { limiter: Some(limiter), ..Options::default() }).await;
    let minted = client(&face).await;
    let body = format!("{GRANT}&{}", sent(&minted));
    for status in [200, 200, 200, 429] {
        let answer = ask(&face, &body, None).await.is(status);
        assert_eq!(answer.header("retry-after").is_some(), status == 429);
        assert_eq!(answer.header("ratelimit-policy").is_some(), status == 429);
    }
    for status in [401, 401, 401, 429, 429] {
        ask(&face, GRANT, None).await.is(status);
    }
}

#[actix_web::test]
async fn while_the_database_is_away_the_answer_is_to_come_back() {
    let face = Face::sqlite().await;
    let minted = client(&face).await;
    face.store.go_away(true);
    let answer = ask(&face, &format!("{GRANT}&{}", sent(&minted)), None).await.is(503);
    assert!(answer.header("retry-after").is_some());
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
}
