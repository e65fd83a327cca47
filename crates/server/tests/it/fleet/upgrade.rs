//! The schema grows under replicas of the version before, which are stopped and started all the while.

use std::sync::atomic::Ordering;

use testkit::db::{TestDatabase, statement};

use super::{Fleet, REPLICAS};
use crate::caller::{Caller, user};
use crate::crash::journal;
use crate::crash::ledger::Ledger;
use crate::crash::load::Load;
use crate::patience::until;
use crate::upload::Upload;

/// What a newer version may do while this one serves: it only adds (docs/guides/write-a-migration.md).
const EXPANSION: &str = "
    ALTER TABLE resource ADD COLUMN later text;
    CREATE TABLE later (id bigint PRIMARY KEY);
    INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99991231_000001_later', 0)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_whose_schema_grows_is_stopped_and_started_one_by_one_and_fails_no_request() {
    let database = TestDatabase::postgres().await;
    let mut fleet = Fleet::start(database.target(), &[("ROLLCALL__HTTP__WORKERS", "4")]);
    let (token, slow) = (fleet.open_tenant("acme"), fleet.open_tenant("slow"));
    let caller = fleet.caller("acme", &token);
    let load = Load::start(&caller, Ledger::open(&caller).await);
    let news = load.news();
    load.acknowledged(40).await;
    statement(database.target(), EXPANSION).await;
    load.acknowledged(40).await;
    for place in 0..REPLICAS {
        stop(&mut fleet, place, &slow).await;
        load.acknowledged(40).await;
        fleet.revive(place);
        load.acknowledged(40).await;
    }
    let mut ledger = load.end().await;
    assert_eq!(fleet.balancer.cut(), 0);
    assert_eq!(news.put_off.load(Ordering::SeqCst), 0, "refused for the time being");
    let [auditor, ..] = fleet.callers("acme", &token);
    ledger.audit(&auditor).await;
    journal::audit(database.target(), &ledger).await;
    let people = fleet.caller("slow", &slow).get("/Users").await.expect(200).json();
    assert_eq!(people["totalResults"], REPLICAS * 2);
    fleet.expect_no_error();
}

/// How long a replica goes on that was told to stop.
const DRAIN: &str = "2";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_that_is_told_to_stop_one_by_one_says_so_to_its_balancer_and_fails_no_request() {
    let database = TestDatabase::postgres().await;
    let mut fleet = Fleet::start(database.target(), &[("ROLLCALL__HTTP__DRAIN_SECONDS", DRAIN)]);
    fleet.balancer.watch();
    let token = fleet.open_tenant("acme");
    let caller = fleet.caller("acme", &token);
    let load = Load::start(&caller, Ledger::open(&caller).await);
    let news = load.news();
    load.acknowledged(40).await;
    for place in 0..REPLICAS {
        let mut running = fleet.replicas[place].take();
        let root = Caller::new(&running.root);
        running.signal("TERM");
        until("the replica to say that it stops", async || {
            let answer = root.get("/readyz").await;
            assert!(answer.status != 503 || answer.header("connection") == Some("close"), "{answer:?}");
            (answer.status == 503).then_some(())
        })
        .await;
        root.get("/healthz").await.expect(200);
        assert!(running.ended().success(), "{}", running.log());
        fleet.balancer.close(place);
        load.acknowledged(40).await;
        fleet.revive(place);
        load.acknowledged(40).await;
    }
    let mut ledger = load.end().await;
    assert_eq!(fleet.balancer.cut(), 0);
    assert_eq!(news.cut.load(Ordering::SeqCst), 0);
    assert_eq!(news.put_off.load(Ordering::SeqCst), 0, "refused for the time being");
    ledger.audit(&caller).await;
    journal::audit(database.target(), &ledger).await;
    fleet.expect_no_error();
}

/// As a balancer and an operator do it: nobody is sent there any more, and what is under way is finished.
async fn stop(fleet: &mut Fleet, place: usize, token: &str) {
    let mut running = fleet.replicas[place].take();
    let begin = |number| Upload::begin(&running, "slow", token, &user(&format!("slow-{place}-{number}")).to_string());
    let uploads = [begin(0), begin(1)];
    fleet.balancer.drain(place).await;
    running.signal("TERM");
    for upload in uploads {
        let answer = upload.end();
        assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    }
    assert!(running.ended().success(), "{}", running.log());
}
