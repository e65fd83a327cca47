//! The primary is killed for good, and its standby promoted behind the same address.

use std::time::Duration;

use testkit::db::{statement, texts};
use testkit::wire::Wire;

use super::Dose;
use super::report::Row;
use super::trial::Trial;
use crate::crash::postgres::MortalPostgres;
use crate::fleet::Fleet;
use crate::patience::until;

/// With synchronous replication: a commit is acknowledged when the standby has it as well.
pub async fn standby_promoted(dose: Dose) -> Row {
    let mut primary = MortalPostgres::start();
    let mut standby = primary.standby();
    statement(&primary.target(), "ALTER SYSTEM SET synchronous_standby_names = '*'").await;
    statement(&primary.target(), "SELECT pg_reload_conf()").await;
    until("the standby to be synchronous", async || {
        let state = texts(&primary.target(), "SELECT sync_state FROM pg_stat_replication").await;
        (state == ["sync"]).then_some(())
    })
    .await;
    let address = Wire::to(primary.address()).await;
    let url = primary.url().replace(&primary.address().to_string(), &address.address.to_string());
    let fleet = Fleet::with(&[], |_| url.clone());
    let token = fleet.open_tenant("acme");
    let mut trial = Trial::begin(&fleet.caller("acme", &token), dose.changes()).await;

    primary.kill();
    // Whoever watches over them has to notice first. Meanwhile the address leads to the standby, which must not be used.
    address.lead_to(standby.address());
    tokio::time::sleep(Duration::from_secs(2)).await;
    statement(&standby.target(), "SELECT pg_promote(true, 30)").await;
    trial.recovered().await;
    trial.go_on(dose.changes()).await;
    assert!(!standby.has_ended());
    let fault = "primary killed for good, standby promoted 2 s later behind the same address (synchronous replication)";
    trial.end(fault, || standby.target()).await
}
