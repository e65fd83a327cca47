//! `rollcall keys …`

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use domain::connection::key::StoredSsoKey;
use domain::ids::SsoKeyId;
use domain::keys::KeyRing;
use domain::store::Store as _;
use serde_json::{Value, json};
use storage::SqlStore;
use testkit::db::TIMING;
use testkit::{EmptyDatabase, on_both_databases};

use uuid::Uuid;

use super::first_start::first_start;
use crate::binary::Home;
use crate::patience::until;

on_both_databases! { EmptyDatabase:
    a_ring_is_rotated_and_pruned_of_what_nothing_rests_on,
    secrets_of_single_sign_on_are_encrypted_anew_at_once,
}

fn keys(home: &Home) -> Vec<Value> {
    home.json(&["keys", "status"])["keys"].as_array().unwrap().clone()
}

async fn a_ring_is_rotated_and_pruned_of_what_nothing_rests_on(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    home.text(&["tenant", "create", "acme"]);
    let token = home.json(&["token", "create", "--tenant", "acme"])["token_id"].as_str().unwrap().to_owned();
    let first = keys(&home)[0]["key"].clone();
    assert_eq!(keys(&home), [json!({"key": first, "state": "current", "secrets": 1, "encrypted": 0, "records": 0})]);
    let second = home.json(&["keys", "rotate"])["current"].clone();
    let row = |key: &Value, state: &str, secrets: u32, signing: u32| json!({"key": key, "state": state, "secrets": secrets, "encrypted": signing, "records": 0});
    assert_eq!(keys(&home), [row(&second, "current", 0, 1), row(&first, "previous", 1, 0)]);
    assert_eq!(home.json(&["keys", "prune"]), json!({"removed": []}));
    home.text(&["token", "revoke", "--tenant", "acme", &token]);
    assert_eq!(home.json(&["keys", "prune"]), json!({"removed": [first]}));
    assert_eq!(keys(&home), [row(&second, "current", 0, 1)]);
}

async fn secrets_of_single_sign_on_are_encrypted_anew_at_once(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    home.text(&["tenant", "create", "acme"]);
    let copy = home.path("ring");
    home.text(&["keys", "export", copy.to_str().unwrap()]);
    let ring = KeyRing::parse(&fs::read_to_string(&copy).unwrap()).unwrap();
    let store = SqlStore::connect(database.target(), TIMING).await.unwrap();
    let tenant = store.find_admission(&"acme".parse().unwrap()).await.unwrap().unwrap().tenant;
    let (id, now) = (SsoKeyId(Uuid::from_u128(7)), tenant.created);
    let key = StoredSsoKey::generate(id, tenant.id, "acme", &ring, now).unwrap();
    let mut tx = store.write(&tenant.scope()).await.unwrap();
    tx.insert_sso_key(&key).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(keys(&home)[0]["encrypted"], json!(1));
    let first = keys(&home)[0]["key"].clone();
    home.text(&["keys", "rotate"]);
    assert_eq!(home.json(&["keys", "prune"]), json!({"removed": [first]}));
    let left = keys(&home);
    assert_eq!((left.len(), &left[0]["encrypted"]), (1, &json!(2)), "beside the key that signs access tokens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_home_makes_its_ring_for_its_owner_alone_and_follows_a_rotation() {
    let (home, running, caller) = first_start();
    let file = home.path("rollcall-data/rollcall.keys");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let current = home.json(&["keys", "rotate"])["current"].clone();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    caller.get("/Users").await.expect(200);
    let made = home.json(&["token", "create", "--tenant", "acme"]);
    // Good at once, though it rests on a key that is new.
    running.caller("acme", made["token"].as_str().unwrap()).get("/Users").await.expect(200);
    until("the secret that was used to rest on the current key", async || {
        caller.get("/Users").await.expect(200);
        let row = keys(&home).into_iter().find(|row| row["key"] == current).unwrap();
        (row["secrets"] == 2).then_some(())
    })
    .await;
    home.text(&["keys", "prune"]);
    assert_eq!(keys(&home).len(), 2, "the owner's invitation was made under the first");
    home.text(&["admin", "create", "--tenant", "acme", "--email", "ana@acme.example", "--role", "owner"]);
    home.text(&["admin", "remove", "--tenant", "acme", "--email", "owner@acme.example"]);
    home.text(&["keys", "prune"]);
    assert_eq!(keys(&home).len(), 1);
    caller.get("/Users").await.expect(200);
    running.stop();
}

#[test]
fn a_ring_that_is_missing_stops_the_start_and_says_what_to_do() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme", "--with-token"]);
    let file = home.path("rollcall-data/rollcall.keys");
    let kept = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let refused = home.refused(&["token", "list", "--tenant", "acme"]);
    assert!(refused.contains("rollcall.keys is missing") && refused.contains("`rollcall keys new`"), "{refused}");
    assert!(!file.exists(), "nothing was put in its place");
    fs::write(&file, &kept).unwrap();
    home.text(&["token", "list", "--tenant", "acme"]);

    fs::remove_file(&file).unwrap();
    home.text(&["keys", "new"]);
    let status = home.text(&["keys", "status"]);
    assert!(status.contains("missing") && status.contains("opens nothing"), "{status}");
    let again = home.refused(&["keys", "new"]);
    assert!(again.contains("exists already"), "{again}");
    home.text(&["token", "create", "--tenant", "acme"]);
}

#[test]
fn a_ring_can_be_taken_out_of_the_database_and_out_of_a_file_into_the_settings() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme", "--with-token"]);
    let copy = home.path("ring");
    home.text(&["keys", "export", copy.to_str().unwrap()]);
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&copy).unwrap();
    let line = text.lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    let home = home.set("ROLLCALL__KEYS__RING", &line);
    assert_eq!(home.json(&["keys", "status"])["home"], "the settings (keys.ring)");
    let rotated = home.json(&["keys", "rotate"]);
    let (first, then) = (rotated["first"].as_str().unwrap(), rotated["then"].as_str().unwrap());
    assert!(first.starts_with(&format!("{line},")) && then.ends_with(&format!(",{line}")), "{rotated}");
    assert_eq!(home.json(&["keys", "status"])["keys"].as_array().unwrap().len(), 1, "nothing was changed");
}
