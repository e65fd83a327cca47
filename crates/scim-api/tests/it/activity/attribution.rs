//! Who was refused at the door, and why: told to the tenant's admin, and to nobody else.

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use domain::activity::Outcome;
use domain::catalogue::{Cause, Showed};
use domain::ops::NewToken;
use domain::ports::Clock as _;
use testkit::on_both_databases;

use super::{later, rows};
use crate::face::{Answer, Face};

on_both_databases! { Face:
    each_bad_token_has_its_diagnosis_and_the_same_answer,
    strangers_cannot_fill_a_log_and_unknown_tenants_have_none,
    another_tenants_token_is_told_to_the_tenant_whose_address_was_called,
}

const USERS: &str = "/t/acme/scim/v2/Users";

async fn knock(face: &Face, uri: &str, header: Option<&[u8]>) -> Answer {
    let ask = face.stranger(Method::GET, uri).header(("user-agent", "a stranger"));
    match header {
        Some(header) => ask.header((AUTHORIZATION, header)).send().await,
        None => ask.send().await,
    }
}

/// Everything of an answer that a caller sees, but for the request's own id.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "x-request-id");
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.bytes.to_vec())
}

async fn each_bad_token_has_its_diagnosis_and_the_same_answer(face: &Face) {
    let world = &face.world;
    let cx = world.cx(&face.tenant);
    let short = NewToken { expires: Some(world.clock.now().plus_seconds(60)), ..NewToken::default() };
    let expired = world.credentials.mint(&cx, short).await.unwrap();
    world.clock.advance_seconds(120);
    let cx = world.cx(&face.tenant);
    let revoked = world.credentials.mint(&cx, NewToken::default()).await.unwrap();
    world.credentials.revoke(&cx, revoked.token.id).await.unwrap();
    let other = world.tenant("globex").await;
    let others = world.credentials.mint(&world.cx(&other), NewToken::default()).await.unwrap();
    let unknown = domain::credential::BearerToken::new(others.token.id, [0x77; 32]).reveal();
    let text = &face.token;
    let entras = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL3N0cy53aW5kb3dzLm5ldC83LyJ9.c2ln";
    let table: [(Option<String>, Cause); 15] = [
        (None, Cause::NoToken),
        (Some("Bearer ".to_owned()), Cause::NoToken),
        (Some("Basic YTpi".to_owned()), Cause::NotBearer),
        (Some(format!("Bearer \"{text}\"")), Cause::TokenQuoted),
        (Some(format!("Bearer \u{201C}{text}\u{201D}")), Cause::TokenQuoted),
        (Some(format!("Bearer Bearer {text}")), Cause::BearerTwice),
        (Some(format!("Bearer {}", &text[..text.len() - 9])), Cause::TokenCutShort),
        (Some(format!("Bearer {text}f")), Cause::TokenMistyped),
        (Some("Bearer hunter2".to_owned()), Cause::TokenForeign),
        (Some(format!("Bearer {entras}")), Cause::EntraOwnToken),
        (Some("Bearer aaa.bbb.ccc".to_owned()), Cause::AccessTokenUnknown),
        (Some(format!("Bearer {}", revoked.bearer.reveal())), Cause::TokenRevoked),
        (Some(format!("Bearer {}", expired.bearer.reveal())), Cause::TokenExpired),
        (Some(format!("Bearer {}", others.bearer.reveal())), Cause::TokenOtherTenants),
        (Some(format!("Bearer {unknown}")), Cause::TokenUnknown),
    ];
    let mut answers = Vec::new();
    for (header, cause) in &table {
        // A minute apart, so that each has a row.
        world.clock.advance_seconds(60);
        let before = rows(face).await.len();
        answers.push(seen(&knock(face, USERS, header.as_deref().map(str::as_bytes)).await.is(401)));
        let rows = rows(face).await;
        assert_eq!(rows.len(), before + 1, "{header:?}");
        let row = rows.last().unwrap();
        assert_eq!(
            (row.cause, row.outcome, row.status, row.times),
            (Some(*cause), Outcome::Refused, 401, 1),
            "{header:?}"
        );
        let is_own = cause.showed() == Showed::OwnSecret;
        assert_eq!(row.credential.is_some(), is_own, "{header:?}");
        assert_eq!(row.client.as_deref(), Some("a stranger"));
    }
    answers.push(seen(&knock(face, "/t/nobody/scim/v2/Users", None).await));
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let pulse = world.activity.pulse(&face.tenant.scope(), world.clock.now()).await.unwrap();
    let refused = pulse.refused.unwrap();
    assert_eq!((refused.count, refused.cause), (2, Cause::TokenExpired), "own secrets tell more than others");
}

async fn strangers_cannot_fill_a_log_and_unknown_tenants_have_none(face: &Face) {
    for number in 0..60 {
        knock(face, USERS, Some(b"Bearer hunter2")).await.is(401);
        knock(face, USERS, Some(format!("Bearer {number}").as_bytes())).await.is(401);
        knock(face, "/t/nobody/scim/v2/Users", Some(b"Bearer hunter2")).await.is(401);
        if number % 20 == 0 {
            rows(face).await;
        }
    }
    let rows = rows(face).await;
    assert_eq!((rows.len(), rows[0].times), (1, 120), "one row of one kind from one address in a minute");
    assert_eq!(rows[0].address.as_deref(), Some("0.0.0.0"), "where a request without an address comes from");
}

async fn another_tenants_token_is_told_to_the_tenant_whose_address_was_called(face: &Face) {
    let (globex, bearer) = face.world.open_tenant("globex").await;
    knock(face, USERS, Some(format!("Bearer {}", bearer.reveal()).as_bytes())).await.is(401);
    later(face);
    face.get("/Users").await.is(200);
    let rows = rows(face).await;
    assert_eq!(rows.len(), 2);
    let scope = globex.scope();
    let log = &face.world.activity;
    let page = log.page(&scope, &domain::activity::ActivityFilter::default(), None, 10).await.unwrap();
    assert_eq!(page.rows, []);
    assert!(log.find(&scope, rows[0].id).await.is_err() && log.oldest(&scope).await.unwrap().is_none());
    assert_eq!(log.evidence(&scope).await.unwrap(), domain::health::Evidence::default());
    let pulse = log.pulse(&scope, face.world.clock.now()).await.unwrap();
    assert_eq!(*pulse, domain::health::Pulse::default());
}
