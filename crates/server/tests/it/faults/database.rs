//! PostgreSQL is killed, or somebody holds what is to be changed.

use std::time::Duration;

use serde_json::json;
use testkit::db::{TestDatabase, statement, texts};

use super::Dose;
use super::report::Row;
use super::trial::Trial;
use crate::crash::postgres::MortalPostgres;
use crate::fleet::Fleet;
use crate::patience::until;

const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

pub async fn postgres_killed(dose: Dose) -> Row {
    let mut postgres = MortalPostgres::start();
    let fleet = Fleet::start(&postgres.target(), &[]);
    let token = fleet.open_tenant("acme");
    let mut trial = Trial::begin(&fleet.caller("acme", &token), dose.changes()).await;
    for _ in 0..dose.rounds() {
        postgres.kill();
        tokio::time::sleep(Duration::from_secs(2)).await;
        postgres.start_again();
        trial.recovered().await;
        trial.go_on(dose.changes()).await;
    }
    let fault = format!("`kill -9` of PostgreSQL, away for 2 s and its own recovery, {} times", dose.rounds());
    trial.end(&fault, || postgres.target()).await
}

/// How whoever holds the rows is found again.
const MARK: &str = "pg_sleep(62)";

/// Somebody holds every group: a person who looks around in the database and has not gone home, or a dump with a lock.
pub async fn rows_held(dose: Dose) -> Row {
    let database = TestDatabase::postgres().await;
    let limit = LOCK_TIMEOUT.as_millis().to_string();
    let fleet = Fleet::start(database.target(), &[("ROLLCALL__DATABASE__LOCK_TIMEOUT_MS", &limit)]);
    let token = fleet.open_tenant("acme");
    let caller = fleet.caller("acme", &token);
    let mut trial = Trial::begin(&caller, dose.changes()).await;
    let target = database.target().clone();
    let hold = format!("BEGIN; SELECT FROM resource WHERE kind = 'Group' FOR UPDATE; SELECT {MARK}; ROLLBACK");
    let holding = tokio::spawn(async move { statement(&target, &hold).await });
    let is_held = format!("SELECT 'x' FROM pg_stat_activity WHERE query LIKE '%{MARK}%' AND pid <> pg_backend_pid()");
    until("the rows to be held", async || texts(database.target(), &is_held).await.pop()).await;
    tokio::time::sleep(dose.while_it_lasts()).await;
    // Whoever needs one is told to come later, within the limit and a little; whoever needs none goes on.
    let group =
        caller.get("/Groups?count=1").await.expect(200).json()["Resources"][0]["id"].as_str().unwrap().to_owned();
    let rename = json!([{"op": "replace", "path": "displayName", "value": "Renamed"}]);
    let later = caller.patch(&format!("/Groups/{group}"), rename).await.expect_later();
    assert!((LOCK_TIMEOUT..LOCK_TIMEOUT * 3).contains(&later.took), "{later:?}");
    trial.go_on(dose.changes() / 4).await;
    holding.abort();
    let end = format!(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
         WHERE query LIKE '%{MARK}%' AND pid <> pg_backend_pid()"
    );
    texts(database.target(), &end).await;
    trial.recovered().await;
    trial.go_on(dose.changes()).await;
    let fault = format!("somebody holds every group for {} s (`lock_timeout` 1 s)", dose.while_it_lasts().as_secs());
    trial.end(&fault, || database.target().clone()).await
}
