//! Three processes over one database, each there for one thing: together they are one product.

use serde_json::json;
use testkit::db::{TestDatabase, texts};
use testkit::on_both_databases;

use crate::binary::{Home, Running};
use crate::caller::{Caller, group};
use crate::patience::until;
use crate::reader::{PASSWORD, Reader};

on_both_databases! { TestDatabase:
    faces_and_work_that_are_apart_are_one_product_together,
}

/// What each of them is there for, and something that it answers.
const ROLES: [(&str, &str); 3] =
    [("scim", "/t/acme/scim/v2/Users"), ("admin", "/t/acme/sign-in"), ("worker", "/healthz")];

fn start(home: &Home) -> [Running; 3] {
    ROLES.map(|(role, _)| home.serve_with(&["serve", "--roles", role]))
}

/// Whether a process knows an address, whatever it answers to strangers.
async fn knows(server: &Running, path: &str) -> bool {
    let status = Caller::new(&server.root).get(path).await.status;
    assert!([200, 401, 404].contains(&status), "{path}: {status}");
    status != 404
}

async fn faces_and_work_that_are_apart_are_one_product_together(database: &TestDatabase) {
    let home = Home::on(database.target()).set("ROLLCALL__METRICS__PORT", "0");
    let created = home.json(&["tenant", "create", "acme", "--with-token"]);
    let token = created["token"].as_str().unwrap();
    let servers = start(&home);
    let [scim, admin, worker] = &servers;

    for (place, server) in servers.iter().enumerate() {
        for (other, (_, path)) in ROLES.iter().enumerate().take(2) {
            assert_eq!(knows(server, path).await, place == other, "{} and {path}", ROLES[place].0);
        }
        for path in ["/healthz", "/readyz"] {
            assert!(knows(server, path).await, "{} and {path}", ROLES[place].0);
        }
    }
    assert!(!knows(admin, "/t/acme/oauth/token").await && !knows(scim, "/assets/settings.css").await);

    let provider = scim.caller("acme", token);
    let ada = provider.create_user("ada@acme.example").await.expect(201).id();
    provider.post("/Groups", &group("Staff", &[&ada])).await.expect(201);
    provider
        .patch(&format!("/Users/{ada}"), json!([{"op": "replace", "path": "title", "value": "Countess"}]))
        .await
        .expect(200);

    // The third numbers what the first took.
    let numbered = "SELECT CAST(count(*) AS TEXT) FROM fact WHERE actor_kind = 'token'";
    until("the changes to be numbered", async || (texts(database.target(), numbered).await == ["3"]).then_some(()))
        .await;

    // The second shows what the first wrote down.
    let invited = home.json(&["admin", "create", "--tenant", "acme", "--email", "ana@acme.example", "--role", "owner"]);
    let link = invited["link"].as_str().unwrap().split_once("/t/acme").unwrap().1;
    let mut reader = Reader::at(&admin.root, "acme");
    reader.open(link).await;
    assert_eq!(reader.send(link, &[("new_password", PASSWORD)]).await.status, 303);
    until("the conversation to be shown", async || {
        let page = reader.open("/settings/user-authentication/activity").await;
        assert_eq!(page.status, 200, "{page:?}");
        page.body.contains("ada@acme.example").then_some(())
    })
    .await;

    // Work that the installation needs is done by the worker alone.
    let held = |server: &Running| {
        let measurements = server.measurements();
        async move {
            measurements
                .get("/metrics")
                .await
                .expect(200)
                .body
                .contains("rollcall_worker_lease_held{work=\"sequencer\"} 1")
        }
    };
    until("the worker's turn", async || held(worker).await.then_some(())).await;
    assert!(!held(scim).await && !held(admin).await);

    // What one revokes the others refuse.
    home.text(&["token", "revoke", "--tenant", "acme", created["token_id"].as_str().unwrap()]);
    until("the token to be refused", async || (provider.get("/Users").await.status == 401).then_some(())).await;
}
