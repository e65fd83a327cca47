//! A kill takes rows of the activity log that were not written yet. Every change has one in the end all the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::activity::ActivityFilter;
use domain::ids::ActivityId;
use domain::store::Store as _;
use server::settings::Settings;
use server::wiring::Rollcall;
use storage::Target;
use testkit::{EmptyDatabase, on_both_databases};

use super::ledger::Ledger;
use super::load::Load;
use super::{kill, open_tenant};
use crate::binary::Home;
use crate::patience::until;
use crate::served::url;

/// How often the server is killed.
const KILLS: usize = 4;

/// Facts and rows are read so many at a time.
const PAGE: u64 = 1_000;

on_both_databases! { EmptyDatabase:
    a_kill_right_after_changes_were_acknowledged_leaves_each_of_them_a_row,
}

async fn a_kill_right_after_changes_were_acknowledged_leaves_each_of_them_a_row(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    let mut running = home.serve();
    let token = open_tenant(&home);
    let mut ledger = Ledger::open(&running.caller("acme", &token)).await;
    for _ in 0..KILLS {
        let load = Load::start(&running.caller("acme", &token), ledger);
        load.acknowledged(30).await;
        ledger = load.end_by(|| kill(running)).await;
        running = home.serve();
    }
    // The last facts get their numbers.
    until("every fact to have its number", async || {
        let waiting = match database.target() {
            Target::Sqlite { .. } => 0,
            target @ Target::Postgres { .. } => testkit::db::texts(target, "SELECT 'x' FROM fact_ticket").await.len(),
        };
        (waiting == 0).then_some(())
    })
    .await;
    kill(running);

    let rollcall = open(database.target()).await;
    let acme = rollcall.tenants.get(&"acme".parse().unwrap()).await.unwrap();
    let before = rows(&rollcall).await;
    // As a server does it when these changes are as old as that.
    let (made, _) = rollcall.activity.reconcile(&acme.slug, rollcall.clock.now().plus_seconds(60)).await.unwrap();
    assert!(made > 0, "some rows were lost, or nothing is tested");
    let after = rows(&rollcall).await;
    assert_eq!(after.len() as u64, before.len() as u64 + made);
    let mut changes = 0;
    let mut number = 0;
    loop {
        let facts = rollcall.store.read(&acme.scope()).await.unwrap().facts_after(number, PAGE).await.unwrap();
        for fact in facts.iter().filter(|fact| fact.actor_kind == "token") {
            assert_eq!(after.get(&fact.request_id), Some(&1), "{fact:?}");
            changes += 1;
        }
        match facts.last() {
            Some(last) => number = last.number,
            None => break,
        }
    }
    assert!(changes >= KILLS * 30, "{changes} changes");
    let again = rollcall.activity.reconcile(&acme.slug, rollcall.clock.now().plus_seconds(60)).await.unwrap();
    assert_eq!(again.0, 0);
}

async fn open(target: &Target) -> Arc<Rollcall> {
    let settings = Settings::load_from(None, [("ROLLCALL__DATABASE__URL", url(target).as_str())]).unwrap();
    Arc::new(Rollcall::open(&settings, &settings.public_base()).await.unwrap())
}

/// How many rows each request has.
async fn rows(rollcall: &Rollcall) -> BTreeMap<String, usize> {
    let acme = rollcall.tenants.get(&"acme".parse().unwrap()).await.unwrap();
    let mut found = BTreeMap::new();
    let mut before: Option<ActivityId> = None;
    loop {
        let all = ActivityFilter::default();
        let page = rollcall.activity.page(&acme.scope(), &all, before, PAGE).await.unwrap();
        for row in page.rows {
            *found.entry(row.request_id).or_default() += 1;
        }
        match page.next {
            Some(next) => before = Some(next),
            None => return found,
        }
    }
}
