//! What a tenant's statements may not do, whatever they are.

use domain::store::{Store as _, StoreError};
use serde_json::json;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use storage::{Schema, SqlStore, Target};
use testkit::World;
use testkit::db::TIMING;
use uuid::Uuid;

use super::guest::{self, DENIED, Guest};
use crate::raw::Raw;

fn is_nothing(done: &Result<u64, String>) -> bool {
    *done == Ok(0) || *done == denied()
}

fn denied() -> Result<u64, String> {
    Err(DENIED.to_owned())
}

/// Its own row once more, as another tenant's.
fn smuggle(table: &str, column: &str, into: Uuid) -> String {
    format!(
        "INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('{column}', '{into}'))).*
         FROM {table} AS t LIMIT 1"
    )
}

#[tokio::test]
async fn rows_of_another_tenant_are_not_written() {
    let (world, mut guest) = Guest::with_two_tenants().await;
    let (acme, globex) = (guest.acme, guest.globex);
    let other = world.tenants.get(&"globex".parse().unwrap()).await.unwrap();
    let before = Raw::of(&world).await.dump(&other).await;
    for (table, column) in guest.tables.clone() {
        assert_eq!(guest.try_as(acme, &smuggle(&table, column, globex)).await, denied(), "{table}");
        let give_away = format!("UPDATE {table} SET {column} = '{globex}'");
        assert_eq!(guest.try_as(acme, &give_away).await, denied(), "{table}");
        guest.begin_as(acme).await;
        for statement in [
            format!("UPDATE {table} SET {column} = {column} WHERE {column} = '{globex}'"),
            format!("DELETE FROM {table} WHERE {column} = '{globex}'"),
            format!("SELECT 1 FROM {table} WHERE {column} = '{globex}' FOR UPDATE"),
        ] {
            guest.run("SAVEPOINT before").await.unwrap();
            let done = guest.run(&statement).await;
            assert!(is_nothing(&done), "{statement}: {done:?}");
            guest.run("ROLLBACK TO before").await.unwrap();
            guest.run(&statement).await.ok();
            guest.run("ROLLBACK TO before").await.ok();
        }
        guest.run("COMMIT").await.unwrap();
    }
    assert_eq!(Raw::of(&world).await.dump(&other).await, before);
}

#[tokio::test]
async fn nothing_is_written_without_a_tenant() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    let acme = guest.acme;
    for (table, column) in guest.tables.clone() {
        for statement in [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")] {
            let done = guest.run(&statement).await;
            assert!(is_nothing(&done), "{statement}: {done:?}");
        }
        assert_eq!(guest.run(&format!("TRUNCATE {table}")).await, denied(), "{table}");
        assert_eq!(guest.try_as(acme, &format!("TRUNCATE {table}")).await, denied(), "{table}");
    }
    let token = "INSERT INTO credential (tenant_id, id, kind, label, scopes, created_us)";
    let token = format!("{token} VALUES ('{acme}', gen_random_uuid(), 'token', '', '', 0)");
    assert_eq!(guest.run(&token).await, denied());
    assert_eq!(guest.try_as(acme, &token).await, Ok(1), "only the tenant was missing");
}

#[tokio::test]
async fn facts_are_neither_written_nor_numbered_nor_changed_by_a_tenant() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    let acme = guest.acme;
    for forbidden in [
        "INSERT INTO fact SELECT tenant_id, number + 1000, id, at_us, what, subject_kind, subject_id, actor_kind,
         actor_id, request_id FROM fact",
        "UPDATE fact SET what = 'nothing'",
        "DELETE FROM fact",
        "UPDATE fact_ticket SET ticket = ticket + 1000",
        "DELETE FROM fact_ticket",
        "DELETE FROM fact_payload",
        "INSERT INTO journal_head (tenant_id, last) SELECT tenant_id, last + 1 FROM journal_head",
        "UPDATE journal_head SET last = 0",
        "DELETE FROM journal_head",
        "SELECT setval('fact_ticket_number', 1)",
        "ALTER SEQUENCE fact_ticket_number RESTART",
    ] {
        assert_eq!(guest.try_as(acme, forbidden).await, denied(), "{forbidden}");
    }
}

#[tokio::test]
async fn what_belongs_to_the_installation_is_not_read() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    let acme = guest.acme;
    for table in ["installation", "signing_key", "worker_lease", "migration_lease"] {
        for statement in [format!("SELECT * FROM {table}"), format!("DELETE FROM {table}")] {
            assert_eq!(guest.try_as(acme, &statement).await, denied(), "{statement}");
        }
    }
}

#[tokio::test]
async fn nobody_becomes_the_owner_or_changes_the_wall() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    let owner = "SELECT tableowner::text FROM pg_tables WHERE tablename = 'resource'";
    let owner: String = guest.owner.fetch_one(owner).await.unwrap().get(0);
    let (acme, role) = (guest.acme, guest.role.clone());
    for forbidden in [
        format!("SET ROLE {owner}"),
        format!("SET SESSION AUTHORIZATION {owner}"),
        "ALTER TABLE resource DISABLE ROW LEVEL SECURITY".to_owned(),
        "ALTER TABLE resource NO FORCE ROW LEVEL SECURITY".to_owned(),
        "DROP POLICY tenant ON resource".to_owned(),
        "CREATE POLICY mine ON resource USING (true)".to_owned(),
        "ALTER TABLE resource OWNER TO rollcall_tenant".to_owned(),
        "GRANT ALL ON fact TO rollcall_tenant".to_owned(),
        format!("ALTER ROLE {role} BYPASSRLS"),
    ] {
        let done = guest.try_as(acme, &forbidden).await;
        // A grant of what one has no right to grant is passed over with a warning where nothing of it can be granted.
        assert!(is_nothing(&done), "{forbidden}: {done:?}");
    }
    assert_eq!(guest.try_as(acme, "DELETE FROM fact").await, denied());
}

#[tokio::test]
async fn a_login_that_has_taken_no_role_may_nothing() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    guest.run("RESET ROLE").await.unwrap();
    for table in guest.tables.clone().into_keys() {
        assert_eq!(guest.run(&format!("SELECT * FROM {table}")).await, denied(), "{table}");
    }
}

#[tokio::test]
async fn a_role_that_owns_nothing_serves_once_it_is_admitted() {
    let world = World::postgres().await;
    let tenant = world.tenant("acme").await;
    let role = guest::create_role(&mut PgConnection::connect(guest::url(&world)).await.unwrap()).await;
    let target = Target::Postgres { url: guest::url_of(&world, &role) };
    let connect = async || SqlStore::connect(&target, TIMING).await;
    match connect().await {
        Err(StoreError::Schema(sentence)) => assert!(sentence.contains("GRANT rollcall_tenant, rollcall_operator TO")),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a stranger was let in"),
    }

    let schema = Schema::connect(world.target(), TIMING).await.unwrap();
    for _ in 0..2 {
        schema.admit(&role).await.unwrap();
    }
    // With `database.migrate_on_start` off it looks by itself whether the schema is there.
    let served = Schema::connect(&target, TIMING).await.unwrap();
    assert!(served.state().await.unwrap().is_current());
    let store = connect().await.unwrap();
    let cx = world.cx(&tenant);
    let ada = world.create(&cx, &domain::directory::Kind::USER, json!({"userName": "ada"})).await.unwrap();
    let mut read = store.read(&cx.scope).await.unwrap();
    assert_eq!(read.find(&ada.stored.kind, ada.stored.id, true).await, Ok(Some(ada)));
    assert!(store.find_admission(&tenant.slug).await.unwrap().is_some());
    assert!(store.work().stored_ring().await.is_ok());
    assert_eq!(store.work().fold_counts(0).await, Ok(0));
}
