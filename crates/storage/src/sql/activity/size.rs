//! How much the log takes, and how it becomes less.

#![expect(clippy::disallowed_methods, reason = "the size is that of all tenants' rows")]

use domain::ids::TenantId;
use domain::store::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

use crate::sql::entity::{activity, activity_body};
use crate::sql::error::failure;
use crate::sql::store::SqlStore;
use crate::transaction::Transaction;

/// What indexes and the pages' own room add to the rows, in percent.
const BESIDE: u64 = 160;

/// Rows that are measured for the others.
const SAMPLE: u32 = 500;

/// How many rows a table has, or its parts together when it is split: a split table has no statistics of its own. Those of a
/// server that crashed begin anew; until it has looked at the table again, its catalogue says how many rows there were, and
/// what went since then is subtracted, lest more is removed than is too much.
const ROWS: &str = "
    SELECT coalesce(sum(CASE
        WHEN coalesce(pg_stat_get_last_vacuum_time(oid), pg_stat_get_last_autovacuum_time(oid),
                      pg_stat_get_last_analyze_time(oid), pg_stat_get_last_autoanalyze_time(oid)) IS NOT NULL
            THEN pg_stat_get_live_tuples(oid)
        ELSE greatest(greatest(reltuples, 0)::bigint + least(net, 0), net, 0)
    END), 0)::bigint
    FROM pg_class LEFT JOIN pg_inherits AS i ON i.inhrelid = oid
    CROSS JOIN LATERAL (SELECT pg_stat_get_tuples_inserted(oid) - pg_stat_get_tuples_deleted(oid) AS net) AS moved
    WHERE relkind = 'r'";

/// On SQLite exact. PostgreSQL knows how many rows there are; some of them are measured. What its files take does not
/// shrink with the rows, so that it would tell nothing.
pub async fn bytes(store: &SqlStore) -> Result<(u64, u64), StoreError> {
    let tx = store.overlooking().await?;
    if store.backend() == DbBackend::Sqlite {
        let used = "SELECT (page_count - freelist_count) * page_size
                    FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
        return Ok((number(&tx, used).await?, number(&tx, "SELECT count(*) FROM activity").await?));
    }
    let (mut sum, mut all) = (0, 0);
    for table in ["activity_body", "activity"] {
        let each = format!(
            "SELECT coalesce(avg(pg_column_size(row_of)), 0)::bigint
             FROM (SELECT * FROM {table} TABLESAMPLE SYSTEM (100) LIMIT {SAMPLE}) AS row_of"
        );
        all = number(&tx, &format!("{ROWS} AND (oid = '{table}'::regclass OR i.inhparent = '{table}'::regclass)"))
            .await?;
        sum += all * number(&tx, &each).await?;
    }
    Ok((sum / 100 * BESIDE, all))
}

async fn number(tx: &Transaction, sql: &str) -> Result<u64, StoreError> {
    let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await.map_err(failure)?;
    let number: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0)).map_err(failure)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

pub async fn largest(store: &SqlStore) -> Result<Option<TenantId>, StoreError> {
    let sql = "SELECT tenant_id FROM activity GROUP BY tenant_id ORDER BY count(*) DESC LIMIT 1";
    let tx = store.overlooking().await?;
    let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await.map_err(failure)?;
    row.map(|row| row.try_get_by_index(0).map(TenantId).map_err(failure)).transpose()
}

pub async fn prune_oldest(store: &SqlStore, tenant: TenantId, limit: u64) -> Result<u64, StoreError> {
    let tx = store.operating().await?;
    let oldest = Query::select()
        .column(activity::Column::Id)
        .from(activity::Entity)
        .and_where(Expr::col(activity::Column::TenantId).eq(tenant.0))
        .order_by(activity::Column::Id, Order::Asc)
        .limit(limit)
        .take();
    let rows = tx.query_all(&oldest).await.map_err(failure)?;
    let Some(last) = rows.last() else { return Ok(0) };
    let last: Uuid = last.try_get_by_index(0).map_err(failure)?;
    let bodies = Query::delete()
        .from_table(activity_body::Entity)
        .and_where(Expr::col(activity_body::Column::TenantId).eq(tenant.0))
        .and_where(Expr::col(activity_body::Column::Id).lte(last))
        .take();
    tx.execute(&bodies).await.map_err(failure)?;
    let old = Query::delete()
        .from_table(activity::Entity)
        .and_where(Expr::col(activity::Column::TenantId).eq(tenant.0))
        .and_where(Expr::col(activity::Column::Id).lte(last))
        .take();
    tx.execute(&old).await.map_err(failure)?;
    tx.commit().await.map_err(failure)?;
    Ok(rows.len() as u64)
}
