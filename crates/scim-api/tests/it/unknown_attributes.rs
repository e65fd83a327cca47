//! Attributes no schema knows: refused in a filter, ignored elsewhere, and the fact says so.

use serde_json::{Value, json};

use crate::face::{ENTERPRISE, Face, ada, group, id, user};

fn ignored(face: &Face) -> Value {
    face.last_fact().payload["ignored"].clone()
}

#[tokio::test]
async fn in_a_filter_they_are_refused_by_name() {
    let face = Face::sqlite().await;
    for filter in [
        "shoeSize eq 43",
        "shoeSize pr",
        "name.shoeSize pr",
        "emails.shoeSize pr",
        "emails[shoeSize eq \"43\"]",
        "userName eq \"ada\" or shoeSize pr",
        "urn:x:y:shoeSize pr",
        "urn:ietf:params:scim:schemas:core:2.0:User:shoeSize pr",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:shoeSize pr",
    ] {
        let detail = face.find("/Users", filter).await.fails(400, "invalidFilter");
        assert!(detail.contains("shoeSize"), "{detail}");
    }
    let detail = face.find("/Groups", "userName pr").await.fails(400, "invalidFilter");
    assert!(detail.contains("Group") && detail.contains("userName"), "{detail}");
}

#[tokio::test]
async fn in_a_body_they_are_ignored_and_the_fact_names_them() {
    let face = Face::sqlite().await;
    let mut body = ada();
    body["shoeSize"] = json!(43);
    body["name"]["nickName"] = json!("x");
    body["emails"][0]["verified"] = json!(true);
    body["emails"][1]["verified"] = json!(true);
    body[ENTERPRISE]["badge"] = json!("x");
    body["urn:x:y"] = json!({"a": 1});
    let expected = json!(["name.nickName", "emails.verified", format!("{ENTERPRISE}:badge"), "shoeSize", "urn:x:y",]);
    let created = face.post("/Users", body.clone()).await.is(201);
    let stored = created.json();
    assert_eq!(sorted(&ignored(&face)), sorted(&expected));
    assert_eq!(stored.get("shoeSize"), None);
    assert_eq!(stored["emails"], ada()["emails"]);
    // A PUT that differs in nothing that is kept is told of all the same.
    let path = created.created();
    assert_eq!(face.put(&path, body).await.is(200).json(), stored);
    assert_eq!(face.last_fact().what.as_str(), "replaced");
    assert_eq!(sorted(&ignored(&face)), sorted(&expected));
}

#[tokio::test]
async fn in_a_patch_they_are_ignored_and_the_fact_names_them() {
    let face = Face::sqlite().await;
    let path = face.post("/Users", ada()).await.created();
    let operations = json!([
        {"op": "add", "path": "shoeSize", "value": 43},
        {"op": "replace", "path": "name.shoeSize", "value": 43},
        {"op": "remove", "path": "emails[type eq \"work\"].verified"},
        {"op": "replace", "path": "urn:x:y:shoeSize", "value": 43},
        {"op": "add", "path": "shoes[type eq \"left\"].size", "value": 43},
        {"op": "replace", "value": {"shoeColour": "red", ENTERPRISE: {"badge": "x"}, "title": "Duchess"}},
    ]);
    let patched = face.patch(&path, operations.clone()).await.is(200).json();
    assert_eq!(patched["title"], "Duchess");
    let expected = json!([
        "shoeSize",
        "name.shoeSize",
        "emails[type eq \"work\"].verified",
        "urn:x:y:shoeSize",
        "shoes[type eq \"left\"].size",
        "shoeColour",
        format!("{ENTERPRISE}:badge"),
    ]);
    assert_eq!(ignored(&face), expected);
    let facts = face.facts();
    assert_eq!(face.patch(&path, operations).await.is(200).json(), patched);
    assert_eq!((face.facts(), ignored(&face)), (facts + 1, expected));
}

#[tokio::test]
async fn in_a_group_too() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let body = json!({"displayName": "Lab", "colour": "red", "members": [{"value": id(&ada), "since": "2020"}]});
    let path = face.post("/Groups", group(body)).await.created();
    assert_eq!(sorted(&ignored(&face)), sorted(&json!(["colour", "members.since"])));
    face.patch(&path, json!([{"op": "replace", "path": "colour", "value": "blue"}])).await.is(204);
    assert_eq!(ignored(&face), json!(["colour"]));
    assert_eq!(face.get(&path).await.etag(), "W/\"1\"");
}

#[tokio::test]
async fn where_attributes_are_chosen_they_are_passed_over() {
    let face = Face::sqlite().await;
    face.post("/Users", ada()).await.is(201);
    let shown = face.get("/Users?attributes=shoeSize,urn:x:y,a%20b,,%22").await.is(200).json();
    assert_eq!(shown["Resources"][0].as_object().unwrap().len(), 2);
    let shown = face.get("/Users?excludedAttributes=shoeSize,name.x,%5B").await.is(200).json();
    assert_eq!(shown["Resources"][0]["name"], ada()["name"]);
    let detail = face.get("/Users?sortBy=shoeSize").await.fails(400, "invalidPath");
    assert!(detail.contains("shoeSize"), "{detail}");
}

#[tokio::test]
async fn a_body_of_nothing_but_unknown_attributes_makes_a_plain_user() {
    let face = Face::sqlite().await;
    let plain = face.post("/Users", user(json!({"userName": "ada", "a": {"b": [1]}, "$x": null}))).await.is(201).json();
    let names: Vec<&String> = plain.as_object().unwrap().keys().collect();
    assert_eq!(names, ["schemas", "id", "userName", "meta"]);
}

fn sorted(names: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}
