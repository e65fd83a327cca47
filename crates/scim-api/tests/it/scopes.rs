//! What a credential may do: 403 for the rest, with the name of the scope.

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use domain::ops::{NewClient, NewToken};
use domain::ports::Clock as _;
use scim_protocol::urn;
use serde_json::{Value, json};

use crate::face::{Answer, Face, group, user};

/// A token with these scopes.
async fn token(face: &Face, scopes: &str) -> String {
    let cx = face.world.cx(&face.tenant);
    let known = face.world.credentials.list(&cx.scope).await.unwrap();
    if let Some(last) = known.get(1..).and_then(|rest| rest.last()) {
        face.world.credentials.revoke(&cx, last.id).await.unwrap();
    }
    let new = NewToken { scopes: scopes.parse().unwrap(), ..NewToken::default() };
    face.world.credentials.mint(&cx, new).await.unwrap().bearer.reveal()
}

async fn send(face: &Face, token: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let ask = face.stranger(method, &format!("/t/acme/scim/v2{path}"));
    let ask = ask.header((AUTHORIZATION, format!("Bearer {token}")));
    match body {
        Some(body) => ask.json(body).send().await,
        None => ask.send().await,
    }
}

/// Requests and the scope each needs; none where any will do.
fn requests(user_path: &str, group_path: &str) -> Vec<(Method, String, Option<Value>, &'static str)> {
    let search = json!({"schemas": [urn::SEARCH_REQUEST]});
    let patch =
        json!({"schemas": [urn::PATCH_OP], "Operations": [{"op": "replace", "path": "displayName", "value": "x"}]});
    let (read_users, write_users) = ("users:read", "users:write");
    let (read_groups, write_groups) = ("groups:read", "groups:write");
    let of = |method: Method, path: &str, body: Option<Value>, scope| (method, path.to_owned(), body, scope);
    vec![
        of(Method::GET, "/Users", None, read_users),
        of(Method::HEAD, "/Users", None, read_users),
        of(Method::GET, user_path, None, read_users),
        of(Method::POST, "/Users/.search", Some(search.clone()), read_users),
        of(Method::POST, "/Users", Some(user(json!({"userName": "new"}))), write_users),
        of(Method::PATCH, user_path, Some(patch.clone()), write_users),
        of(Method::GET, "/Groups", None, read_groups),
        of(Method::GET, group_path, None, read_groups),
        of(Method::POST, "/Groups/.search", Some(search), read_groups),
        of(Method::POST, "/Groups", Some(group(json!({"displayName": "new"}))), write_groups),
        of(Method::PATCH, group_path, Some(patch), write_groups),
        of(Method::GET, "/ServiceProviderConfig", None, ""),
        of(Method::GET, "/ResourceTypes", None, ""),
        of(Method::GET, "/Schemas", None, ""),
        of(Method::PUT, user_path, Some(user(json!({"userName": "ada"}))), write_users),
        of(Method::PUT, group_path, Some(group(json!({"displayName": "Engineers"}))), write_groups),
        of(Method::DELETE, group_path, None, write_groups),
        of(Method::DELETE, user_path, None, write_users),
    ]
}

#[actix_web::test]
async fn each_request_needs_its_scope_and_no_other() {
    const SCOPES: [&str; 4] = ["users:read", "users:write", "groups:read", "groups:write"];
    let face = Face::sqlite().await;
    for scope in SCOPES {
        let (ada, engineers) = (face.new_user("ada").await, face.new_group("Engineers", &[]).await);
        let token = token(&face, scope).await;
        for (method, path, body, needed) in requests(&ada, &engineers) {
            let what = format!("{method} {path} with {scope}");
            let answer = send(&face, &token, method.clone(), &path, body.as_ref()).await;
            if needed.is_empty() || needed == scope {
                assert!(answer.status < 300, "{what}: {answer:?}");
                continue;
            }
            assert_eq!(answer.status, 403, "{what}: {answer:?}");
            let challenge = format!("Bearer realm=\"scim\", error=\"insufficient_scope\", scope=\"{needed}\"");
            assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()), "{what}");
            if method != Method::HEAD {
                let detail = answer.json()["detail"].as_str().unwrap().to_owned();
                assert!(detail.contains(&format!("lacks the scope {needed};")), "{what}: {detail}");
            }
        }
        for path in [&ada, &engineers] {
            face.delete(path).await;
        }
        for filter in ["/Users", "/Groups"] {
            let left = face.get(filter).await.json()["Resources"].as_array().unwrap().clone();
            for each in left {
                face.delete(&format!("{filter}/{}", each["id"].as_str().unwrap())).await.is(204);
            }
        }
    }
}

/// The router decodes what it compares, so that one address can be written in many ways.
#[actix_web::test]
async fn an_address_that_is_written_otherwise_needs_the_same() {
    let face = Face::sqlite().await;
    face.new_user("ada").await;
    let token = token(&face, "groups:write").await;
    let search = json!({"schemas": [urn::SEARCH_REQUEST]});
    for (method, uri) in [
        (Method::GET, "/t/acme/scim/v%32"),
        (Method::GET, "/t/acme/sci%6D/v2/"),
        (Method::GET, "/t/acme/scim/v2/%55sers"),
        (Method::GET, "/t/acme/scim/v2/User%73/"),
        (Method::POST, "/t/acme/scim/v2/%2Esearch"),
        (Method::POST, "/t/acme/scim/v2/%2e%73earch"),
        (Method::POST, "/t/acme/scim/v2/Groups/%2Esearch"),
        (Method::POST, "/t/acme/scim/v2/Users/.searc%68"),
        (Method::POST, "/t/acme/scim/v2//Users//.search//"),
    ] {
        let ask = face.stranger(method.clone(), uri).header((AUTHORIZATION, format!("Bearer {token}")));
        let answer = if method == Method::POST { ask.json(&search).send().await } else { ask.send().await };
        assert!([403, 404].contains(&answer.status), "{method} {uri}: {answer:?}");
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("ada"), "{method} {uri}");
    }
}

#[actix_web::test]
async fn lists_over_all_types_need_all_scopes_of_reading() {
    let face = Face::sqlite().await;
    for (scopes, status) in [("users:read", 403), ("groups:read", 403), ("users:read groups:read", 200)] {
        let token = token(&face, scopes).await;
        for path in ["", "/"] {
            assert_eq!(send(&face, &token, Method::GET, path, None).await.status, status, "{scopes} {path}");
        }
        let search = json!({"schemas": [urn::SEARCH_REQUEST]});
        assert_eq!(send(&face, &token, Method::POST, "/.search", Some(&search)).await.status, status, "{scopes}");
    }
}

#[actix_web::test]
async fn each_operation_of_a_bulk_request_needs_its_own() {
    let face = Face::sqlite().await;
    let token = token(&face, "users:write").await;
    let message = json!({"schemas": [urn::BULK_REQUEST], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user(json!({"userName": "ada"}))},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group(json!({"displayName": "Engineers"}))},
    ]});
    let results = send(&face, &token, Method::POST, "/Bulk", Some(&message)).await.is(200).json();
    let status = |place: usize| results["Operations"][place]["status"].clone();
    assert_eq!((status(0), status(1)), (json!("201"), json!("403")), "{results}");
    let detail = results["Operations"][1]["response"]["detail"].as_str().unwrap();
    assert!(detail.contains("groups:write"), "{detail}");
}

#[actix_web::test]
async fn an_access_token_has_the_scopes_that_were_asked_for() {
    let face = Face::sqlite().await;
    let cx = face.world.cx(&face.tenant);
    let new = NewClient {
        label: "reader".to_owned(),
        scopes: "users:read groups:read".parse().unwrap(),
        access_minutes: 60,
        expires: face.world.clock.now().plus_seconds(2 * 365 * 86_400),
        key: None,
    };
    let minted = face.world.credentials.create_client(&cx, new).await.unwrap();
    for (asked, users, groups) in [("", 200, 200), ("users:read", 200, 403)] {
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={asked}",
            minted.client.id,
            minted.secret.reveal()
        );
        let answer = face
            .stranger(Method::POST, "/t/acme/oauth/token")
            .header(("content-type", "application/x-www-form-urlencoded"))
            .bytes(body)
            .send_unchecked()
            .await
            .is(200);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        for (path, status) in [("/Users", users), ("/Groups", groups)] {
            assert_eq!(send(&face, &token, Method::GET, path, None).await.status, status, "{asked} {path}");
        }
        let new = user(json!({"userName": "eve"}));
        assert_eq!(send(&face, &token, Method::POST, "/Users", Some(&new)).await.status, 403, "{asked}");
    }
}
