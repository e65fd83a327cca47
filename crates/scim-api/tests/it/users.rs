//! `/Users`: one person at a time.

use actix_web::http::Method;
use domain::directory::Kind;
use domain::store::Store as _;
use scim_protocol::urn;
use serde_json::{Value, json};
use testkit::on_both_databases;

use crate::face::{BASE, ENTERPRISE, Face, ada, encoded, id, user};

on_both_databases! { Face:
    a_name_in_use_is_refused_whatever_its_case,
    a_deleted_user_is_gone_everywhere_and_its_name_is_free_again,
    external_ids_may_be_shared,
    values_come_back_exactly_as_they_were_sent,
}

#[tokio::test]
async fn creating_answers_with_the_resource_its_address_and_its_version() {
    let face = Face::sqlite().await;
    let created = face.post("/Users", ada()).await.is(201);
    let body = created.json();
    for name in ["location", "content-location"] {
        assert_eq!(created.header(name), body["meta"]["location"].as_str());
    }
    assert_eq!(created.header("etag"), body["meta"]["version"].as_str());
    assert_eq!(body["meta"]["created"], body["meta"]["lastModified"]);
    insta::assert_json_snapshot!(created.readable());

    let read = face.get(&created.created()).await.is(200);
    assert_eq!(read.json(), body);
    assert_eq!(read.header("etag"), body["meta"]["version"].as_str());
    assert_eq!(read.header("content-location"), body["meta"]["location"].as_str());
}

async fn a_name_in_use_is_refused_whatever_its_case(face: &Face) {
    let straße = face.new_user("Straße@example.com").await;
    let other = face.new_user("other@example.com").await;
    let taken = "STRASSE@EXAMPLE.COM";
    let facts = face.facts();
    let detail = face.post("/Users", user(json!({"userName": taken}))).await.fails(409, "uniqueness");
    assert_eq!(detail, r#"userName "STRASSE@EXAMPLE.COM" is already in use"#);
    face.put(&other, user(json!({"userName": taken}))).await.fails(409, "uniqueness");
    let rename = json!([
        {"op": "replace", "path": "title", "value": "x"},
        {"op": "replace", "path": "userName", "value": taken},
    ]);
    face.patch(&other, rename.clone()).await.fails(409, "uniqueness");
    assert_eq!(face.facts(), facts);
    assert_eq!(face.get(&other).await.json().get("title"), None);
    assert_eq!(face.get("/Users").await.total(), 2);

    let own_name_in_other_case = face.patch(&straße, rename).await.is(200).json();
    assert_eq!(own_name_in_other_case["userName"], taken);
}

async fn external_ids_may_be_shared(face: &Face) {
    for name in ["a", "b"] {
        face.post("/Users", user(json!({"userName": name, "externalId": "same"}))).await.is(201);
    }
    assert_eq!(face.find("/Users", r#"externalId eq "same""#).await.each("userName"), ["a", "b"]);
    assert_eq!(face.find("/Users", r#"externalId eq "SAME""#).await.total(), 0);
}

async fn values_come_back_exactly_as_they_were_sent(face: &Face) {
    let sent = json!({
        "userName": "  Ädä  ",
        "displayName": "e\u{301} \u{1F469}\u{200D}\u{1F680} \"\\/\t\n\u{7f}",
        "nickName": "",
        "phoneNumbers": [{"value": "+1 (555) 010-0199 ext. 7", "type": "WORK"}],
        "profileUrl": "https://example.com/%7Eada?q=%C3%A9#x",
        "locale": "en_us",
    });
    let path = face.post("/Users", user(sent.clone())).await.created();
    let read = face.get(&path).await.json();
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(read[name], *value, "{name}");
    }
}

#[tokio::test]
async fn what_only_the_server_writes_is_ignored_in_a_body() {
    let face = Face::sqlite().await;
    let mut body = ada();
    for (name, value) in [
        ("id", json!("mine")),
        ("groups", json!([{"value": "g"}])),
        ("meta", json!({"version": "W/\"99\"", "created": "never", "resourceType": 7, "location": "here"})),
    ] {
        body[name] = value;
    }
    let path = face.post("/Users", body.clone()).await.created();
    let plain = face.get(&path).await;
    assert_eq!(plain.etag(), "W/\"1\"");
    assert_ne!(plain.json()["id"], "mine");
    assert_eq!(plain.json().get("groups"), None);
    assert_eq!(face.put(&path, body).await.is(200).json(), plain.json());
}

#[tokio::test]
async fn put_clears_what_it_leaves_out_and_keeps_what_is_the_servers() {
    let face = Face::sqlite().await;
    let path = face.post("/Users", ada()).await.created();
    let before = face.get(&path).await.json();
    face.world.clock.advance_seconds(60);
    let after = face.put(&path, user(json!({"userName": "ada", "emails": [], "title": null}))).await.is(200);
    insta::assert_json_snapshot!(after.readable());
    let after = after.json();
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["meta"]["created"], before["meta"]["created"]);
    assert_eq!(after["meta"]["lastModified"], "2026-01-01T00:01:00.000000Z");
    assert_eq!(face.get(&path).await.json(), after);
}

#[tokio::test]
async fn put_never_creates_and_demands_what_is_required() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    let stranger = "/Users/019b76da-a800-7000-8000-00000000ffff";
    face.put(stranger, user(json!({"userName": "new"}))).await.is(404);
    let detail = face.put(&path, user(json!({"title": "x"}))).await.fails(400, "invalidValue");
    assert!(detail.contains("userName"), "{detail}");
    assert_eq!(face.get("/Users").await.each("userName"), ["ada"]);
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_the_version_and_the_date() {
    let face = Face::sqlite().await;
    let path = face.post("/Users", ada()).await.created();
    let before = face.get(&path).await.json();
    let facts = face.facts();
    face.world.clock.advance_seconds(60);
    assert_eq!(face.put(&path, ada()).await.is(200).json(), before);
    let same = json!([
        {"op": "add", "path": "emails", "value": [{"type": "work", "value": "ada@work.example"}]},
        {"op": "replace", "path": "title", "value": "Countess"},
        {"op": "remove", "path": "nickName"},
    ]);
    assert_eq!(face.patch(&path, same).await.is(200).json(), before);
    assert_eq!(face.patch(&path, json!([])).await.is(200).json(), before);
    assert_eq!(face.facts(), facts);
}

#[tokio::test]
async fn patch_answers_with_the_changed_user() {
    let face = Face::sqlite().await;
    let path = face.post("/Users", ada()).await.created();
    face.world.clock.advance_seconds(60);
    let operations = json!([
        {"op": "replace", "path": "name.familyName", "value": "King"},
        {"op": "add", "path": "emails", "value": [{"value": "ada@other.example", "type": "other", "primary": true}]},
        {"op": "remove", "path": "phoneNumbers[type eq \"work\"]"},
        {"op": "replace", "path": "addresses[type eq \"home\"].locality", "value": "Basel"},
        {"op": "add", "value": {"nickName": "Countess", ENTERPRISE: {"costCenter": "7"}}},
        {"op": "remove", "path": format!("{ENTERPRISE}:manager")},
    ]);
    let patched = face.patch(&path, operations.clone()).await.is(200);
    insta::assert_json_snapshot!(patched.readable());
    assert_eq!(face.get(&path).await.json(), patched.json());
    assert_eq!(face.patch(&path, operations).await.json(), patched.json(), "again");
}

async fn a_deleted_user_is_gone_everywhere_and_its_name_is_free_again(face: &Face) {
    let path = face.post("/Users", ada()).await.created();
    let gone = face.delete(&path).await.is(204);
    assert!(gone.bytes.is_empty());
    face.get(&path).await.is(404);
    face.delete(&path).await.is(404);
    face.put(&path, ada()).await.is(404);
    face.patch(&path, json!([{"op": "add", "path": "title", "value": "x"}])).await.is(404);
    let filters = [
        r#"userName eq "ada@example.com""#,
        r#"externalId eq "E-1""#,
        r#"emails.value eq "ada@work.example""#,
        r#"title eq "Countess""#,
    ];
    for filter in filters {
        assert_eq!(face.find("/Users", filter).await.total(), 0, "{filter}");
    }
    let again = face.post("/Users", ada()).await.created();
    assert_ne!(again, path);
}

#[tokio::test]
async fn a_disabled_user_stays_visible_and_keeps_its_memberships() {
    let face = Face::sqlite().await;
    let ada = face.post("/Users", ada()).await.created();
    face.new_group("Lab", &[&ada]).await;
    let disabled = face.patch(&ada, json!([{"op": "replace", "path": "active", "value": false}])).await.is(200);
    assert_eq!(disabled.json()["active"], false);
    let read = face.get(&ada).await.is(200).json();
    assert_eq!((&read["active"], &read["groups"][0]["display"]), (&json!(false), &json!("Lab")));
    assert_eq!(face.find("/Users", r#"userName eq "ada@example.com""#).await.total(), 1);
    assert_eq!(face.find("/Users", "active eq false").await.total(), 1);
    face.patch(&ada, json!([{"op": "replace", "path": "active", "value": true}])).await.is(200);
    assert_eq!(face.get(&ada).await.json()["groups"], read["groups"]);
}

/// Nothing anywhere holds the text: neither answers nor what is stored nor what is told of it.
#[tokio::test]
async fn a_password_is_accepted_and_neither_kept_nor_shown() {
    let face = Face::sqlite().await;
    let secret = "correct horse battery staple";
    let with_password = user(json!({"userName": "ada", "password": secret}));
    let mut answers = vec![face.post("/Users?attributes=password,userName", with_password.clone()).await.is(201)];
    let path = path_of(&answers[0].json());
    answers.push(face.put(&path, with_password).await.is(200));
    for value in [json!({"password": secret}), json!({"PassWord": secret, "title": "x"})] {
        answers.push(face.patch(&path, json!([{"op": "replace", "value": value}])).await.is(200));
    }
    answers.push(face.patch(&path, json!([{"op": "add", "path": "password", "value": secret}])).await.is(200));
    answers.push(face.get(&format!("{path}?attributes=password")).await.is(200));
    answers.push(face.get("/Users?attributes=password").await.is(200));
    for answer in answers {
        assert!(!String::from_utf8_lossy(&answer.bytes).to_lowercase().contains("password"), "{answer:?}");
        assert!(!String::from_utf8_lossy(&answer.bytes).contains(secret), "{answer:?}");
    }
    let mut read = face.world.store.read(&face.tenant.scope()).await.unwrap();
    let stored = read.find(&Kind::USER, id(&path).parse().unwrap(), false).await.unwrap().unwrap().stored;
    assert!(!format!("{stored:?}").contains(secret));
    assert!(!format!("{:?}", face.store.facts()).contains(secret));
    for filter in ["password pr", r#"password eq "x""#, r#"password sw "c""#] {
        face.find("/Users", filter).await.fails(403, "sensitive");
        let message = json!({"schemas": [urn::SEARCH_REQUEST], "filter": filter});
        let detail = face.post("/Users/.search", message).await.fails(400, "invalidFilter");
        assert!(detail.contains("password"), "{detail}");
    }
}

#[tokio::test]
async fn a_password_of_the_wrong_type_is_refused_like_any_value() {
    let face = Face::sqlite().await;
    face.post("/Users", user(json!({"userName": "ada", "password": 7}))).await.fails(400, "invalidValue");
}

#[tokio::test]
async fn every_answer_with_a_user_shows_what_was_asked_for() {
    let face = Face::sqlite().await;
    let query = "?attributes=userName,emails.value,name.givenName";
    let created = face.post(&format!("/Users{query}"), ada()).await.is(201);
    insta::assert_json_snapshot!(created.readable());
    let (path, expected) = (path_of(&created.json()), created.json());
    let asked = format!("{path}{query}");
    let touch = |title: &str| json!([{"op": "replace", "path": "title", "value": title}]);
    assert_eq!(face.get(&asked).await.json(), expected);
    assert_eq!(face.put(&asked, ada()).await.json(), expected);
    assert_eq!(face.patch(&asked, touch("Duchess")).await.is(200).json(), expected);
    assert_eq!(face.get(&format!("/Users{query}")).await.json()["Resources"], json!([expected]));

    let without = format!("{path}?excludedAttributes=meta,id,schemas,NAME.formatted,{}", encoded(ENTERPRISE));
    let patched = face.patch(&without, touch("Baroness")).await.is(200).json();
    assert_eq!(patched["schemas"], json!([urn::USER, ENTERPRISE]));
    assert_eq!(patched["name"], json!({"givenName": "Ada", "familyName": "Quill"}));
    assert_eq!((patched.get("meta"), patched.get(ENTERPRISE)), (None, None));
    assert_eq!(patched["id"], expected["id"]);
}

#[tokio::test]
async fn both_lists_of_attributes_at_once_are_refused_before_anything_is_done() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    let query = "attributes=userName&excludedAttributes=name";
    for (method, path) in [
        (Method::GET, "/Users"),
        (Method::POST, "/Users"),
        (Method::GET, &path),
        (Method::PUT, &path),
        (Method::PATCH, &path),
    ] {
        let answer = face.ask(method, &format!("{path}?{query}")).json(&ada()).send().await;
        assert!(answer.fails(400, "invalidValue").contains("excludedAttributes"));
    }
    assert_eq!(face.get("/Users").await.each("userName"), ["ada"]);
}

#[tokio::test]
async fn a_user_is_not_found_among_groups_nor_by_what_is_no_id() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    face.get(&path.replace("Users", "Groups")).await.is(404);
    for nonsense in ["x", "019b76da-a800-7000-8000-00000000ffff", "..%2F", "%00", "%ff", "%F0%9F%91%BB", "0x1"] {
        for method in [Method::GET, Method::DELETE, Method::PUT] {
            face.ask(method, &format!("/Users/{nonsense}")).json(&ada()).send().await.is(404);
        }
        face.patch(&format!("/Users/{nonsense}"), json!([])).await.is(404);
    }
}

fn path_of(resource: &Value) -> String {
    format!("/Users/{}", resource["id"].as_str().unwrap())
}

#[tokio::test]
async fn addresses_come_from_the_settings_and_not_from_the_host_header() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    let forged =
        face.ask(Method::GET, &path).header(("host", "evil.example")).header(("x-forwarded-host", "evil.example"));
    assert_eq!(forged.send().await.json()["meta"]["location"], format!("{BASE}{path}"));
}
