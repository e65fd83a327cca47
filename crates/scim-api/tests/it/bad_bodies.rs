//! Bad bodies: what is answered to them, and that they change nothing.

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use scim_protocol::urn;
use serde_json::json;
use testkit::on_both_databases;

use crate::face::{Face, ada, user};

on_both_databases! { Face:
    one_bad_operation_among_ten_is_named_and_nothing_is_applied,
    nul_never_reaches_the_database,
}

async fn one_bad_operation_among_ten_is_named_and_nothing_is_applied(face: &Face) {
    let path = face.post("/Users", ada()).await.created();
    let before = face.get(&path).await.json();
    let facts = face.facts();
    let cases = [
        (json!({"op": "move", "path": "title", "value": "x"}), "invalidSyntax"),
        (json!({"path": "title", "value": "x"}), "invalidSyntax"),
        (json!("add"), "invalidSyntax"),
        (json!({"op": "add", "path": 7, "value": "x"}), "invalidSyntax"),
        (json!({"op": "add", "path": "a b", "value": "x"}), "invalidPath"),
        (json!({"op": "add", "path": "emails[", "value": "x"}), "invalidPath"),
        (json!({"op": "replace", "path": "emails[type eq].value", "value": "x"}), "invalidFilter"),
        (json!({"op": "replace", "path": "emails[shoe eq \"x\"].value", "value": "x"}), "invalidFilter"),
        (json!({"op": "replace", "path": "active", "value": "perhaps"}), "invalidValue"),
        (json!({"op": "replace", "path": "title", "value": {"a": 1}}), "invalidValue"),
        (json!({"op": "add", "value": "x"}), "invalidValue"),
        (json!({"op": "remove"}), "noTarget"),
        (json!({"op": "replace", "path": "emails[type sw \"x\"].value", "value": "x"}), "noTarget"),
        (json!({"op": "replace", "path": "id", "value": "x"}), "mutability"),
        (json!({"op": "add", "path": "meta.version", "value": "x"}), "mutability"),
        (json!({"op": "remove", "path": "userName"}), "mutability"),
        (json!({"op": "replace", "path": "userName", "value": " "}), "invalidValue"),
    ];
    for (bad, scim_type) in cases {
        for place in [0, 3, 9] {
            let mut operations = vec![json!({"op": "replace", "path": "title", "value": "changed"}); 10];
            operations[place] = bad.clone();
            let detail = face.patch(&path, json!(operations)).await.fails(400, scim_type);
            assert!(detail.contains(&format!("Operations[{place}]")), "{bad}: {detail}");
        }
    }
    assert_eq!(face.get(&path).await.json(), before);
    assert_eq!(face.facts(), facts);
}

#[tokio::test]
async fn a_patch_that_is_none_is_refused() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    for body in [
        json!([]),
        json!({}),
        json!({"Operations": []}),
        json!({"schemas": [urn::PATCH_OP]}),
        json!({"schemas": [urn::USER], "Operations": []}),
        json!({"schemas": [urn::PATCH_OP], "Operations": {"op": "add"}}),
        json!(null),
    ] {
        face.ask(Method::PATCH, &path).json(&body).send().await.fails(400, "invalidSyntax");
    }
}

fn name(value: &str) -> String {
    format!(r#"{{"schemas":["{}"],"userName":"ada","title":{value}}}"#, urn::USER)
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    let deep = "[".repeat(1000) + &"]".repeat(1000);
    let deep_objects = "{\"a\":".repeat(1000) + "1" + &"}".repeat(1000);
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"{".to_vec(),
        b"userName=ada".to_vec(),
        b"{\"userName\": 'ada'}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"userName\":\"a\xffb\"}".to_vec(),
        b"{\"a\":\"\xed\xa0\x80\"}".to_vec(),
        b"{}{}".to_vec(),
        name("\"x\",\"title\":\"y\"").into(),
        name("1e999").into(),
        name("-1e400").into(),
        name("\"\\ud800\"").into(),
        name(&deep).into(),
        name(&deep_objects).into(),
        deep.into(),
    ];
    let facts = face.facts();
    for body in bodies {
        for (method, path) in
            [(Method::POST, "/Users"), (Method::PUT, &path), (Method::PATCH, &path), (Method::POST, "/Groups")]
        {
            let detail = face.ask(method, path).bytes(body.clone()).send().await.fails(400, "invalidSyntax");
            assert!(detail.len() < 300, "{detail}");
        }
    }
    assert_eq!(face.facts(), facts);
}

#[tokio::test]
async fn duplicate_members_are_refused_in_any_case_and_at_any_depth() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    let refuse = async |method: Method, path: &str, body: String| {
        let detail = face.ask(method, path).bytes(body.clone()).send().await.fails(400, "invalidSyntax");
        assert!(detail.contains("twice"), "{body}: {detail}");
    };
    for twice in [
        name("\"a\",\"title\":\"b\""),
        name("\"a\",\"TITLE\":\"b\""),
        name("\"a\",\"name\":{\"givenName\":\"a\",\"givenName\":\"b\"}"),
        name("\"a\",\"name\":{\"givenName\":\"a\",\"GivenName\":\"b\"}"),
        name("\"a\",\"emails\":[{\"value\":\"a\",\"Value\":\"b\"}]"),
    ] {
        refuse(Method::POST, "/Users", twice.clone()).await;
        refuse(Method::PUT, &path, twice).await;
    }
    let operation = r#"{"op":"add","path":"title","value":"x","value":"y"}"#;
    let body = format!(r#"{{"schemas":["{}"],"Operations":[{operation}]}}"#, urn::PATCH_OP);
    refuse(Method::PATCH, &path, body).await;
}

async fn nul_never_reaches_the_database(face: &Face) {
    let path = face.new_user("ada").await;
    let facts = face.facts();
    for value in ["\"a\\u0000b\"", "[\"\\u0000\"]", "{\"\\u0000\":1}"] {
        for (method, path) in [(Method::POST, "/Users"), (Method::PUT, path.as_str())] {
            face.ask(method, path).bytes(name(value)).send().await.fails(400, "invalidValue");
        }
    }
    face.patch(&path, json!([{"op": "add", "path": "title", "value": "\0"}])).await.fails(400, "invalidValue");
    face.patch(&path, json!([{"op": "add", "path": "ti\0tle", "value": "x"}])).await.fails(400, "invalidValue");
    for query in
        ["filter=title+eq+%22%00%22", "sortBy=%00", "sortBy=title&sortOrder=%00", "count=%00", "startIndex=%00"]
    {
        face.get(&format!("/Users?{query}")).await.is(400);
    }
    for harmless in ["attributes=%00", "excludedAttributes=%00", "x=%00", "%00=x"] {
        face.get(&format!("/Users?{harmless}")).await.is(200);
    }
    face.get("/Users/%00").await.is(404);
    assert_eq!(face.facts(), facts);
}

#[tokio::test]
async fn schemas_must_be_the_ones_of_the_type() {
    let face = Face::sqlite().await;
    for (schemas, scim_type) in [
        (json!(null), "invalidSyntax"),
        (json!([]), "invalidSyntax"),
        (json!("x"), "invalidValue"),
        (json!([urn::GROUP]), "invalidValue"),
        (json!([urn::ENTERPRISE_USER]), "invalidValue"),
        (json!([urn::USER, "urn:x:y"]), "invalidValue"),
        (json!([urn::USER, urn::USER]), "invalidValue"),
    ] {
        let body = json!({"schemas": schemas, "userName": "ada"});
        face.post("/Users", body).await.fails(400, scim_type);
    }
    face.post("/Users", json!([1])).await.fails(400, "invalidSyntax");
    assert_eq!(face.get("/Users").await.total(), 0);
}

#[tokio::test]
async fn values_of_the_wrong_shape_are_refused_by_name() {
    let face = Face::sqlite().await;
    for (name, value, place) in [
        ("displayName", json!({"a": 1}), "displayName"),
        ("name", json!(7), "name"),
        ("name", json!({"givenName": 7}), "name.givenName"),
        ("emails", json!([7]), "emails"),
        ("emails", json!([{"value": 7}]), "emails.value"),
        ("emails", json!([{"value": "a", "primary": "perhaps"}]), "emails.primary"),
        ("emails", json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}]), "emails"),
        ("x509Certificates", json!([{"value": "not base64!"}]), "x509Certificates.value"),
        (urn::ENTERPRISE_USER, json!("Lab"), "extension:enterprise"),
        (urn::ENTERPRISE_USER, json!({"department": 7}), "department"),
    ] {
        let mut body = user(json!({"userName": "ada"}));
        body[name] = value.clone();
        let detail = face.post("/Users", body).await.fails(400, "invalidValue");
        assert!(detail.contains(place), "{value}: {detail}");
    }
    assert_eq!(face.get("/Users").await.total(), 0);
}

#[tokio::test]
async fn other_media_types_are_refused() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    let body = user(json!({"userName": "bob"})).to_string();
    for media_type in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "", "application/jsonp"] {
        for (method, path) in [(Method::POST, "/Users"), (Method::PUT, &path), (Method::PATCH, &path)] {
            let ask = face.ask(method, path).header((CONTENT_TYPE, media_type)).bytes(body.clone());
            ask.send().await.is(415);
        }
    }
    for media_type in
        ["application/json", "Application/SCIM+JSON; charset=utf-8", "application/scim+json;charset=UTF-8"]
    {
        face.ask(Method::PUT, &path).header((CONTENT_TYPE, media_type)).bytes(body.clone()).send().await.is(200);
    }
    face.ask(Method::PUT, &path).bytes(body).send().await.is(200);
}

#[tokio::test]
async fn an_encoded_body_is_refused_as_such() {
    let face = Face::sqlite().await;
    let body = user(json!({"userName": "ada"})).to_string();
    let ask = face.ask(Method::POST, "/Users").header((CONTENT_ENCODING, "gzip")).bytes(body);
    assert!(ask.send().await.is(415).json()["detail"].as_str().unwrap().contains("gzip"));
}
