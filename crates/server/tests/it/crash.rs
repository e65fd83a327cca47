//! The server or its database is killed in the middle of writing: what was acknowledged is there, and nothing is half
//! done.

mod activity;
mod client;
mod jobs;
pub mod journal;
pub mod ledger;
pub mod load;
mod person;
mod picture;
pub mod postgres;
mod search;

use std::time::{Duration, Instant};

use reqwest::Method;
use storage::Target;
use testkit::{EmptyDatabase, on_both_databases};

use crate::binary::{Home, Running};
use crate::caller::Caller;
use crate::patience::until;
use ledger::Ledger;
use load::Load;
use postgres::MortalPostgres;

/// How long a server may take from its start to the first answer.
const SOON: Duration = Duration::from_secs(5);

/// How often the server is killed.
const KILLS: usize = 20;

/// How often PostgreSQL is.
const OUTAGES: usize = 3;

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
        load.acknowledged(24 + round * 13 % 24).await;
        ledger = load.end_by(|| kill(running)).await;
        running = serve_soon(&home, &token).await;
        ledger.audit(&running.caller("acme", &token)).await;
    }
    ledger.audit_everybody(&running.caller("acme", &token)).await;
    ledger.expect_much();
    journal::audit(database.target(), &ledger).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_is_killed_in_the_middle_of_writing_is_503_until_it_is_back_with_all_it_had() {
    let mut postgres = MortalPostgres::start();
    let database = Target::Postgres { url: postgres.url() };
    // So that an outage is noticed, and the test over, sooner.
    let home = Home::on(&database).set("ROLLCALL__DATABASE__ACQUIRE_TIMEOUT_MS", "1000");
    let running = home.serve();
    let token = open_tenant(&home);
    // New connections for each part: the server closes those that nobody uses for five seconds, perhaps just when
    // somebody does.
    let caller = || running.caller("acme", &token);
    let mut ledger = Ledger::open(&caller()).await;
    for _ in 0..OUTAGES {
        let load = Load::start(&caller(), ledger);
        load.acknowledged(60).await;
        postgres.kill();
        expect_away(&caller()).await;
        postgres.start_again();
        expect_back(&caller()).await;
        load.acknowledged(60).await;
        ledger = load.end().await;
        ledger.audit(&caller()).await;
    }
    ledger.audit_everybody(&caller()).await;
    journal::audit(&database, &ledger).await;
    running.stop();
}

/// Sooner or later everybody is told to come again, who reads and who writes.
async fn expect_away(caller: &Caller) {
    let nobody = "/Users/01a20ae5-0000-7000-8000-000000000000";
    for (method, path) in [(Method::GET, "/Users?count=1"), (Method::DELETE, nobody)] {
        let refused = until("the outage to be noticed", async || {
            let answer = caller.send(&method, path, None).await;
            (answer.status == 503).then_some(answer)
        });
        refused.await.expect_later();
    }
}

async fn expect_back(caller: &Caller) {
    until("the server to recover", async || (caller.get("/Users?count=1").await.status == 200).then_some(())).await;
}
