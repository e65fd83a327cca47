//! A replica is killed in the middle of writing.

use std::sync::atomic::Ordering;

use testkit::db::TestDatabase;

use super::{Fleet, victims};
use crate::crash::journal;
use crate::crash::ledger::Ledger;
use crate::crash::load::Load;

const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_are_killed_one_after_another_cost_nobody_more_than_the_connections_that_were_cut() {
    let database = TestDatabase::postgres().await;
    let mut fleet = Fleet::start(database.target(), &[]);
    let token = fleet.open_tenant("acme");
    let caller = fleet.caller("acme", &token);
    let victims: [usize; KILLS] = victims();
    let load = Load::start(&caller, Ledger::open(&caller).await);
    let news = load.news();
    for victim in victims {
        load.acknowledged(80).await;
        fleet.kill(victim);
        load.acknowledged(40).await;
        fleet.revive(victim);
    }
    load.acknowledged(80).await;
    let mut ledger = load.end().await;
    let (cut, told) = (fleet.balancer.cut(), news.cut.load(Ordering::SeqCst));
    assert!(
        (1..=cut).contains(&told),
        "{victims:?}: {told} of {cut} cut connections were told: kills that hit nothing"
    );
    assert_eq!(news.put_off.load(Ordering::SeqCst), 0, "{victims:?}: refused for the time being");
    let [auditor, ..] = fleet.callers("acme", &token);
    ledger.audit(&auditor).await;
    ledger.audit_everybody(&auditor).await;
    ledger.expect_much();
    journal::audit(database.target(), &ledger).await;
    fleet.expect_no_error();
}
