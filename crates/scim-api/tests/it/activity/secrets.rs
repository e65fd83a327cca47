//! Nothing that opens anything stands in a row.

use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use domain::activity::{Action, ActivityFilter};
use domain::catalogue::Cause;
use domain::ops::NewClient;
use domain::ports::Clock as _;
use domain::scope::Scopes;
use serde_json::json;
use testkit::on_both_databases;

use super::{detail, later, rows};
use crate::face::{Face, encoded, user};

on_both_databases! { Face:
    no_secret_stands_in_any_row,
}

const PASSWORD: &str = "correct-horse-battery";

async fn no_secret_stands_in_any_row(face: &Face) {
    let cx = face.world.cx(&face.tenant);
    let new = NewClient {
        label: "entra".to_owned(),
        scopes: Scopes::ALL,
        access_minutes: 60,
        expires: face.world.clock.now().plus_seconds(2 * 365 * 86_400),
    };
    let client = face.world.credentials.create_client(&cx, new).await.unwrap();
    let secret = client.secret.reveal();
    let ask = async |body: String| {
        later(face);
        let ask = face.stranger(Method::POST, "/t/acme/oauth/token");
        ask.header((CONTENT_TYPE, "application/x-www-form-urlencoded")).bytes(body).send_unchecked().await
    };
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={secret}", client.client.id);
    let token = ask(form.clone()).await.is(200).json()["access_token"].as_str().unwrap().to_owned();
    ask(form.replace("grant_type=client_credentials", "grant_type=password")).await.is(400);
    ask(form.replace(&secret, &domain::credential::ClientSecret::new(client.secret.id, [1; 32]).reveal()))
        .await
        .is(401);

    later(face);
    let ana = face.post("/Users", user(json!({"userName": "ana", "password": PASSWORD}))).await.created();
    later(face);
    face.post("/Users", user(json!({"userName": "ana", "password": PASSWORD}))).await.is(409);
    later(face);
    face.post("/Users", user(json!({"userName": 7, "password": [PASSWORD]}))).await.is(400);
    later(face);
    face.patch(&ana, json!([{"op": "replace", "path": "password", "value": PASSWORD}])).await.is(200);
    later(face);
    face.patch(&ana, json!([{"op": "replace", "value": {"password": {"x": PASSWORD}}}])).await.is(400);
    later(face);
    let broken = format!("{{\"userName\": \"bob\", \"password\": \"{PASSWORD}\"");
    face.ask(Method::POST, "/Users").header((CONTENT_TYPE, "application/scim+json")).bytes(broken).send().await.is(400);
    later(face);
    face.get(&format!("/Users?filter={}", encoded(&format!("password eq \"{PASSWORD}\"")))).await.is(403);
    later(face);
    face.stranger(Method::GET, "/t/acme/scim/v2/Users")
        .header((AUTHORIZATION, format!("Bearer {token}")))
        .send()
        .await
        .is(200);
    later(face);
    let uri = format!("/t/acme/scim/v2/Users?access_token={}", face.token);
    face.stranger(Method::GET, &uri).send().await.is(401);
    later(face);
    let clumsy = json!({"userName": "bob", "title": format!("Bearer {}", face.token)});
    face.post("/Users", user(clumsy)).await.is(201);

    let rows = rows(face).await;
    assert_eq!(rows.len(), 13);
    assert_eq!(rows[0].action, Action::IssuedToken);
    assert_eq!((rows[1].cause, rows[2].cause), (Some(Cause::WrongGrantType), Some(Cause::ClientSecretWrong)));
    for row in rows {
        let detail = detail(face, row.id).await;
        let kept = format!("{:?} {:?} {:?}", detail.activity, detail.request, detail.response);
        for secret in [PASSWORD, &face.token, &secret, &token] {
            assert!(!kept.contains(secret), "{kept}");
            // Nor most of it.
            assert!(!kept.contains(&secret[secret.len() / 2..]), "{kept}");
        }
    }
    let held = ActivityFilter { text: Some("horse".to_owned()), ..ActivityFilter::default() };
    let found = face.world.activity.page(&face.tenant.scope(), &held, None, 10).await.unwrap();
    assert_eq!(found.rows, []);
}
