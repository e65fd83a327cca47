//! Deleting a tenant row by row, with a record that counts them.

use std::collections::BTreeMap;

use domain::context::OpContext;
use domain::erasure::{Erasure, Proof};
use domain::ids::TenantId;
use domain::store::{Prove, StoreError};
use domain::tenant::TenantStatus;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};

use super::SqlTenantData;
use super::catalogue::{Part, Table, tables};
use crate::sql::entity::{erasure, tenant};
use crate::sql::error::{failure, taken};
use crate::sql::repo::{corrupt, journal, moment, tenants};
use crate::sql::store::SqlStore;
use crate::transaction::Transaction;

/// What is left behind in a file is written over, for as long as this process has it open.
const OVERWRITE: &str = "PRAGMA secure_delete = ON";

pub async fn all(store: &SqlStore) -> Result<Vec<Erasure>, StoreError> {
    let rows = erasure::Entity::find().order_by_desc(erasure::Column::BegunUs).order_by_desc(erasure::Column::Id);
    let rows = rows.all(&store.overlooking().await?).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

fn read(row: erasure::Model) -> Result<Erasure, StoreError> {
    let proof = match (row.sha256, row.signer, row.signature) {
        (Some(sha256), Some(signer), Some(signature)) => Some(Proof { sha256, signer, signature }),
        _ => None,
    };
    Ok(Erasure {
        id: row.id,
        tenant: TenantId(row.erased_id),
        slug: row.slug,
        name: row.name,
        asked_by: row.asked_by,
        begun: moment(row.begun_us),
        ended: row.ended_us.map(moment),
        rows: serde_json::from_str(&row.rows).map_err(corrupt)?,
        proof,
    })
}

pub async fn begin(store: &SqlStore, cx: &OpContext, begun: &Erasure) -> Result<(), StoreError> {
    let tx = store.operating().await?;
    let row = erasure::ActiveModel {
        id: Set(begun.id),
        erased_id: Set(begun.tenant.0),
        slug: Set(begun.slug.clone()),
        name: Set(begun.name.clone()),
        asked_by: Set(begun.asked_by.clone()),
        begun_us: Set(begun.begun.as_micros()),
        ended_us: Set(None),
        rows: Set("{}".to_owned()),
        sha256: Set(None),
        signer: Set(None),
        signature: Set(None),
    };
    let inserted = erasure::Entity::insert(row).exec_without_returning(&tx).await;
    inserted.map_err(|error| taken(error, "the erasure of this tenant"))?;
    tenants::set(&tx, begun.tenant.0, tenant::Column::Status, TenantStatus::Suspended.as_str()).await?;
    tx.execute(&journal::change_note(&cx.scope, cx.now, begun.id)).await.map_err(failure)?;
    tx.commit().await.map_err(failure)
}

/// What others refer to goes last, as it was put in first.
pub fn in_order(is_postgres: bool) -> impl Iterator<Item = Table> {
    tables().into_iter().rev().filter(move |table| is_postgres || table.part != Part::Waiting)
}

pub async fn some(data: &SqlTenantData, record: &Erasure, limit: u64) -> Result<u64, StoreError> {
    let is_postgres = data.store.backend() == DbBackend::Postgres;
    let mut deleted: BTreeMap<String, u64> = BTreeMap::new();
    let left = |deleted: &BTreeMap<String, u64>| limit.saturating_sub(deleted.values().sum());
    if let Some(log) = &data.log {
        log.databases().writer().execute_unprepared(OVERWRITE).await.map_err(failure)?;
        let tx = log.operating().await?;
        for table in in_order(is_postgres).filter(|table| table.part == Part::Log) {
            let rows = delete(&tx, &table, record.tenant, left(&deleted)).await?;
            count(&mut deleted, &table, rows);
        }
        tx.commit().await.map_err(failure)?;
        data.store.databases().writer().execute_unprepared(OVERWRITE).await.map_err(failure)?;
    }
    let tx = data.store.operating().await?;
    // Other processes have to read that it is suspended.
    let stays = |table: &Table| ["tenant", "tenant_change"].contains(&table.name);
    let here = |table: &Table| !stays(table) && (is_postgres || table.part != Part::Log);
    for table in in_order(is_postgres).filter(here) {
        let rows = delete(&tx, &table, record.tenant, left(&deleted)).await?;
        count(&mut deleted, &table, rows);
    }
    let sum = deleted.values().sum();
    if sum > 0 {
        add(&tx, record, deleted).await?;
    }
    tx.commit().await.map_err(failure)?;
    Ok(sum)
}

fn count(deleted: &mut BTreeMap<String, u64>, table: &Table, rows: u64) {
    if rows > 0 {
        *deleted.entry(table.name.to_owned()).or_default() += rows;
    }
}

/// Deletes at most so many rows. They are found by where they lie, which costs no more for the last of them than for the
/// first.
async fn delete(tx: &Transaction, table: &Table, tenant: TenantId, limit: u64) -> Result<u64, StoreError> {
    if limit == 0 {
        return Ok(0);
    }
    let (name, owner) = (table.name, table.tenant);
    let backend = tx.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        format!(
            "DELETE FROM {name} WHERE {owner} = $1
             AND ctid = ANY(ARRAY(SELECT ctid FROM {name} WHERE {owner} = $1 LIMIT {limit}))"
        )
    } else {
        let key = table.key_names().collect::<Vec<_>>().join(", ");
        format!("DELETE FROM {name} WHERE ({key}) IN (SELECT {key} FROM {name} WHERE {owner} = $1 LIMIT {limit})")
    };
    let done = tx.execute_raw(Statement::from_sql_and_values(backend, sql, [tenant.0.into()])).await;
    Ok(done.map_err(failure)?.rows_affected())
}

/// Adds to what a record counts; gives it as it is then.
async fn add(tx: &Transaction, record: &Erasure, deleted: BTreeMap<String, u64>) -> Result<Erasure, StoreError> {
    let row = erasure::Entity::find().filter(erasure::Column::Id.eq(record.id)).lock_exclusive();
    let row = row.one(tx).await.map_err(failure)?;
    let mut now = read(row.ok_or_else(|| StoreError::Internal("the record of the erasure is gone".to_owned()))?)?;
    if now.ended.is_some() {
        // Somebody else has brought it to its end, and signed what stands there.
        return Ok(now);
    }
    for (table, rows) in deleted {
        *now.rows.entry(table).or_default() += rows;
    }
    let rows = serde_json::to_string(&now.rows).map_err(corrupt)?;
    let update = erasure::Entity::update_many().col_expr(erasure::Column::Rows, Expr::value(rows));
    update.filter(erasure::Column::Id.eq(record.id)).exec(tx).await.map_err(failure)?;
    Ok(now)
}

pub async fn end(
    data: &SqlTenantData,
    cx: &OpContext,
    record: &Erasure,
    proven: &Prove,
) -> Result<Erasure, StoreError> {
    let ended = conclude(&data.store, cx, record, proven).await?;
    if let Some(log) = &data.log {
        for file in [&data.store, log] {
            empty_log_of_changes(file).await?;
        }
    }
    Ok(ended)
}

/// What was deleted stands in a file's log of changes until then. Somebody who reads may be in its way, which does not matter.
async fn empty_log_of_changes(file: &SqlStore) -> Result<(), StoreError> {
    let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
    file.databases().writer().execute_unprepared(truncate).await.map(drop).map_err(failure)
}

async fn conclude(store: &SqlStore, cx: &OpContext, record: &Erasure, proven: &Prove) -> Result<Erasure, StoreError> {
    use erasure::Column;
    let tx = store.operating().await?;
    let deleted = delete_all(&tx, record.tenant).await?;
    let mut ended = add(&tx, record, deleted).await?;
    if ended.ended.is_some() {
        return Ok(ended);
    }
    ended.ended = Some(cx.now);
    let proof = proven(&ended)?;
    let update = erasure::Entity::update_many()
        .col_expr(Column::EndedUs, Expr::value(cx.now.as_micros()))
        .col_expr(Column::Sha256, Expr::value(proof.sha256.as_str()))
        .col_expr(Column::Signer, Expr::value(proof.signer.as_str()))
        .col_expr(Column::Signature, Expr::value(proof.signature.as_str()));
    update.filter(Column::Id.eq(record.id)).exec(&tx).await.map_err(failure)?;
    tx.execute(&journal::change_note(&cx.scope, cx.now, record.tenant.0)).await.map_err(failure)?;
    tx.commit().await.map_err(failure)?;
    Ok(Erasure { proof: Some(proof), ..ended })
}

/// Deletes all of a tenant that is in the database, itself last; gives how many rows of each table.
pub async fn delete_all(tx: &Transaction, tenant: TenantId) -> Result<BTreeMap<String, u64>, StoreError> {
    let is_postgres = tx.get_database_backend() == DbBackend::Postgres;
    let mut deleted = BTreeMap::new();
    for table in in_order(is_postgres).filter(|table| is_postgres || table.part != Part::Log) {
        let delete = Query::delete().from_table(table.name).and_where(Expr::col(table.tenant).eq(tenant.0)).take();
        let done = tx.execute(&delete).await.map_err(failure)?;
        count(&mut deleted, &table, done.rows_affected());
    }
    Ok(deleted)
}
