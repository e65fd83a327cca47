//! The schema comes once, whoever brings it, and never from the future.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ports::Clock as _;
use domain::store::{Store as _, StoreError};
use domain::timestamp::Timestamp;
use futures_util::future::join_all;
use storage::{Progress, Schema, SqlStore, Timing};
use testkit::db::TIMING;
use testkit::{EmptyDatabase, TestClock, TestSecrets, on_both_databases};
use uuid::Uuid;

use crate::raw::Raw;

on_both_databases! { EmptyDatabase:
    migrating_twice_applies_nothing_the_second_time,
    of_many_processes_that_migrate_at_once_one_applies_the_schema,
    a_database_of_a_newer_version_is_refused_with_a_sentence,
    a_database_that_a_newer_version_only_added_to_is_served,
    a_lease_that_a_dead_process_left_is_taken_over_after_it_ran_out,
    a_lease_that_is_renewed_is_waited_for,
    a_lease_that_was_taken_by_a_wrong_clock_is_taken_over,
    the_row_that_a_process_died_before_writing_is_written_by_the_next,
    admins_from_before_single_sign_on_have_used_their_passwords,
}

async fn migrate(schema: &Schema) -> Result<Progress, StoreError> {
    schema.migrate(&TestClock::default(), &TestSecrets::default()).await
}

/// What a store finds on the database.
async fn ring(database: &EmptyDatabase) -> Result<String, StoreError> {
    SqlStore::connect(database.target(), TIMING).await?.work().stored_ring().await
}

async fn migrating_twice_applies_nothing_the_second_time(database: &EmptyDatabase) {
    let schema = database.connect().await;
    let before = schema.state().await.unwrap();
    assert!(!before.is_current() && before.applied.is_empty());

    let first = migrate(&schema).await.unwrap();
    assert_eq!(first, Progress { applied: before.pending.clone(), is_first: true });
    let key = ring(database).await.unwrap();

    assert_eq!(migrate(&schema).await.unwrap(), Progress { applied: Vec::new(), is_first: false });
    assert!(schema.state().await.unwrap().is_current());
    assert_eq!(ring(database).await.unwrap(), key);
}

async fn of_many_processes_that_migrate_at_once_one_applies_the_schema(database: &EmptyDatabase) {
    let (clock, secrets) = (Arc::new(TestClock::default()), Arc::new(TestSecrets::default()));
    let processes = (0..12).map(|_| {
        let (clock, secrets, target) = (clock.clone(), secrets.clone(), database.target().clone());
        tokio::spawn(async move {
            let timing = Timing { max_connections: 2, ..TIMING };
            let schema = Schema::connect(&target, timing).await.unwrap();
            let progress = schema.migrate(&*clock, &*secrets).await.unwrap();
            let store = SqlStore::connect(&target, timing).await.unwrap();
            (progress, store.work().stored_ring().await.unwrap())
        })
    });
    let done: Vec<_> = join_all(processes).await.into_iter().map(Result::unwrap).collect();

    assert_eq!(done.iter().filter(|(progress, _)| progress.is_first).count(), 1);
    assert_eq!(done.iter().filter(|(progress, _)| !progress.applied.is_empty()).count(), 1);
    assert!(done.iter().all(|(_, key)| *key == done[0].1), "everybody sees one installation");
    assert!(database.connect().await.state().await.unwrap().is_current());
}

async fn a_database_of_a_newer_version_is_refused_with_a_sentence(database: &EmptyDatabase) {
    let schema = database.connect().await;
    migrate(&schema).await.unwrap();
    let raw = Raw::open(database.target()).await;
    raw.run("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 0)", []).await;
    raw.run("UPDATE installation SET served_by = 9999", []).await;

    assert_eq!(schema.state().await.unwrap().unknown, ["m9999_future"]);
    let refusal = migrate(&schema).await.unwrap_err().to_string();
    assert_eq!(
        refusal,
        "the database was made by a newer version of Rollcall (it has the migration m9999_future); \
         run that version or a later one"
    );
}

/// So that old and new processes can run side by side while one takes the place of the other (ADR 0029).
async fn a_database_that_a_newer_version_only_added_to_is_served(database: &EmptyDatabase) {
    let schema = database.connect().await;
    migrate(&schema).await.unwrap();
    let raw = Raw::open(database.target()).await;
    raw.run("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 0)", []).await;

    let state = schema.state().await.unwrap();
    assert_eq!((state.is_current(), state.unknown), (true, vec!["m9999_future".to_owned()]));
    assert_eq!(migrate(&schema).await, Ok(Progress::default()));
    raw.run("UPDATE installation SET served_by = 9999", []).await;
    assert!(!schema.state().await.unwrap().is_current(), "and then it took something away");
}

/// Another process holds the lease for 30 seconds from now.
async fn hold_lease(raw: &Raw, clock: &TestClock) {
    let create =
        "CREATE TABLE IF NOT EXISTS migration_lease (id integer PRIMARY KEY, holder text, until_us bigint NOT NULL)";
    raw.run(create, []).await;
    let hold = "INSERT INTO migration_lease (id, holder, until_us) VALUES (1, 'another', $1)
                ON CONFLICT (id) DO UPDATE SET until_us = excluded.until_us";
    raw.run(hold, [clock.now().plus_seconds(30).as_micros().into()]).await;
}

async fn a_lease_that_a_dead_process_left_is_taken_over_after_it_ran_out(database: &EmptyDatabase) {
    let clock = Arc::new(TestClock::default());
    hold_lease(&Raw::open(database.target()).await, &clock).await;
    let waiting = {
        let (clock, schema) = (clock.clone(), database.connect().await);
        tokio::spawn(async move { schema.migrate(&*clock, &TestSecrets::default()).await })
    };
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!waiting.is_finished(), "the lease is good for 30 seconds");

    clock.advance_seconds(31);
    assert!(waiting.await.unwrap().unwrap().is_first);
}

async fn a_lease_that_is_renewed_is_waited_for(database: &EmptyDatabase) {
    let (clock, raw) = (Arc::new(TestClock::default()), Raw::open(database.target()).await);
    hold_lease(&raw, &clock).await;
    let waiting = {
        let (clock, schema) = (clock.clone(), database.connect().await);
        tokio::spawn(async move { schema.migrate(&*clock, &TestSecrets::default()).await })
    };
    for _ in 0..3 {
        clock.advance_seconds(20);
        hold_lease(&raw, &clock).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(!waiting.is_finished(), "the other process is alive");

    raw.run("UPDATE migration_lease SET holder = NULL", []).await;
    assert!(waiting.await.unwrap().unwrap().is_first);
}

/// By one that is a day ahead.
async fn a_lease_that_was_taken_by_a_wrong_clock_is_taken_over(database: &EmptyDatabase) {
    let ahead = TestClock::default();
    ahead.advance_seconds(86_400);
    hold_lease(&Raw::open(database.target()).await, &ahead).await;
    assert!(migrate(&database.connect().await).await.unwrap().is_first);
}

/// An export or a report, for instance. Requests that come meanwhile do not queue up behind the migration.
#[tokio::test]
async fn an_upgrade_waits_for_whoever_reads_for_long_without_holding_up_others() {
    let database = EmptyDatabase::postgres().await;
    let raw = Raw::open(database.target()).await;
    raw.migrate(9).await;
    let reader = raw.hold("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM journal_head").await;
    let schema = database.connect().await;
    let migrating = tokio::spawn(async move { migrate(&schema).await });
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(5) {
        let asked = Instant::now();
        raw.number("SELECT count(*) FROM journal_head").await;
        assert!(asked.elapsed() < Duration::from_secs(3), "nobody waits for longer than a try");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!migrating.is_finished());
    reader.rollback().await.unwrap();
    assert_eq!(migrating.await.unwrap().unwrap().applied, ["m0010_rescue"]);
}

/// All processes go by the database's clock (ADR 0047).
#[tokio::test]
async fn the_clock_of_a_postgresql_is_told() {
    let [shown, none] = [EmptyDatabase::postgres().await, EmptyDatabase::sqlite().await];
    assert!(shown.connect().await.clock().await.unwrap().unwrap() > TestClock::default().now());
    assert_eq!(none.connect().await.clock().await, Ok(None));
}

async fn the_row_that_a_process_died_before_writing_is_written_by_the_next(database: &EmptyDatabase) {
    let schema = database.connect().await;
    migrate(&schema).await.unwrap();
    Raw::open(database.target()).await.run("DELETE FROM installation", []).await;

    assert!(migrate(&schema).await.unwrap().is_first);
    assert!(ring(database).await.is_ok());
}

/// Every sign-in took a password then, so that owners can keep the break glass from the beginning.
async fn admins_from_before_single_sign_on_have_used_their_passwords(database: &EmptyDatabase) {
    let raw = Raw::open(database.target()).await;
    raw.migrate(6).await;
    let id = Uuid::from_u128(7);
    let tenant = "INSERT INTO tenant (id, slug, name, status, provisioning, unique_group_names, strict,
                  discards_passwords, created_us) VALUES ($1, 'acme', 'Acme', 'active', 'off', FALSE, FALSE, FALSE, 0)";
    raw.run(tenant, [id.into()]).await;
    let admin = "INSERT INTO admin (tenant_id, id, email, email_key, name, role, password, created_us, signed_in_us)
                 VALUES ($1, $2, $3, $3, '', 'owner', 'x', 0, $4)";
    for (number, email, signed_in) in [(1, "ana@acme.example", Some(5_i64)), (2, "bob@acme.example", None)] {
        let values = [id.into(), Uuid::from_u128(number).into(), email.into(), signed_in.into()];
        raw.run(admin, values).await;
    }
    migrate(&database.connect().await).await.unwrap();
    let store = SqlStore::connect(database.target(), TIMING).await.unwrap();
    let tenant = store.find_admission(&"acme".parse().unwrap()).await.unwrap().unwrap().tenant;
    assert!(tenant.admin_passwords);
    let admins = store.read(&tenant.scope()).await.unwrap().list_admins().await.unwrap();
    let used: Vec<_> = admins.iter().map(|known| known.admin.password_used.map(Timestamp::as_micros)).collect();
    assert_eq!(used, [Some(5), None]);
    assert!(admins.iter().all(|known| known.admin.identity.is_none() && !known.admin.is_break_glass));
}
