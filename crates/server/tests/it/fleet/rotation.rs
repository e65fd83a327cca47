//! The key ring is rotated under three replicas at work.

use std::time::Duration;

use serde_json::Value;
use tempfile::tempdir;
use testkit::db::TestDatabase;

use super::Fleet;
use super::clients::OAuthClient;
use super::steady::Steady;
use crate::binary::Home;
use crate::patience::until;

const ROTATIONS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_ring_that_is_rotated_and_pruned_under_load_fails_no_request() {
    let database = TestDatabase::postgres().await;
    let folder = tempdir().unwrap();
    let file = folder.path().join("keys.ring");
    let ring_file = ("ROLLCALL__KEYS__RING_FILE", file.to_str().unwrap());
    let first = Home::on(database.target()).set(ring_file.0, ring_file.1).json(&["keys", "new"]);
    let fleet = Fleet::start(database.target(), &[ring_file]);
    let (operator, token) = (&fleet.operator, fleet.open_tenant("acme"));
    let client = OAuthClient::create(operator, "acme");
    let steady = Steady::at(&fleet, "acme", &token, &client);
    steady.rounds(20).await;
    let mut current = first["current"].clone();
    let mut previous = Vec::new();
    // One right after the other.
    for _ in 0..ROTATIONS {
        previous.push(current);
        current = operator.json(&["keys", "rotate"])["current"].clone();
    }
    // Uses of secrets, and with them their new digests, are written down every ten seconds.
    until("nothing to rest on an old key", async || {
        assert!(!steady.has_failed(), "a client has failed");
        let keys = operator.json(&["keys", "status"])["keys"].as_array().unwrap().clone();
        let of_current = |key: &&Value| key["key"] == current;
        let (now, old): (Vec<&Value>, Vec<&Value>) = keys.iter().partition(of_current);
        assert_eq!((now.len(), &now[0]["state"], old.len()), (1, &Value::from("current"), ROTATIONS), "{keys:?}");
        let rests = |key: &&Value| key["secrets"] != 0 || key["encrypted"] != 0;
        (now[0]["secrets"] == 2 && !old.iter().any(rests)).then_some(())
    })
    .await;
    let mut removed: Vec<Value> = operator.json(&["keys", "prune"])["removed"].as_array().unwrap().clone();
    removed.sort_by_key(Value::to_string);
    previous.sort_by_key(Value::to_string);
    assert_eq!(removed, previous);
    // Until all have read the ring again, and some more.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    steady.rounds(20).await;
    steady.end().await;
    let keys = operator.json(&["keys", "status"])["keys"].clone();
    fleet.expect_no_error();
    assert_eq!(keys.as_array().unwrap().len(), 1, "{keys}");
    for caller in fleet.callers("acme", &token) {
        caller.get("/Users").await.expect(200);
    }
    for replica in &fleet.replicas {
        let access = client.sign_in(&replica.root()).await;
        replica.running().caller("acme", &access).get("/Users").await.expect(200);
    }
}
