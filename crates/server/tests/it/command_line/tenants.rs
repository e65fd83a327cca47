//! `rollcall tenant …`

use serde_json::{Value, json};
use testkit::{EmptyDatabase, on_both_databases};

use super::first_start::first_start;
use crate::binary::Home;
use crate::patience::until_status;

on_both_databases! { EmptyDatabase:
    a_tenant_is_made_shown_listed_suspended_resumed_and_deleted,
    many_tenants_come_from_a_file_with_a_line_of_json_each,
}

async fn a_tenant_is_made_shown_listed_suspended_resumed_and_deleted(database: &EmptyDatabase) {
    let home = Home::on(database.target()).set("ROLLCALL__PUBLIC_URL", "https://rollcall.example");
    let made = home.json(&["tenant", "create", "acme", "--name", "Acme Inc"]);
    let created = made["created"].as_str().unwrap();
    let expected = json!({
        "tenant": "acme", "tenant_id": made["tenant_id"], "name": "Acme Inc", "status": "active", "provisioning": "off",
        "strict": false, "discard_passwords": false, "unique_group_names": false,
        "base_url": "https://rollcall.example/t/acme/scim/v2", "created": created,
    });
    assert_eq!(made, expected);
    let text = home.text(&["tenant", "create", "zoo"]);
    assert!(text.starts_with("Created zoo. Next: rollcall admin create --tenant zoo --role owner"), "{text}");
    assert!(text.ends_with("rollcall provisioning on --tenant zoo\n"), "{text}");

    let mut shown = expected.clone();
    for (name, value) in [
        ("provisioning_since", Value::Null),
        ("provisioning_by", Value::Null),
        ("log_retention_days", json!(30)),
        ("notify", json!([])),
    ] {
        shown[name] = value;
    }
    assert_eq!(home.json(&["tenant", "show", "acme"]), shown);
    let listed = home.json(&["tenant", "list"]);
    assert_eq!(listed["tenants"][0], expected);
    assert_eq!((&listed["tenants"][1]["tenant"], &listed["tenants"][1]["name"]), (&json!("zoo"), &json!("zoo")));
    assert_eq!(home.text(&["tenant", "list"]).lines().count(), 2);

    let set = home.json(&["tenant", "set", "acme", "--strict", "on", "--discard-passwords", "on"]);
    assert_eq!((&set["strict"], &set["discard_passwords"]), (&json!(true), &json!(true)));
    home.text(&["tenant", "set", "acme", "--discard-passwords", "off"]);
    let set = home.json(&["tenant", "show", "acme"]);
    assert_eq!((&set["strict"], &set["discard_passwords"]), (&json!(true), &json!(false)));
    assert_eq!(home.json(&["tenant", "set", "acme", "--strict", "off"]), shown);
    assert_eq!(home.run(&["tenant", "set", "acme"]).status.code(), Some(2));
    assert_eq!(home.run(&["tenant", "set", "acme", "--strict", "maybe"]).status.code(), Some(2));

    assert_eq!(home.json(&["tenant", "suspend", "acme"])["status"], "suspended");
    assert_eq!(home.json(&["tenant", "suspend", "acme"])["status"], "suspended");
    assert_eq!(home.json(&["tenant", "resume", "acme"])["status"], "active");
    assert!(home.text(&["tenant", "show", "acme"]).contains("active"));

    assert_eq!(home.json(&["tenant", "delete", "acme", "--yes"]), json!({"tenant": "acme", "deleted": true}));
    assert_eq!(home.text(&["tenant", "delete", "zoo", "--yes"]), "Deleted zoo and everything of it.\n");
    assert_eq!(home.json(&["tenant", "list"]), json!({"tenants": []}));
    // The name is free again, and nothing has stayed.
    assert_eq!(home.json(&["tenant", "create", "acme", "--with-token"])["provisioning"], "on");
}

#[test]
fn what_cannot_be_done_to_a_tenant_is_said_in_one_sentence() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    assert_eq!(home.refused(&["tenant", "create", "acme"]), "the tenant name \"acme\" is already in use");
    for command in ["show", "suspend", "resume", "delete"] {
        let refused = home.refused(&["tenant", command, "zoo"]);
        assert_eq!(refused, "tenant zoo was not found; see `rollcall tenant list`", "{command}");
    }
    for (slug, reason) in [("Acme", "lower-case"), ("www", "reserved"), ("a.b", "lower-case"), ("", "1 to 63")] {
        let ended = home.run(&["tenant", "create", slug]);
        assert_eq!((ended.status.code(), ended.out.as_str()), (Some(2), ""), "{slug}");
        assert!(ended.err.contains(reason), "{slug}: {ended:?}");
    }
    assert_eq!(home.json(&["tenant", "list"])["tenants"].as_array().unwrap().len(), 1);
}

async fn many_tenants_come_from_a_file_with_a_line_of_json_each(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    let lines =
        [json!({"tenant": "a"}), json!({"tenant": "b", "name": "Bee & Söhne"}), json!({"tenant": "c", "name": "C"})];
    home.write("tenants.ndjson", &lines.map(|line| format!("{line}\n\n")).concat());
    let printed = home.text(&["tenant", "create", "--from", "tenants.ndjson", "--with-token", "--json"]);
    let objects: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named: Vec<_> = objects.iter().map(|object| (&object["tenant"], &object["name"])).collect();
    let name = |text: &str| Value::from(text);
    let expected = [(name("a"), name("a")), (name("b"), name("Bee & Söhne")), (name("c"), name("C"))];
    assert_eq!(named, expected.each_ref().map(|(slug, name)| (slug, name)));

    let running = home.serve();
    for object in &objects {
        for member in ["tenant", "base_url", "token", "token_id"] {
            assert!(object[member].is_string(), "{member}: {object}");
        }
        let caller = running.caller(object["tenant"].as_str().unwrap(), object["token"].as_str().unwrap());
        caller.get("/Users").await.expect(200);
    }
}

#[test]
fn a_bad_line_creates_nothing_and_is_named() {
    let home = Home::empty();
    home.text(&["tenant", "create", "taken"]);
    for (bad, reason) in [
        ("{\"tenant\":\"A\"}", "lower-case"),
        ("{\"name\":\"A\"}", "\"tenant\" is missing"),
        ("{\"tenant\":\"a\",\"slug\":\"b\"}", "unknown member \"slug\""),
        ("{\"tenant\":7}", "\"tenant\" is not text"),
        ("[]", "not a JSON object"),
        ("{\"tenant\":", "not a JSON object"),
        ("{\"tenant\":\"good\"}", "\"good\" stands in line 1 already"),
    ] {
        home.write("bad.ndjson", &format!("{{\"tenant\":\"good\"}}\n{bad}\n{{\"tenant\":\"better\"}}\n"));
        let refused = home.refused(&["tenant", "create", "--from", "bad.ndjson", "--with-token", "--json"]);
        assert!(refused.contains("bad.ndjson line 2") && refused.contains(reason), "{bad}: {refused}");
        assert_eq!(home.json(&["tenant", "list"])["tenants"].as_array().unwrap().len(), 1, "{bad}");
    }
    home.write("bad.ndjson", "{\"tenant\":\"good\"}\n{\"tenant\":\"taken\"}\n");
    let refused = home.refused(&["tenant", "create", "--from", "bad.ndjson"]);
    assert_eq!(refused, "bad.ndjson: the tenant name \"taken\" is already in use");
    assert_eq!(home.json(&["tenant", "list"])["tenants"].as_array().unwrap().len(), 1);
    let refused = home.refused(&["tenant", "create", "--from", "none.ndjson"]);
    assert!(refused.contains("none.ndjson cannot be read"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_sees_soon_what_becomes_of_a_tenant() {
    let (home, running, caller) = first_start();
    home.text(&["tenant", "suspend", "acme"]);
    until_status(&caller, 403).await;
    caller.get("/Users").await.expect_error(403);
    home.text(&["tenant", "resume", "acme"]);
    caller.create_user("ada").await.expect(201);
    let made = home.json(&["tenant", "create", "zoo", "--with-token"]);
    let zoo = running.caller("zoo", made["token"].as_str().unwrap());
    zoo.create_user("ada").await.expect(201);
    home.text(&["tenant", "delete", "acme", "--yes"]);
    until_status(&caller, 401).await;
    caller.get("/Users").await.expect_error(401);
    zoo.get("/Users").await.expect(200);
}
