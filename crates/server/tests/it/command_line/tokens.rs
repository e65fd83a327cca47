//! `rollcall token …`

use serde_json::{Value, json};
use testkit::{EmptyDatabase, on_both_databases};

use super::first_start::{credentials, first_start};
use crate::binary::Home;
use crate::patience::{until, until_status};

on_both_databases! { EmptyDatabase:
    a_token_is_shown_once_listed_and_revoked,
}

async fn a_token_is_shown_once_listed_and_revoked(database: &EmptyDatabase) {
    let home = Home::on(database.target()).set("ROLLCALL__PUBLIC_URL", "https://rollcall.example");
    home.text(&["tenant", "create", "acme"]);
    let made = home.json(&["token", "create", "--tenant", "acme", "--label", "entra", "--expires", "365d"]);
    assert_eq!((&made["tenant"], &made["label"]), (&json!("acme"), &json!("entra")));
    assert_eq!(made["base_url"], "https://rollcall.example/t/acme/scim/v2");
    let (token, id) = (made["token"].as_str().unwrap(), made["token_id"].as_str().unwrap());
    assert!(token.starts_with("scim_") && token.len() < 128, "{token}");

    let listed = tokens(&home);
    let state = |token: &Value| (token["token_id"].clone(), token["label"].clone(), token["state"].clone());
    assert_eq!(state(&listed[0]), (json!(id), json!("entra"), json!("live")));
    assert_eq!(listed[0]["last_four"], token[token.len() - 4..]);
    assert_eq!((&listed[0]["last_used"], &listed[0]["revoked"]), (&Value::Null, &Value::Null));
    assert_eq!(listed[0]["expires"], made["expires"]);
    let secret = &token[token.len() - 40..];
    for printed in [home.text(&["token", "list", "--tenant", "acme"]), Value::from(listed).to_string()] {
        assert!(!printed.contains(token) && !printed.contains(secret), "{printed}");
        assert!(printed.contains("entra") && printed.contains("live"), "{printed}");
    }

    let revoke = ["token", "revoke", "--tenant", "acme", id];
    assert_eq!(home.json(&revoke), json!({"tenant": "acme", "token_id": id, "state": "revoked"}));
    assert_eq!(home.text(&revoke), format!("Token {id} of acme is revoked.\n"));
    assert_eq!(tokens(&home)[0]["state"], "revoked");
    let unknown = home.refused(&["token", "revoke", "--tenant", "acme", "01a20ae5-0000-7000-8000-000000000000"]);
    assert!(unknown.contains("01a20ae5-0000-7000-8000-000000000000 was not found"), "{unknown}");
}

#[test]
fn two_tokens_are_the_most_and_the_third_is_told_what_to_do() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    let create = ["token", "create", "--tenant", "acme"];
    let (_, first) = credentials(&home.text(&create));
    let second = home.json(&create);
    assert_ne!(second["token"], first);
    let refused = home.refused(&create);
    assert!(refused.contains("2 usable tokens already") && refused.contains("revoke one first"), "{refused}");
    home.text(&["token", "revoke", "--tenant", "acme", second["token_id"].as_str().unwrap()]);
    home.text(&create);
    home.refused(&create);
    assert_eq!(tokens(&home).len(), 3);
    // Another tenant's tokens do not count.
    home.text(&["tenant", "create", "zoo", "--with-token"]);
}

#[test]
fn spans_of_validity_are_read_and_nonsense_is_refused() {
    let home = Home::empty();
    for (slug, span, days) in [("a", "365d", 365), ("b", "2w", 14), ("c", "48h", 2)] {
        home.text(&["tenant", "create", slug]);
        let made = home.json(&["token", "create", "--tenant", slug, "--expires", span]);
        let listed = &home.json(&["token", "list", "--tenant", slug])["tokens"][0];
        assert_eq!(made["expires"], listed["expires"]);
        let apart = micros(&listed["expires"]) - micros(&listed["created"]);
        assert_eq!(apart, days * 86_400_000_000, "{span}");
    }
    for bad in ["0d", "-1d", "1y", "soon", "", "99999999999d"] {
        let ended = home.run(&["token", "create", "--tenant", "a", &format!("--expires={bad}")]);
        assert_eq!((ended.status.code(), ended.out.as_str()), (Some(2), ""), "{bad}: {ended:?}");
        assert!(ended.err.contains("365d") || bad.is_empty(), "{bad}: {ended:?}");
    }
    assert_eq!(home.json(&["token", "create", "--tenant", "a"])["expires"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expires_or_is_revoked_is_refused_soon_by_a_running_server() {
    let (home, running, caller) = first_start();
    caller.get("/Users").await.expect(200);
    let made = home.json(&["token", "create", "--tenant", "acme", "--expires", "5s"]);
    let second = running.caller("acme", made["token"].as_str().unwrap());
    second.get("/Users").await.expect(200);
    until("the token to expire", async || (second.get("/Users").await.status == 401).then_some(())).await;
    // An expired one makes room for another.
    let third = home.json(&["token", "create", "--tenant", "acme"]);
    let rotated = running.caller("acme", third["token"].as_str().unwrap());
    rotated.get("/Users").await.expect(200);
    let first = tokens(&home)[0]["token_id"].as_str().unwrap().to_owned();
    home.text(&["token", "revoke", "--tenant", "acme", &first]);
    until_status(&caller, 401).await;
    caller.get("/Users").await.expect_error(401);
    rotated.get("/Users").await.expect(200);
}

fn tokens(home: &Home) -> Vec<Value> {
    let listed = home.json(&["token", "list", "--tenant", "acme"]);
    assert_eq!(listed["tenant"], "acme");
    listed["tokens"].as_array().unwrap().clone()
}

fn micros(moment: &Value) -> i64 {
    scim_protocol::value::instant(moment.as_str().unwrap()).unwrap()
}
