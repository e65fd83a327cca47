//! `rollcall client …`

use serde_json::{Value, json};
use testkit::{EmptyDatabase, on_both_databases};

use crate::binary::Home;

on_both_databases! { EmptyDatabase:
    a_client_is_shown_once_listed_given_a_second_secret_and_revoked,
}

async fn a_client_is_shown_once_listed_given_a_second_secret_and_revoked(database: &EmptyDatabase) {
    let home = Home::on(database.target()).set("ROLLCALL__PUBLIC_URL", "https://rollcall.example");
    home.text(&["tenant", "create", "acme"]);
    let create = ["client", "create", "--tenant", "acme", "--label", "entra", "--scopes", "users:read,groups:read"];
    let made = home.json(&create);
    assert_eq!(made["token_url"], "https://rollcall.example/t/acme/oauth/token");
    assert_eq!((&made["scopes"], &made["label"]), (&json!("users:read groups:read"), &json!("entra")));
    let (id, secret) = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let added = home.json(&["client", "secret", "add", "--tenant", "acme", id, "--expires", "366d"]);
    let third = home.refused(&["client", "secret", "add", "--tenant", "acme", id]);
    assert!(third.contains("2 usable secrets already"), "{third}");

    let listed = clients(&home);
    assert_eq!((&listed[0]["client_id"], &listed[0]["access_minutes"]), (&json!(id), &json!(60)));
    let secrets = listed[0]["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 2);
    assert_eq!(secrets[0]["last_four"], secret[secret.len() - 4..]);
    for printed in [home.text(&["client", "list", "--tenant", "acme"]), Value::from(listed.clone()).to_string()] {
        assert!(!printed.contains(&secret[40..80]) && printed.contains("entra"), "{printed}");
    }
    assert!(home.json(&["token", "list", "--tenant", "acme"])["tokens"].as_array().unwrap().is_empty());

    let first = made["secret_id"].as_str().unwrap();
    home.text(&["client", "secret", "revoke", "--tenant", "acme", id, first]);
    let states: Vec<_> =
        clients(&home)[0]["secrets"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, [json!("revoked"), json!("live")]);
    assert_ne!(added["client_secret"], made["client_secret"]);
    let revoked = home.json(&["client", "revoke", "--tenant", "acme", id]);
    assert_eq!(revoked, json!({"tenant": "acme", "client_id": id, "state": "revoked"}));
    assert_eq!(clients(&home)[0]["state"], "revoked");
}

fn clients(home: &Home) -> Vec<Value> {
    home.json(&["client", "list", "--tenant", "acme"])["clients"].as_array().unwrap().clone()
}

const CREATE: [&str; 4] = ["client", "create", "--tenant", "acme"];

#[test]
fn what_a_client_cannot_be_is_told() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    for (more, words) in [
        (&["--expires", "30d"][..], "1 to 3 years"),
        (&["--access-minutes", "5"], "60 to 360 minutes"),
        (&["--scopes", "users:read,admin"], "\"admin\" is no scope; there are users:read, users:write, groups:read"),
    ] {
        let ended = home.run(&[&CREATE, more].concat());
        assert!(!ended.status.success() && ended.err.contains(words), "{more:?}: {ended:?}");
    }
    for _ in 0..10 {
        home.text(&CREATE);
    }
    let refused = home.refused(&CREATE);
    assert!(refused.contains("10 OAuth clients already"), "{refused}");
}
