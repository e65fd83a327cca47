//! 1 MiB of body, 8 MiB for writes to `/Groups`.

use actix_web::http::Method;
use actix_web::http::header::CONTENT_LENGTH;
use serde_json::{Value, json};

use crate::face::{Answer, Face, MIB, group, patch_op, user};

/// The document, made this long by its last attribute.
fn padded(mut document: Value, length: usize) -> String {
    document["padding"] = json!("");
    let missing = length - document.to_string().len();
    document["padding"] = json!("x".repeat(missing));
    document.to_string()
}

async fn send(face: &Face, method: Method, path: &str, (body, with_length): (String, bool)) -> Answer {
    let ask = face.ask(method, path);
    let ask = if with_length { ask.header((CONTENT_LENGTH, body.len())) } else { ask };
    ask.bytes(body).send().await
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_with_or_without_a_content_length() {
    let face = Face::sqlite().await;
    let (ada, lab) = (face.new_user("ada").await, face.new_group("Lab", &[]).await);
    let operations = patch_op(&json!([{"op": "replace", "path": "displayName", "value": "changed"}]));
    let new_user = user(json!({"userName": "bob", "displayName": "changed"}));
    let new_group = group(json!({"displayName": "changed"}));
    let cases = [
        (Method::POST, "/Users", &new_user, MIB),
        (Method::PUT, &ada, &new_user, MIB),
        (Method::PATCH, &ada, &operations, MIB),
        (Method::POST, "/Groups", &new_group, 8 * MIB),
        (Method::PUT, &lab, &new_group, 8 * MIB),
        (Method::PATCH, &lab, &operations, 8 * MIB),
    ];
    let facts = face.facts();
    for (method, path, document, limit) in cases {
        for with_length in [true, false] {
            let body = padded(document.clone(), limit + 1);
            let answer = send(&face, method.clone(), path, (body, with_length)).await.is(413);
            assert!(answer.json()["detail"].as_str().unwrap().contains(&limit.to_string()));
        }
    }
    assert_eq!(face.facts(), facts);
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_read() {
    let face = Face::sqlite().await;
    let new_user = user(json!({"userName": "bob"}));
    send(&face, Method::POST, "/Users", (padded(new_user, MIB), false)).await.is(201);
    let new_group = group(json!({"displayName": "Lab"}));
    send(&face, Method::POST, "/Groups", (padded(new_group, 8 * MIB), true)).await.is(201);
}

#[tokio::test]
async fn a_body_many_times_over_the_limit_is_given_up() {
    let face = Face::sqlite().await;
    send(&face, Method::POST, "/Users", ("x".repeat(9 * MIB), false)).await.is(413);
}

#[tokio::test]
async fn a_large_body_where_none_belongs_does_no_harm() {
    let face = Face::sqlite().await;
    let large = "x".repeat(2 * MIB);
    face.ask(Method::GET, "/Users").bytes(large.clone()).send().await.is(200);
    face.ask(Method::POST, "/Schemas").bytes(large.clone()).send().await.is(405);
    face.ask(Method::POST, "/Nowhere").bytes(large.clone()).send().await.is(404);
    face.stranger(Method::POST, "/t/acme/scim/v2/Users").bytes(large).send().await.is(401);
}
