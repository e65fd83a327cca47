//! The third wall, on PostgreSQL alone: what the database refuses when the query door is left out. Statements are sent by
//! a role that owns nothing, as in production (decisions.md 1).

mod guest;
mod refusals;
mod single_statement;

use std::collections::BTreeMap;

use guest::Guest;
use testkit::World;
use uuid::Uuid;

use crate::raw::Raw;

/// Every table with rows of tenants, and its column with the tenant.
async fn tables(raw: &Raw) -> BTreeMap<String, &'static str> {
    let owned = raw.tables_with("tenant_id").await.into_iter().map(|table| (table, "tenant_id"));
    owned.chain([("tenant".to_owned(), "id")]).collect()
}

#[tokio::test]
async fn every_table_with_rows_of_tenants_has_forced_row_level_security() {
    let world = World::postgres().await;
    let raw = Raw::of(&world).await;
    let (walled, tables) = (walled(&raw).await, tables(&raw).await);
    assert_eq!(walled, tables.into_keys().collect::<Vec<_>>());

    raw.run("CREATE TABLE another (tenant_id uuid PRIMARY KEY)", []).await;
    raw.run("ALTER TABLE another ENABLE ROW LEVEL SECURITY", []).await;
    assert!(self::tables(&raw).await.contains_key("another"), "a table added later is looked at too");
    assert_eq!(self::walled(&raw).await, walled, "enabled is not forced");
}

/// Tables with forced row-level security, of which every policy but the operators' asks for the tenant.
async fn walled(raw: &Raw) -> Vec<String> {
    let sql = "SELECT t.relname::text FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace
               WHERE n.nspname = current_schema() AND NOT t.relispartition
               AND t.relrowsecurity AND t.relforcerowsecurity AND NOT EXISTS (
                   SELECT FROM pg_policies AS p WHERE p.schemaname = n.nspname AND p.tablename = t.relname
                   AND p.roles <> '{rollcall_operator}' AND p.qual NOT LIKE '%current_setting(''app.tenant''%')
               ORDER BY 1";
    raw.texts(sql, []).await
}

#[tokio::test]
async fn without_a_tenant_no_row_of_any_table_is_seen() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    for (table, column) in guest.tables.clone() {
        assert_eq!(guest.owners_count(&table).await, 2, "{table} has rows of both tenants, or nothing is tested");
        assert_eq!(guest.seen(&table, column).await, guest::NOBODY, "{table}");
        guest.run("SELECT set_config('app.tenant', '', false)").await.unwrap();
        assert_eq!(guest.seen(&table, column).await, guest::NOBODY, "{table}");
    }
}

#[tokio::test]
async fn a_selection_without_the_door_shows_one_tenants_rows_until_the_transaction_ends() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    for end in ["COMMIT", "ROLLBACK"] {
        for tenant in [guest.acme, guest.globex] {
            guest.begin_as(tenant).await;
            for (table, column) in guest.tables.clone() {
                assert_eq!(guest.seen(&table, column).await, [tenant], "{table}");
            }
            guest.run(end).await.unwrap();
            for (table, column) in guest.tables.clone() {
                assert_eq!(guest.seen(&table, column).await, guest::NOBODY, "{table} after {end}");
            }
        }
    }
}

#[tokio::test]
async fn a_tenant_that_there_is_not_sees_nothing_and_no_tenant_at_all_is_an_error() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    guest.begin_as(Uuid::from_u128(1)).await;
    for (table, column) in guest.tables.clone() {
        assert_eq!(guest.seen(&table, column).await, guest::NOBODY, "{table}");
    }
    guest.run("ROLLBACK").await.unwrap();
    guest.run("SELECT set_config('app.tenant', '* or true', false)").await.unwrap();
    for table in guest.tables.clone().into_keys() {
        let refused = guest.run(&format!("SELECT * FROM {table}")).await;
        assert_eq!(refused, Err("22P02".to_owned()), "{table}");
    }
}

#[tokio::test]
async fn row_level_security_cannot_be_switched_off_for_a_session() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    guest.run("SET row_security = off").await.unwrap();
    for table in guest.tables.clone().into_keys() {
        assert_eq!(guest.run(&format!("SELECT * FROM {table}")).await, Err(guest::DENIED.to_owned()), "{table}");
    }
}
