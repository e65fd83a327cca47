//! A tenant that wants the letter of RFC 7644 gets it, and clients' ways of writing are read all the same.

use serde_json::json;

use crate::face::{Face, Options, user};

async fn strict() -> Face {
    let mut options = Options::default();
    options.rules.strict = true;
    Face::with(options).await
}

#[tokio::test]
async fn a_filter_that_selects_nothing_is_no_target() {
    let (strict, lenient) = (strict().await, Face::sqlite().await);
    for kind in ["add", "replace"] {
        let operation = json!([{"op": kind, "path": "emails[type eq \"work\"].value", "value": "ada@x"}]);
        let ada = strict.new_user(kind).await;
        strict.patch(&ada, operation.clone()).await.fails(400, "noTarget");
        assert_eq!(strict.get(&ada).await.json().get("emails"), None);
        let ada = lenient.new_user(kind).await;
        lenient.patch(&ada, operation).await.is(200);
        assert_eq!(lenient.get(&ada).await.json()["emails"], json!([{"type": "work", "value": "ada@x"}]));
    }
}

#[tokio::test]
async fn a_filter_that_selects_something_is_as_good_as_ever() {
    let face = strict().await;
    let mails = json!([{"type": "work", "value": "a@x"}, {"type": "home", "value": "b@x"}]);
    let ada = face.post("/Users", user(json!({"userName": "ada", "emails": mails}))).await.created();
    let operation = json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "c@x"}]);
    let mails = face.patch(&ada, operation).await.is(200).json()["emails"].clone();
    assert_eq!(mails, json!([{"type": "work", "value": "c@x"}, {"type": "home", "value": "b@x"}]));
    face.patch(&ada, json!([{"op": "remove", "path": "emails[type eq \"other\"]"}])).await.is(200);
}

#[tokio::test]
async fn a_path_that_no_schema_knows_is_no_path() {
    let face = strict().await;
    let ada = face.new_user("ada").await;
    let operation =
        json!([{"op": "add", "path": "title", "value": "x"}, {"op": "add", "path": "shoeSize", "value": 43}]);
    let detail = face.patch(&ada, operation).await.fails(400, "invalidPath");
    assert!(detail.contains("shoeSize") && detail.contains("Operations[1]"), "{detail}");
    assert_eq!(face.get(&ada).await.json().get("title"), None);
}

#[tokio::test]
async fn clients_ways_of_writing_are_read() {
    let face = strict().await;
    let ada = face.new_user("ada").await;
    let group = face.new_group("Lab", &[&ada]).await;
    face.patch(&ada, json!([{"op": "Replace", "path": "active", "value": "False"}])).await.is(200);
    assert_eq!(face.get(&ada).await.json()["active"], json!(false));
    let member = ada.rsplit('/').next().unwrap();
    face.patch(&group, json!([{"op": "Remove", "path": "members", "value": [{"value": member}]}])).await.is(204);
    assert_eq!(face.get(&group).await.json().get("members"), None);
}
