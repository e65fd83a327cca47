//! The server is killed again and again while it deactivates everybody.

use serde_json::Value;
use testkit::{EmptyDatabase, on_both_databases};

use super::{kill, open_tenant};
use crate::binary::Home;
use crate::patience::until;

/// More than a server gets through between two kills.
const PEOPLE: u64 = 400;
const KILLS: usize = 2;

on_both_databases! { EmptyDatabase:
    everybody_is_deactivated_once_however_often_the_server_is_killed_meanwhile,
}

fn job(home: &Home) -> Value {
    home.json(&["provisioning", "show", "--tenant", "acme"])["job"].clone()
}

fn done(home: &Home) -> u64 {
    job(home)["done"].as_u64().unwrap()
}

async fn everybody_is_deactivated_once_however_often_the_server_is_killed_meanwhile(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    let mut running = home.serve();
    let token = open_tenant(&home);
    let caller = running.caller("acme", &token);
    for index in 0..PEOPLE {
        caller.create_user(&format!("user-{index}")).await.expect(201);
    }
    let off = home.json(&["provisioning", "off", "--tenant", "acme", "--deactivate-people"]);
    assert_eq!((&off["provisioning"], &off["job"]["total"]), (&"off".into(), &PEOPLE.into()));
    for _ in 0..KILLS {
        let before = done(&home);
        until("some progress", async || (done(&home) > before || job(&home)["state"] == "done").then_some(())).await;
        kill(running);
        running = home.serve();
    }
    let ended = until("everybody", async || Some(job(&home)).filter(|job| job["state"] == "done")).await;
    assert_eq!((&ended["done"], &ended["failed"]), (&PEOPLE.into(), &0.into()), "each is counted once");

    home.text(&["provisioning", "on", "--tenant", "acme"]);
    let caller = running.caller("acme", &token);
    let users = until("the switch", async || Some(caller.get("/Users?count=1000").await).filter(|it| it.status == 200));
    let users = users.await.json();
    assert_eq!(users["totalResults"], PEOPLE);
    for user in users["Resources"].as_array().unwrap() {
        assert_eq!(user["active"], false, "{user}");
        assert_eq!(user["meta"]["version"], "W/\"2\"", "changed once: {user}");
    }
    running.stop();
}
