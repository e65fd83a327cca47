//! What keeps a disk from filling: old values of the journal go, and files give back what is free in them.

#![expect(clippy::disallowed_methods, reason = "this is done for all tenants")]

use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

use super::error::failure;
use super::store::SqlStore;
use crate::transaction::Transaction;

/// Pages of a file that are given back in one go: a few milliseconds.
const PAGES: u32 = 1_000;

/// A file keeps so much free for what comes next.
const KEPT_PAGES: i64 = 250;

pub async fn empty_old_facts(store: &SqlStore, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
    let open = "SELECT tenant_id, emptied FROM journal_head WHERE emptied < last ORDER BY tenant_id";
    let tx = store.overlooking().await?;
    let heads = rows(&tx, open, []).await?;
    drop(tx);
    let mut emptied = 0;
    for head in heads {
        if emptied >= limit {
            break;
        }
        let (tenant, done): (Uuid, i64) = head.try_get_many_by_index().map_err(failure)?;
        emptied += empty(store, tenant, done, before, limit - emptied).await?;
    }
    Ok(emptied)
}

/// In the order of the numbers, up to the first fact that is not old.
async fn empty(store: &SqlStore, tenant: Uuid, done: i64, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
    let next = "SELECT number, at_us FROM fact WHERE tenant_id = $1 AND number > $2 ORDER BY number LIMIT $3";
    let tx = store.operating().await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut last = done;
    for fact in rows(&tx, next, [tenant.into(), done.into(), limit.into()]).await? {
        let (number, at): (i64, i64) = fact.try_get_many_by_index().map_err(failure)?;
        if at >= before.as_micros() {
            break;
        }
        last = number;
    }
    if last == done {
        return Ok(0);
    }
    let empty = "UPDATE fact_payload SET body = NULL WHERE tenant_id = $1 AND body IS NOT NULL AND fact_id IN
                 (SELECT id FROM fact WHERE tenant_id = $1 AND number > $2 AND number <= $3)";
    run(&tx, empty, [tenant.into(), done.into(), last.into()]).await?;
    let note = "UPDATE journal_head SET emptied = $2 WHERE tenant_id = $1";
    run(&tx, note, [tenant.into(), last.into()]).await?;
    tx.commit().await.map_err(failure)?;
    Ok(u64::try_from(last - done).unwrap_or_default())
}

/// PostgreSQL does so by itself.
pub async fn give_back(store: &SqlStore) -> Result<(), StoreError> {
    if store.backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let tx = store.overlooking().await?;
    let free = rows(&tx, "SELECT freelist_count FROM pragma_freelist_count()", []).await?;
    drop(tx);
    let free: i64 = free.first().map_or(Ok(0), |row| row.try_get_by_index(0)).map_err(failure)?;
    if free > KEPT_PAGES {
        let vacuum = format!("PRAGMA incremental_vacuum({PAGES})");
        store.databases().writer().execute_unprepared(&vacuum).await.map_err(failure)?;
    }
    Ok(())
}

async fn rows<const N: usize>(
    tx: &Transaction,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<sea_orm::QueryResult>, StoreError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.query_all_raw(statement).await.map_err(failure)
}

async fn run<const N: usize>(tx: &Transaction, sql: &str, values: [Value; N]) -> Result<(), StoreError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.execute_raw(statement).await.map_err(failure)?;
    Ok(())
}
