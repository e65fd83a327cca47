//! The server is killed in the middle of writing: what was acknowledged is there, and nothing is half done.

mod client;
mod ledger;
mod load;
mod person;
mod picture;
mod search;

use std::time::{Duration, Instant};

use testkit::{EmptyDatabase, on_both_databases};

use crate::binary::{Home, Running};
use ledger::Ledger;
use load::Load;

/// How long a server may take from its start to the first answer.
const SOON: Duration = Duration::from_secs(5);

/// How often the server is killed.
const KILLS: usize = 20;

on_both_databases! { EmptyDatabase:
    twenty_kills_in_the_middle_of_writing_lose_nothing_and_leave_nothing_half_done,
}

async fn twenty_kills_in_the_middle_of_writing_lose_nothing_and_leave_nothing_half_done(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    let mut running = home.serve();
    let token = open_tenant(&home);
    let mut ledger = Ledger::open(&running.caller("acme", &token)).await;
    for round in 0..KILLS {
        let load = Load::start(&running.caller("acme", &token), ledger);
        // In the middle of something else each time.
        load.acknowledged(30 + round * 13 % 30).await;
        ledger = load.end_by(|| kill(running)).await;
        running = serve_soon(&home, &token).await;
        ledger.audit(&running.caller("acme", &token)).await;
    }
    ledger.audit_everybody(&running.caller("acme", &token)).await;
    ledger.expect_much();
    running.stop();
}

/// Gives the token of a new tenant, `acme`.
fn open_tenant(home: &Home) -> String {
    home.json(&["tenant", "create", "acme", "--with-token"])["token"].as_str().unwrap().to_owned()
}

fn kill(running: Running) {
    running.signal("KILL");
    // Waits for the end.
    drop(running);
}

async fn serve_soon(home: &Home, token: &str) -> Running {
    let start = Instant::now();
    let running = home.serve();
    running.caller("acme", token).get("/Users?count=1").await.expect(200);
    assert!(start.elapsed() < SOON, "{:?} to the first answer", start.elapsed());
    running
}
