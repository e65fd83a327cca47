//! `rollcall schema …`, and what a tenant chooses with `rollcall tenant set`

use serde_json::{Value, json};
use testkit::{EmptyDatabase, on_both_databases};

use super::first_start::first_start;
use crate::binary::Home;
use crate::patience::until;

on_both_databases! { EmptyDatabase:
    schemas_are_declared_listed_and_removed,
    a_tenant_chooses_its_rules,
}

const BADGES: &str = "urn:example:acme:1.0:Badge";
const DEVICE: &str = "urn:ietf:params:scim:schemas:core:2.0:Device";

fn badges() -> Value {
    json!({"id": BADGES, "name": "Badge", "attributes": [{"name": "number", "type": "string", "uniqueness": "server"}]})
}

fn device() -> Value {
    let attributes = json!([{"name": "displayName", "type": "string", "required": true}]);
    json!({
        "name": "Device", "endpoint": "/Devices",
        "schema": {"id": DEVICE, "name": "Device", "attributes": attributes},
    })
}

async fn schemas_are_declared_listed_and_removed(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    home.text(&["tenant", "create", "acme"]);
    home.text(&["tenant", "create", "zoo"]);
    home.write("badges.json", &badges().to_string());
    home.write("device.json", &device().to_string());
    let acme = |arguments: &[&'static str]| [arguments, &["--tenant", "acme"]].concat();
    assert_eq!(home.text(&acme(&["schema", "list"])), "acme has no schemas of its own.\n");

    let extended = home.json(&acme(&["schema", "extend", "User", "badges.json", "--required"]));
    let badges = json!({"schema": BADGES, "extends": "User", "required": true});
    assert_eq!(extended, badges);
    let text = home.text(&acme(&["schema", "add-type", "device.json"]));
    assert_eq!(text, "acme serves Device at /Devices.\n");
    let device = json!({"resource_type": "Device", "endpoint": "/Devices", "schema": DEVICE});
    assert_eq!(home.json(&acme(&["schema", "list"])), json!({"schemas": [badges, device]}));
    let listed = home.text(&acme(&["schema", "list"]));
    assert_eq!(listed, format!("{BADGES} (of User, required)\nDevice at /Devices\n"));
    assert_eq!(home.json(&["schema", "list", "--tenant", "zoo"]), json!({"schemas": []}));

    assert_eq!(home.json(&acme(&["schema", "remove", "device"])), device);
    let text = home.text(&acme(&["schema", "remove", BADGES]));
    assert_eq!(text, format!("acme does not serve {BADGES} (of User, required) any more.\n"));
    assert_eq!(home.json(&acme(&["schema", "list"])), json!({"schemas": []}));
}

#[test]
fn what_cannot_be_declared_is_said_in_one_sentence() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    home.write("badges.json", &badges().to_string());
    home.write("device.json", &device().to_string());
    home.write("broken.json", "{\"id\":");
    let mut wrong = badges();
    wrong["attributes"][0]["multiValued"] = json!(true);
    home.write("wrong.json", &wrong.to_string());
    let refused = |arguments: &[&str]| home.refused(&[&["schema"], arguments].concat());
    for (arguments, reason) in [
        (vec!["extend", "User", "none.json", "--tenant", "acme"], "none.json cannot be read"),
        (vec!["extend", "User", "broken.json", "--tenant", "acme"], "broken.json is not what is expected here"),
        (vec!["extend", "User", "device.json", "--tenant", "acme"], "device.json is not what is expected here"),
        (vec!["add-type", "badges.json", "--tenant", "acme"], "badges.json is not what is expected here"),
        (vec!["extend", "User", "wrong.json", "--tenant", "acme"], "unique"),
        (vec!["extend", "Robot", "badges.json", "--tenant", "acme"], "there is no resource type \"Robot\""),
        (vec!["extend", "User", "badges.json", "--tenant", "zoo"], "tenant zoo was not found"),
        (vec!["remove", BADGES, "--tenant", "acme"], "was not found"),
        (vec!["list", "--tenant", "zoo"], "tenant zoo was not found"),
    ] {
        let said = refused(&arguments);
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
    home.text(&["schema", "extend", "User", "badges.json", "--tenant", "acme"]);
    assert!(refused(&["extend", "Group", "badges.json", "--tenant", "acme"]).contains("in use"));
    assert_eq!(home.json(&["schema", "list", "--tenant", "acme"])["schemas"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_serves_soon_what_is_declared() {
    let (home, _running, caller) = first_start();
    home.write("badges.json", &badges().to_string());
    home.write("device.json", &device().to_string());
    home.text(&["schema", "extend", "User", "badges.json", "--tenant", "acme"]);
    home.text(&["schema", "add-type", "device.json", "--tenant", "acme"]);
    let lamp = json!({"schemas": [DEVICE], "displayName": "Lamp"});
    until("devices to be served", async || (caller.get("/Devices").await.status == 200).then_some(())).await;
    caller.post("/Devices", &lamp).await.expect(201);
    let body = |name: &str| json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", BADGES], "userName": name, BADGES: {"number": "7"}});
    caller.post("/Users", &body("ada")).await.expect(201);
    caller.post("/Users", &body("bob")).await.expect_error(409);
    for name in [BADGES, "Device"] {
        let said = home.refused(&["schema", "remove", name, "--tenant", "acme"]);
        assert!(said.starts_with("1 "), "{said}");
    }
}

async fn a_tenant_chooses_its_rules(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    let made = home.json(&["tenant", "create", "acme"]);
    let set = |arguments: &[&'static str]| home.json(&[&["tenant", "set", "acme"], arguments].concat());
    // What is chosen is shown, and what is not mentioned stays.
    for (arguments, strict, discards) in [
        (vec!["--strict", "on"], true, false),
        (vec!["--discard-passwords", "on"], true, true),
        (vec!["--strict", "off"], false, true),
        (vec!["--strict", "on", "--discard-passwords", "off"], true, false),
        (vec!["--strict", "off"], false, false),
    ] {
        let shown = set(&arguments);
        assert_eq!(shown["tenant_id"], made["tenant_id"]);
        assert_eq!(home.json(&["tenant", "show", "acme"]), shown);
        let rules = |name: &str| shown.get(name).and_then(Value::as_bool).unwrap_or(false);
        assert_eq!((rules("strict"), rules("discard_passwords")), (strict, discards), "{shown}");
    }
    let refused = home.refused(&["tenant", "set", "zoo", "--strict", "on"]);
    assert_eq!(refused, "tenant zoo was not found; see `rollcall tenant list`");
    for arguments in
        [vec!["tenant", "set", "acme"], vec!["tenant", "set", "acme", "--strict", "perhaps"], vec!["tenant", "set"]]
    {
        assert_eq!(home.run(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_reads_soon_as_strictly_as_its_tenant_wants() {
    let (home, _running, caller) = first_start();
    let ada = format!("/Users/{}", caller.create_user("ada").await.expect(201).id());
    // The letter of the RFC knows nothing where a filter finds nothing; common clients want it made.
    let mail =
        |kind: &str| json!([{"op": "replace", "path": format!("emails[type eq \"{kind}\"].value"), "value": "a@x"}]);
    caller.patch(&ada, mail("work")).await.expect(200);
    home.text(&["tenant", "set", "acme", "--strict", "on"]);
    let mut kinds = (0..).map(|number| format!("kind-{number}"));
    until("the tenant to be strict", async || {
        let answer = caller.patch(&ada, mail(&kinds.next().unwrap())).await;
        (answer.status == 400).then_some(answer)
    })
    .await
    .expect_error(400);
}
