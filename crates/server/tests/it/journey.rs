//! The story of the product from the command line to the last deletion, with the real binary.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{EmptyDatabase, on_both_databases};

use crate::binary::Home;
use crate::caller::{Caller, PATCH_OP, SCIM_JSON, USER, group};
use crate::patience::until_status;

on_both_databases! { EmptyDatabase:
    an_identity_provider_brings_changes_and_takes_away_a_tenants_people,
    a_token_is_replaced_without_a_gap,
}

async fn an_identity_provider_brings_changes_and_takes_away_a_tenants_people(database: &EmptyDatabase) {
    // The operator makes a tenant and switches provisioning on.
    let home = Home::on(database.target());
    let running = home.serve();
    home.text(&["tenant", "create", "acme", "--name", "Acme Inc"]);
    let switched = home.json(&["provisioning", "on", "--tenant", "acme"]);
    let entra = running.caller("acme", switched["token"].as_str().unwrap());

    test_connection(&entra).await;
    let ada = bring(&entra).await;
    change(&entra, &ada).await;
    let staff = join(&entra, &ada).await;
    disable_and_restore(&entra, &ada, &staff).await;
    take_away(&entra, &ada, &staff).await;

    // What has been going on can be seen by the operator.
    let tokens = home.json(&["token", "list", "--tenant", "acme"]);
    assert_eq!(tokens["tokens"][0]["state"], "live");
    let log = running.stop();
    let tokens = home.json(&["token", "list", "--tenant", "acme"]);
    assert!(tokens["tokens"][0]["last_used"].is_string(), "{tokens}: {log}");
}

/// Entra asks for somebody who cannot exist.
async fn test_connection(entra: &Caller) {
    let nobody = entra.search("/Users", "userName eq \"b5c8f3f2-0b1d-4c5c-8f4c-2f5f3a2e1d00\"").await.expect(200);
    assert_eq!(nobody.header("content-type"), Some(SCIM_JSON));
    assert_eq!((&nobody.json()["totalResults"], &nobody.json()["Resources"]), (&json!(0), &json!([])));
}

/// Gives the id of a new user.
async fn bring(entra: &Caller) -> String {
    let ada = json!({
        "schemas": [USER, scim_protocol::urn::ENTERPRISE_USER],
        "userName": "Ada@acme.example", "externalId": "ada-1", "displayName": "Ada Lovelace", "active": true,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@acme.example", "type": "work", "primary": true}],
        scim_protocol::urn::ENTERPRISE_USER: {"department": "Engines"},
    });
    let created = entra.post("/Users", &ada).await.expect(201);
    let (id, shown) = (created.id(), created.json());
    assert_eq!(created.header("location"), shown["meta"]["location"].as_str());
    assert!(shown["meta"]["location"].as_str().unwrap().ends_with(&format!("/t/acme/scim/v2/Users/{id}")));
    for (attribute, value) in ada.as_object().unwrap() {
        assert_eq!(&shown[attribute], value, "{attribute}");
    }
    entra.post("/Users", &ada).await.expect_error(409);
    for filter in
        ["userName eq \"ADA@ACME.EXAMPLE\"", "externalId eq \"ada-1\"", "emails[type eq \"work\"].value sw \"ada\""]
    {
        let found = entra.search("/Users", filter).await.expect(200).json();
        assert_eq!((&found["totalResults"], &found["Resources"][0]), (&json!(1), &shown), "{filter}");
    }
    id
}

async fn change(entra: &Caller, ada: &str) {
    let path = format!("/Users/{ada}");
    let before = entra.get(&path).await.expect(200);
    let operations = json!([
        {"op": "Replace", "path": "name.familyName", "value": "King"},
        {"op": "Add", "path": "emails[type eq \"home\"].value", "value": "ada@home.example"},
        {"op": "Remove", "path": "externalId"},
    ]);
    let tag = before.header("etag").unwrap();
    let changed = entra.clone().with("if-match", tag).patch(&path, operations.clone()).await.expect(200).json();
    assert_eq!(
        (&changed["name"]["familyName"], &changed["emails"][1]["value"]),
        (&json!("King"), &json!("ada@home.example"))
    );
    assert_eq!(changed.get("externalId"), None);
    entra.clone().with("if-match", tag).patch(&path, operations).await.expect_error(412);
    // One bad operation among good ones, and nothing happens.
    let bad = json!([{"op": "replace", "path": "displayName", "value": "X"}, {"op": "replace", "path": "active", "value": {}}]);
    let refused = entra.patch(&path, bad).await.expect_error(400);
    assert!(refused.json()["detail"].as_str().unwrap().contains('1'), "{refused:?}");
    assert_eq!(entra.get(&path).await.expect(200).json(), changed);
}

/// Gives the id of a new group.
async fn join(entra: &Caller, ada: &str) -> String {
    let created = entra.post("/Groups", &group("Staff", &[])).await.expect(201);
    let path = format!("/Groups/{}", created.id());
    let add =
        json!({"schemas": [PATCH_OP], "Operations": [{"op": "Add", "path": "members", "value": [{"value": ada}]}]});
    let answer = entra.send(&Method::PATCH, &path, Some(&add)).await.expect(204);
    assert_eq!(answer.body, "");
    assert_eq!(entra.get(&path).await.expect(200).json()["members"][0]["value"], ada);
    assert_eq!(groups(entra, ada).await, ["Staff"]);
    let found = entra.search("/Users", "groups.display eq \"staff\"").await.expect(200).json();
    assert_eq!(found["Resources"][0]["id"], ada, "{found}");
    created.id()
}

async fn disable_and_restore(entra: &Caller, ada: &str, staff: &str) {
    let path = format!("/Users/{ada}");
    for (value, active) in [(json!("False"), false), (json!("True"), true), (json!(false), false), (json!(true), true)]
    {
        let answer = entra.patch(&path, json!([{"op": "Replace", "path": "active", "value": value}])).await;
        assert_eq!(answer.expect(200).json()["active"], active);
        // Disabled people stay readable and keep their memberships.
        assert_eq!(entra.get(&path).await.expect(200).json()["active"], active);
        assert_eq!(groups(entra, ada).await, ["Staff"]);
        assert_eq!(entra.get(&format!("/Groups/{staff}")).await.expect(200).json()["members"][0]["value"], ada);
    }
}

async fn take_away(entra: &Caller, ada: &str, staff: &str) {
    let (user, group) = (format!("/Users/{ada}"), format!("/Groups/{staff}"));
    entra.delete(&user).await.expect(204);
    entra.get(&user).await.expect_error(404);
    entra.delete(&user).await.expect_error(404);
    assert!(entra.get(&group).await.expect(200).json()["members"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(entra.get("/Users").await.expect(200).json()["totalResults"], 0);
    entra.create_user("ada@acme.example").await.expect(201);
    entra.delete(&group).await.expect(204);
    entra.get(&group).await.expect_error(404);
}

async fn groups(entra: &Caller, ada: &str) -> Vec<Value> {
    let user = entra.get(&format!("/Users/{ada}")).await.expect(200).json();
    user["groups"].as_array().into_iter().flatten().map(|group| group["display"].clone()).collect()
}

async fn a_token_is_replaced_without_a_gap(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    let running = home.serve();
    let made = home.json(&["tenant", "create", "acme", "--with-token"]);
    let old = running.caller("acme", made["token"].as_str().unwrap());
    let new = home.json(&["token", "create", "--tenant", "acme", "--label", "entra 2"]);
    let new = running.caller("acme", new["token"].as_str().unwrap());
    // While the admin pastes the new one, both work on the same people.
    let user = old.create_user("ada").await.expect(201).id();
    new.get(&format!("/Users/{user}")).await.expect(200);
    old.get(&format!("/Users/{user}")).await.expect(200);
    home.text(&["token", "revoke", "--tenant", "acme", made["token_id"].as_str().unwrap()]);
    until_status(&old, 401).await;
    old.get(&format!("/Users/{user}")).await.expect_error(401);
    new.get(&format!("/Users/{user}")).await.expect(200);
    assert_eq!(new.get("/Users").await.expect(200).json()["totalResults"], 1);
}
