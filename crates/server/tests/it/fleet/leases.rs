//! Whoever numbers facts dies or hangs, and another takes it over.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use storage::Target;
use testkit::db::{statement, texts};
use url::Url;

use super::gate::Gate;
use super::{Fleet, REPLICAS};
use crate::crash::journal;
use crate::crash::ledger::Ledger;
use crate::crash::load::Load;
use crate::crash::postgres::MortalPostgres;
use crate::patience::until;

/// Ten seconds are promised; a busy machine may need some more.
const SOON: Duration = Duration::from_secs(13);

/// Changes, while something is not as it should be.
const SOME: usize = 60;

/// On a PostgreSQL of its own: in one that others use too, facts wait for the transactions of all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_one_who_numbers_facts_is_killed_or_hangs_another_goes_on_within_ten_seconds() {
    let postgres = MortalPostgres::start();
    let database = Target::Postgres { url: postgres.url() };
    for place in 0..REPLICAS {
        statement(&database, &format!("CREATE ROLE {} LOGIN SUPERUSER", role(place))).await;
    }
    let mut fleet = Fleet::with(&[], |place| as_role(&postgres.url(), place));
    let token = fleet.open_tenant("acme");
    let caller = fleet.caller("acme", &token);
    let ledger = Ledger::open(&caller).await;
    until("the first numbers", async || (last_number(&database).await > 0).then_some(())).await;

    let (load, gate) = (Load::start(&caller, ledger), Gate::close(&database));
    let killed = place_of(&gate.visitor().await);
    fleet.kill(killed);
    let ledger = write_some(load).await;
    gate.open().await;
    expect_numbers_soon(&database).await;
    fleet.revive(killed);

    let (load, gate) = (Load::start(&caller, ledger), Gate::close(&database));
    let hung = place_of(&gate.visitor().await);
    fleet.balancer.drain(hung).await;
    fleet.replicas[hung].freeze();
    let ledger = write_some(load).await;
    // What it waited for it gets, and does not hear of it.
    gate.open().await;
    expect_numbers_soon(&database).await;
    let load = Load::start(&caller, ledger);
    fleet.replicas[hung].thaw();
    fleet.balancer.open(hung, &fleet.replicas[hung].root());

    let mut ledger = write_some(load).await;
    let [auditor, ..] = fleet.callers("acme", &token);
    ledger.audit(&auditor).await;
    journal::audit(&database, &ledger).await;
    fleet.expect_no_error();
}

/// Lets clients go on for a while, whom nobody may put off.
async fn write_some(load: Load) -> Ledger {
    load.acknowledged(SOME).await;
    let news = load.news();
    let ledger = load.end().await;
    assert_eq!(news.put_off.load(Ordering::SeqCst), 0, "refused for the time being");
    ledger
}

/// Each replica has one, by which the database tells them apart.
fn role(place: usize) -> String {
    format!("replica_{place}")
}

fn place_of(name: &str) -> usize {
    (0..REPLICAS).find(|place| role(*place) == name).unwrap()
}

fn as_role(url: &str, place: usize) -> String {
    let mut url: Url = url.parse().unwrap();
    url.set_username(&role(place)).unwrap();
    url.into()
}

async fn last_number(database: &Target) -> u64 {
    let select = "SELECT coalesce(max(last), 0)::text FROM journal_head";
    texts(database, select).await[0].parse().unwrap()
}

async fn expect_numbers_soon(database: &Target) {
    let (before, start) = (last_number(database).await, Instant::now());
    until("another to number facts", async || (last_number(database).await > before).then_some(())).await;
    assert!(start.elapsed() < SOON, "{:?} without numbers", start.elapsed());
}
