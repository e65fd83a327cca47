//! Habits of real clients through the whole face; what goes back is strict SCIM (`client-behaviour.md` §4, §6).

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use scim_protocol::urn;
use serde_json::{Value, json};

use crate::face::{ENTERPRISE, Face, elements, group, id, user};

/// §4 b: booleans as text, `roles: []`, nulls, `meta`, a bare manager.
#[tokio::test]
async fn entra_creates_a_user() {
    let face = Face::sqlite().await;
    let manager = face.new_user("boss").await;
    let body = json!({
        "schemas": [urn::USER, ENTERPRISE],
        "externalId": "0a21f0f2", "userName": "Test_User@testuser.com", "active": "True",
        "emails": [{"primary": "True", "type": "work", "value": "Test_User@testuser.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
        "roles": [], "title": null, "preferredLanguage": null,
        ENTERPRISE: {"department": "Lab", "manager": id(&manager)},
    });
    let ask = face.ask(Method::POST, "/Users").header((CONTENT_TYPE, "application/scim+json; charset=utf-8"));
    insta::assert_json_snapshot!(ask.bytes(body.to_string()).send().await.readable());
}

/// §4 d, e without the flag: capital verbs, one operation an attribute, texts for booleans.
#[tokio::test]
async fn entra_without_its_flag_updates_and_disables() {
    let face = Face::sqlite().await;
    let path = face.post("/Users", user(json!({"userName": "ada", "active": true}))).await.created();
    let operations = json!([
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": "name.givenName", "value": "Ada"},
        {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "a@x"},
        {"op": "Replace", "path": "emails[type eq \"other\"].Value", "value": "b@x"},
        {"op": "Replace", "path": "addresses[type eq \"work\"].formatted", "value": "Here"},
        {"op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Lab"},
        {"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "26118915"},
        {"op": "Replace", "path": "roles[primary eq \"True\"].value", "value": "admin"},
    ]);
    insta::assert_json_snapshot!(face.patch(&path, operations).await.readable());
}

/// §4 d with the flag: one operation without a path, its keys flat.
#[tokio::test]
async fn entra_with_its_flag_updates_and_clears() {
    let face = Face::sqlite().await;
    let path = face.post("/Users", user(json!({"userName": "ada", "title": "x", "nickName": "y"}))).await.created();
    let value = json!({
        "displayName": "Ada", "name.givenName": "Ada", "name.familyName": "Quill", "active": false,
        format!("{ENTERPRISE}:employeeNumber"): "7", format!("{ENTERPRISE}:manager"): "26118915",
        "title": null, "nickName": "",
    });
    let patched = face.patch(&path, json!([{"op": "replace", "value": value}])).await.is(200).json();
    assert_eq!(patched["name"], json!({"givenName": "Ada", "familyName": "Quill"}));
    assert_eq!(patched[ENTERPRISE], json!({"employeeNumber": "7", "manager": {"value": "26118915"}}));
    assert_eq!((patched.get("title"), &patched["active"]), (None, &json!(false)));
    let cleared = json!([{"op": "replace", "value": {format!("{ENTERPRISE}:manager"): "", "displayName": null}}]);
    let patched = face.patch(&path, cleared).await.is(200).json();
    assert_eq!((patched.get("displayName"), &patched[ENTERPRISE]), (None, &json!({"employeeNumber": "7"})));
}

/// §4 h: the group's own odd schema, members added and removed by list, or by filter with the flag.
#[tokio::test]
async fn entra_fills_and_empties_groups() {
    let face = Face::sqlite().await;
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let adscim = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    let body = json!({"schemas": [urn::GROUP, adscim], "externalId": "8aa1a0c0", "displayName": "Lab", "meta": {"resourceType": "Group"}});
    let created = face.post("/Groups", body).await.is(201);
    assert_eq!(created.json()["schemas"], json!([urn::GROUP]));
    let lab = created.created();
    let listed =
        |paths: &[&str]| -> Value { paths.iter().map(|path| json!({"$ref": null, "value": id(path)})).collect() };
    let members =
        async || face.get(&lab).await.json().get("members").map_or(0, |members| members.as_array().unwrap().len());
    face.patch(&lab, json!([{"op": "Add", "path": "members", "value": listed(&[&ada, &bob])}])).await.is(204);
    assert_eq!(members().await, 2);
    face.patch(&lab, json!([{"op": "Remove", "path": "members", "value": listed(&[&ada])}])).await.is(204);
    assert_eq!(members().await, 1);
    face.patch(&lab, json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", id(&bob))}])).await.is(204);
    assert_eq!(members().await, 0);
    let found = "/Groups?excludedAttributes=members&filter=displayName+eq+%22Lab%22";
    assert_eq!(face.get(found).await.each("externalId"), ["8aa1a0c0"]);
}

/// §6: renames with the id in the value, replacement of all members without a path, deactivation.
#[tokio::test]
async fn okta_renames_pushes_and_deactivates() {
    let face = Face::sqlite().await;
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let lab = face.new_group("Lab", &[&ada]).await;
    face.patch(&lab, json!([{"op": "replace", "value": {"id": id(&lab), "displayName": "Workshop"}}])).await.is(204);
    face.patch(&lab, json!([{"op": "replace", "value": {"members": elements(&[&bob])}}])).await.is(204);
    let after = face.get(&lab).await.json();
    assert_eq!((&after["displayName"], &after["members"][0]["value"]), (&json!("Workshop"), &json!(id(&bob))));
    assert_eq!(after["members"].as_array().unwrap().len(), 1);
    face.patch(&lab, json!([{"op": "replace", "value": {"members": []}}])).await.is(204);
    assert_eq!(face.get(&lab).await.json().get("members"), None);
    let off = face.patch(&bob, json!([{"op": "replace", "value": {"active": false}}])).await.is(200);
    assert_eq!(off.json()["active"], false);
    let with_password = user(json!({"userName": "cyd", "groups": [], "password": "x", "locale": "en-US"}));
    face.post("/Users", with_password).await.is(201);
}

/// §6: templates that admins write by hand.
#[tokio::test]
async fn onelogin_sends_texts_and_nulls() {
    let face = Face::sqlite().await;
    let body = json!({
        "schemas": [urn::USER], "id": null, "userName": "ada", "active": "true",
        "emails": {"value": "a@x", "type": "work"},
        ENTERPRISE: {"manager": {"managerId": "7", "value": null}},
    });
    let created = face.post("/Users", body).await.is(201).json();
    assert_eq!((&created["active"], &created["emails"]), (&json!(true), &json!([{"value": "a@x", "type": "work"}])));
    assert_eq!(created.get(ENTERPRISE), None);
}

#[tokio::test]
async fn names_of_attributes_and_schemas_are_read_in_any_case_and_written_in_one() {
    let face = Face::sqlite().await;
    let body = json!({
        "SCHEMAS": [urn::USER.to_uppercase()], "USERNAME": "ada", "Name": {"GIVENNAME": "Ada"},
        "eMails": [{"VALUE": "a@x", "Type": "work"}], ENTERPRISE.to_uppercase(): {"DEPARTMENT": "Lab"},
    });
    let created = face.post("/Users", body).await.is(201).json();
    let (names, expected) = (created.as_object().unwrap(), ["userName", "name", "emails", ENTERPRISE]);
    assert!(expected.iter().all(|name| names.contains_key(*name)), "{created}");
    assert_eq!(created["schemas"], json!([urn::USER, ENTERPRISE]));
    assert_eq!(created["name"], json!({"givenName": "Ada"}));
    let group = json!({"schemas": [urn::GROUP.to_uppercase()], "DISPLAYNAME": "Lab"});
    assert_eq!(face.post("/Groups", group).await.is(201).json()["displayName"], "Lab");
    assert_eq!(
        face.post("/Groups", crate::face::group(json!({"displayName": "x", "members": null}))).await.status,
        201
    );
}

#[tokio::test]
async fn a_group_may_say_what_its_members_are_called_and_is_not_believed() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let members =
        json!([{"value": id(&ada), "display": "Somebody else", "type": "Group", "$ref": "https://evil.example"}]);
    let created = face.post("/Groups", group(json!({"displayName": "Lab", "members": members}))).await.is(201).json();
    let reference = format!("https://rollcall.example/t/acme/scim/v2{ada}");
    assert_eq!(created["members"], json!([{"value": id(&ada), "type": "User", "$ref": reference}]));
}
