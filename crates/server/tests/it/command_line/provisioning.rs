//! `rollcall provisioning …`

use serde_json::{Value, json};
use testkit::{EmptyDatabase, on_both_databases};

use super::first_start::{credentials, first_start};
use crate::binary::Home;
use crate::patience::until_status;

on_both_databases! { EmptyDatabase:
    the_first_switching_on_shows_a_token_and_later_ones_do_not,
    what_is_chosen_is_shown,
}

async fn the_first_switching_on_shows_a_token_and_later_ones_do_not(database: &EmptyDatabase) {
    let home = Home::on(database.target()).set("ROLLCALL__PUBLIC_URL", "https://rollcall.example");
    home.text(&["tenant", "create", "acme"]);
    let switched = home.json(&["provisioning", "on", "--tenant", "acme"]);
    assert_eq!((&switched["tenant"], &switched["provisioning"]), (&"acme".into(), &"on".into()));
    assert_eq!(switched["base_url"], "https://rollcall.example/t/acme/scim/v2");
    let token = switched["token"].as_str().unwrap();
    assert!(token.starts_with("scim_") && token.len() < 128, "{token}");
    assert!(switched["token_id"].is_string());

    let again = home.json(&["provisioning", "on", "--tenant", "acme"]);
    assert_eq!(again.get("token"), None);
    home.text(&["provisioning", "off", "--tenant", "acme"]);
    assert_eq!(home.json(&["provisioning", "on", "--tenant", "acme"]).get("token"), None);
    assert_eq!(home.text(&["provisioning", "off", "--tenant", "acme"]), "User provisioning of acme is off.\n");

    home.text(&["tenant", "create", "zoo"]);
    let printed = home.text(&["provisioning", "on", "--tenant", "zoo"]);
    let (base, token) = credentials(&printed);
    assert_eq!(base, "https://rollcall.example/t/zoo/scim/v2");
    assert!(token.starts_with("scim_"), "{printed}");
}

async fn what_is_chosen_is_shown(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    home.text(&["tenant", "create", "acme", "--with-token"]);
    let (set, to) = (["provisioning", "set", "--tenant", "acme"], ["--notify", "it@acme.example"]);
    let chosen = home.json(&[&set[..], &to, &["--notify", "ana@acme.example", "--log-retention", "90"]].concat());
    assert_eq!(chosen["notify"], json!(["it@acme.example", "ana@acme.example"]));
    assert_eq!((&chosen["log_retention_days"], &chosen["provisioning_by"]), (&json!(90), &json!("an operator")));
    assert!(chosen["provisioning_since"].is_string() && chosen["job"].is_null(), "{chosen}");
    assert_eq!(home.json(&["provisioning", "show", "--tenant", "acme"]), chosen);
    let text = home.text(&["provisioning", "show", "--tenant", "acme"]);
    assert!(text.starts_with("User provisioning of acme is on.\nSwitched 20"), "{text}");
    let rest = " by an operator. The log is kept for 90 days; notifications go to it@acme.example, ana@acme.example.\n";
    assert!(text.ends_with(rest), "{text}");
    assert!(home.text(&["tenant", "show", "acme"]).ends_with(rest));

    assert_eq!(home.json(&[&set[..], &["--notify-nobody"]].concat())["notify"], json!([]));
    for bad in [&["--log-retention", "31"][..], &["--notify", "ana"], &["--notify-nobody", "--notify", "a@b.c"], &[]] {
        assert_eq!(home.run(&[&set[..], bad].concat()).status.code(), Some(2), "{bad:?}");
    }
    let off = home.text(&["provisioning", "off", "--tenant", "acme", "--deactivate-people"]);
    assert_eq!(off, "User provisioning of acme is off.\n", "there is nobody");
}

#[test]
fn what_is_off_is_neither_paused_nor_resumed_and_unknown_tenants_are_named() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    for command in ["pause", "resume"] {
        let refused = home.refused(&["provisioning", command, "--tenant", "acme"]);
        assert!(refused.contains("provisioning is off"), "{command}: {refused}");
        assert_eq!(home.json(&["tenant", "show", "acme"])["provisioning"], "off", "{command}");
    }
    for command in ["on", "off", "pause", "resume", "show"] {
        let refused = home.refused(&["provisioning", command, "--tenant", "zoo"]);
        assert_eq!(refused, "tenant zoo was not found; see `rollcall tenant list`", "{command}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_sees_every_switch_soon() {
    let (home, _running, caller) = first_start();
    let switch =
        |word: &str| -> Value { home.json(&["provisioning", word, "--tenant", "acme"])["provisioning"].clone() };
    assert_eq!(switch("off"), "off");
    until_status(&caller, 403).await;
    caller.get("/Users").await.expect_error(403);
    assert_eq!(switch("on"), "on");
    caller.create_user("ada").await.expect(201);
    assert_eq!(switch("pause"), "paused");
    until_status(&caller, 503).await;
    caller.create_user("grace").await.expect_later();
    assert_eq!(switch("resume"), "on");
    assert_eq!(caller.get("/Users").await.expect(200).json()["totalResults"], 1);
}
