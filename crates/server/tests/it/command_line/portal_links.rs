//! `rollcall portal-link …`

use serde_json::{Value, json};
use testkit::{EmptyDatabase, on_both_databases};

use crate::binary::Home;

on_both_databases! { EmptyDatabase:
    a_setup_link_is_shown_once_listed_and_revoked,
}

async fn a_setup_link_is_shown_once_listed_and_revoked(database: &EmptyDatabase) {
    let home = Home::on(database.target())
        .set("ROLLCALL__PUBLIC_URL", "https://rollcall.example")
        .set("ROLLCALL__TENANCY__BASE_DOMAIN", "example.com");
    home.text(&["tenant", "create", "acme"]);
    let create = ["portal-link", "create", "--tenant", "acme", "--expires", "24h", "--label", "Ana of Acme"];
    let made = home.json(&create);
    let (link, id) = (made["link"].as_str().unwrap(), made["link_id"].as_str().unwrap());
    assert!(link.starts_with("https://acme.example.com/sign-in/link/link_"), "{link}");
    assert_eq!((&made["label"], &made["tenant"]), (&json!("Ana of Acme"), &json!("acme")));

    let links = || home.json(&["portal-link", "list", "--tenant", "acme"])["links"].clone();
    let listed = links();
    assert_eq!((&listed[0]["link_id"], &listed[0]["state"]), (&json!(id), &json!("live")));
    assert_eq!((&listed[0]["expires"], &listed[0]["used"]), (&made["expires"], &Value::Null));
    let secret = &link[link.len() - 40..];
    for printed in [home.text(&["portal-link", "list", "--tenant", "acme"]), listed.to_string()] {
        assert!(!printed.contains(secret) && printed.contains("Ana of Acme"), "{printed}");
    }

    let revoke = ["portal-link", "revoke", "--tenant", "acme", id];
    assert_eq!(home.json(&revoke), json!({"tenant": "acme", "link_id": id, "state": "revoked"}));
    assert_eq!(home.text(&revoke), format!("Setup link {id} of acme is revoked.\n"));
    assert_eq!(links()[0]["state"], "revoked");
    let too_long = home.refused(&["portal-link", "create", "--tenant", "acme", "--expires", "31d"]);
    assert!(too_long.contains("at most 30 days"), "{too_long}");
    let unknown = home.refused(&["portal-link", "revoke", "--tenant", "acme", "01a20ae5-0000-7000-8000-000000000000"]);
    assert!(unknown.contains("01a20ae5-0000-7000-8000-000000000000 was not found"), "{unknown}");
}
