//! `password` (RFC 7643 §4.1.1): taken, never given back. What is kept of it is in storage's tests.

use scim_protocol::urn;
use serde_json::json;
use testkit::on_both_databases;

use crate::face::{Face, Options, user};

on_both_databases! { Face:
    a_password_is_taken_and_never_given_back,
    a_new_password_is_a_new_version,
}

const SECRET: &str = "correct horse battery staple";

async fn a_password_is_taken_and_never_given_back(face: &Face) {
    let body = user(json!({"userName": "ada", "password": SECRET}));
    let created = face.post("/Users", body.clone()).await.is(201);
    let ada = created.clone_path();
    let set = |value: &str| json!([{"op": "replace", "path": "password", "value": value}]);
    let mut answers = vec![
        created,
        face.get(&ada).await,
        face.get(&format!("{ada}?attributes=password,userName")).await,
        face.get("/Users").await,
        face.get("/Users?sortBy=title&attributes=password").await,
        face.put(&ada, body.clone()).await,
        face.patch(&ada, set(SECRET)).await,
        face.patch(&ada, json!([{"op": "add", "value": {"PassWord": SECRET}}])).await,
        face.patch(&ada, json!([{"op": "add", "path": format!("{}:password", urn::USER), "value": SECRET}])).await,
        face.post("/Users/.search", json!({"schemas": [urn::SEARCH_REQUEST], "attributes": ["password"]})).await,
        // Errors do not quote it either.
        face.post("/Users", body).await,
        face.patch(&ada, json!([{"op": "replace", "path": "password", "value": {"secret": SECRET}}])).await,
    ];
    answers.push(face.post("/Users", user(json!({"userName": "bob", "password": [SECRET]}))).await);
    for answer in answers {
        let text = String::from_utf8_lossy(&answer.bytes);
        assert!(!text.contains("horse") && !text.contains("$test$") && !text.contains("\"password\":"), "{text}");
    }
    let told = format!("{:?}", face.store.facts());
    assert!(!told.contains("horse") && !told.contains("$test$"), "{told}");
}

impl crate::face::Answer {
    fn clone_path(&self) -> String {
        crate::face::path(self.header("location").unwrap())
    }
}

async fn a_new_password_is_a_new_version(face: &Face) {
    let ada = face.new_user("ada").await;
    let before = face.get(&ada).await;
    face.world.clock.advance_seconds(60);
    let set = json!([{"op": "replace", "path": "password", "value": SECRET}]);
    let changed = face.patch(&ada, set).await.is(200);
    let after = face.get(&ada).await;
    assert_eq!((changed.etag(), after.etag()), ("W/\"2\"".to_owned(), "W/\"2\"".to_owned()));
    assert_ne!(after.json()["meta"]["lastModified"], before.json()["meta"]["lastModified"]);
    assert_eq!(changed.json(), after.json());
    face.patch(&ada, json!([{"op": "remove", "path": "password"}])).await.is(200);
    assert_eq!(face.get(&ada).await.etag(), "W/\"3\"");
    let put = user(json!({"userName": "ada", "password": SECRET}));
    assert_eq!(face.put(&ada, put).await.is(200).etag(), "W/\"4\"");
}

#[tokio::test]
async fn a_password_that_is_discarded_changes_nothing() {
    let mut options = Options::default();
    options.rules.discards_passwords = true;
    let face = Face::with(options).await;
    let ada = face.post("/Users", user(json!({"userName": "ada", "password": SECRET}))).await.created();
    let (before, facts) = (face.get(&ada).await.json(), face.facts());
    face.world.clock.advance_seconds(60);
    face.patch(&ada, json!([{"op": "replace", "path": "password", "value": "other"}])).await.is(200);
    face.put(&ada, user(json!({"userName": "ada", "password": "other"}))).await.is(200);
    assert_eq!((face.get(&ada).await.json(), face.facts()), (before, facts));
}
