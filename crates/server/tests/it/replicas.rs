//! Several processes over one database: what one does holds on the others.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::db::TestDatabase;
use testkit::on_both_databases;

use crate::binary::{Home, Running};
use crate::caller::{Caller, group};
use crate::patience::{until, until_status};

on_both_databases! { TestDatabase:
    what_the_command_line_revokes_opens_nothing_on_any_replica_soon,
    a_tenant_that_is_paused_or_suspended_is_closed_on_every_replica_soon,
    an_attribute_that_is_searched_by_gets_an_index_and_answers_stay_right,
}

/// A second is promised (product.md); a busy machine may need some more.
const SOON: Duration = Duration::from_secs(3);

/// Two servers, and a client of a tenant at each.
struct Pair {
    home: Home,
    servers: [Running; 2],
    token: String,
    token_id: String,
}

impl Pair {
    fn start(database: &TestDatabase) -> Self {
        let home = Home::on(database.target());
        let servers = [home.serve(), home.serve()];
        let tenant = home.json(&["tenant", "create", "acme", "--with-token"]);
        let text = |name: &str| tenant[name].as_str().unwrap_or_else(|| panic!("{tenant}")).to_owned();
        Self { token: text("token"), token_id: text("token_id"), home, servers }
    }

    fn callers(&self) -> [Caller; 2] {
        self.servers.each_ref().map(|server| server.caller("acme", &self.token))
    }
}

/// Waits until every caller is answered like this, and fails when that takes long.
async fn expect_soon(callers: &[Caller], status: u16) {
    let start = Instant::now();
    for caller in callers {
        until_status(caller, status).await;
    }
    assert!(start.elapsed() < SOON, "{:?} until {status}", start.elapsed());
}

async fn what_the_command_line_revokes_opens_nothing_on_any_replica_soon(database: &TestDatabase) {
    let pair = Pair::start(database);
    let callers = pair.callers();
    for caller in &callers {
        for _ in 0..3 {
            caller.get("/Users").await.expect(200);
        }
    }
    pair.home.text(&["token", "revoke", "--tenant", "acme", &pair.token_id]);
    expect_soon(&callers, 401).await;
    // and it stays so
    tokio::time::sleep(Duration::from_millis(700)).await;
    expect_soon(&callers, 401).await;
    let other = pair.home.json(&["token", "create", "--tenant", "acme"]);
    let token = other["token"].as_str().unwrap();
    // A refusal is never from memory: what was made a moment ago is good at once.
    for server in &pair.servers {
        server.caller("acme", token).get("/Users").await.expect(200);
    }
}

async fn a_tenant_that_is_paused_or_suspended_is_closed_on_every_replica_soon(database: &TestDatabase) {
    let pair = Pair::start(database);
    let callers = pair.callers();
    expect_soon(&callers, 200).await;
    pair.home.text(&["provisioning", "pause", "--tenant", "acme"]);
    expect_soon(&callers, 503).await;
    pair.home.text(&["provisioning", "resume", "--tenant", "acme"]);
    expect_soon(&callers, 200).await;
    pair.home.text(&["tenant", "suspend", "acme"]);
    expect_soon(&callers, 403).await;
    pair.home.text(&["tenant", "resume", "acme"]);
    expect_soon(&callers, 200).await;
}

async fn an_attribute_that_is_searched_by_gets_an_index_and_answers_stay_right(database: &TestDatabase) {
    let pair = Pair::start(database);
    let [one, two] = pair.callers();
    let person = |name: &str, title: &str| json!({"schemas": [crate::caller::USER], "userName": name, "title": title});
    for number in 0..5 {
        one.post("/Users", &person(&format!("early-{number}"), "Engineer")).await.expect(201);
    }
    let found = async |caller: &Caller| {
        caller.search("/Users", "title eq \"ENGINEER\"").await.expect(200).json()["totalResults"].as_u64().unwrap()
    };
    assert_eq!(found(&two).await, 5);
    let is_complete = |server: &Running| server.log().contains("an index is complete");
    let mut late = 0;
    until("the index to be complete", async || {
        one.post("/Users", &person(&format!("late-{late}"), "engineer")).await.expect(201);
        late += 1;
        assert_eq!(found(&two).await, 5 + late);
        pair.servers.iter().any(is_complete).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let last = two.post("/Users", &person("last", "Engineer")).await.expect(201).id();
    assert_eq!((found(&one).await, found(&two).await), (6 + late, 6 + late));
    one.patch(&format!("/Users/{last}"), json!([{"op": "replace", "path": "title", "value": "Chief"}]))
        .await
        .expect(200);
    assert_eq!((found(&one).await, found(&two).await), (5 + late, 5 + late));
    one.post("/Groups", &group("Staff", &[&last])).await.expect(201);
}
