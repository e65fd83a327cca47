//! The end of rows: of those that are old, and of those of tenants that are no more.

#![expect(clippy::disallowed_methods, reason = "this is done for all tenants")]

use domain::ids::{ActivityId, TenantId};
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::sql::entity::{activity, activity_body, activity_head, activity_minute, activity_seen, activity_target};
use crate::sql::error::failure;
use crate::sql::scope::Door;
use crate::sql::store::SqlStore;
use crate::transaction::Transaction;

/// What was counted is kept for this much longer than the rows, so that a cycle that begins before them is whole.
const COUNTS_LONGER: i64 = 86_400;

/// Removes the oldest rows from before a moment, and what was counted of them.
pub async fn prune(store: &SqlStore, door: Door, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
    use activity::Column;
    let tx = store.operating().await?;
    let before_us = before.as_micros();
    let oldest = Query::select()
        .column(Column::Id)
        .from(activity::Entity)
        .and_where(Expr::col(Column::TenantId).eq(door.tenant()))
        .and_where(Expr::col(Column::Id).lt(ActivityId::first_at(before).0))
        .order_by(Column::Id, Order::Asc)
        .limit(limit)
        .take();
    let ids: Vec<Uuid> = tx
        .query_all(&oldest)
        .await
        .map_err(failure)?
        .iter()
        .map(|row| row.try_get_by_index(0).map_err(failure))
        .collect::<Result<_, _>>()?;
    if let Some(last) = ids.last() {
        let bodies = Query::delete()
            .from_table(activity_body::Entity)
            .and_where(Expr::col(activity_body::Column::TenantId).eq(door.tenant()))
            .and_where(Expr::col(activity_body::Column::Id).lte(*last))
            .take();
        tx.execute(&bodies).await.map_err(failure)?;
        let rows = Query::delete()
            .from_table(activity::Entity)
            .and_where(Expr::col(Column::TenantId).eq(door.tenant()))
            .and_where(Expr::col(Column::Id).lte(*last))
            .take();
        tx.execute(&rows).await.map_err(failure)?;
    }
    let counts_before = before_us.saturating_sub(COUNTS_LONGER * 1_000_000);
    let minutes = Query::delete()
        .from_table(activity_minute::Entity)
        .and_where(Expr::col(activity_minute::Column::TenantId).eq(door.tenant()))
        .and_where(Expr::col(activity_minute::Column::MinuteUs).lt(counts_before))
        .take();
    tx.execute(&minutes).await.map_err(failure)?;
    let targets = Query::delete()
        .from_table(activity_target::Entity)
        .and_where(Expr::col(activity_target::Column::TenantId).eq(door.tenant()))
        .and_where(Expr::col(activity_target::Column::LastUs).lt(counts_before))
        .take();
    tx.execute(&targets).await.map_err(failure)?;
    tx.commit().await.map_err(failure)?;
    Ok(ids.len() as u64)
}

pub async fn tenants(store: &SqlStore) -> Result<Vec<TenantId>, StoreError> {
    let tx = store.overlooking().await?;
    let mut tenants = Vec::new();
    for column in [
        Query::select().distinct().column(activity_seen::Column::TenantId).from(activity_seen::Entity).take(),
        Query::select().distinct().column(activity_head::Column::TenantId).from(activity_head::Entity).take(),
    ] {
        for row in tx.query_all(&column).await.map_err(failure)? {
            tenants.push(TenantId(row.try_get_by_index(0).map_err(failure)?));
        }
    }
    tenants.sort_unstable();
    tenants.dedup();
    Ok(tenants)
}

pub async fn forget(store: &SqlStore, tenant: TenantId) -> Result<(), StoreError> {
    let tx = store.operating().await?;
    empty::<activity::Entity>(&tx, activity::Column::TenantId, tenant).await?;
    empty::<activity_body::Entity>(&tx, activity_body::Column::TenantId, tenant).await?;
    empty::<activity_minute::Entity>(&tx, activity_minute::Column::TenantId, tenant).await?;
    empty::<activity_seen::Entity>(&tx, activity_seen::Column::TenantId, tenant).await?;
    empty::<activity_target::Entity>(&tx, activity_target::Column::TenantId, tenant).await?;
    empty::<activity_head::Entity>(&tx, activity_head::Column::TenantId, tenant).await?;
    tx.commit().await.map_err(failure)
}

async fn empty<E: EntityTrait>(tx: &Transaction, tenant_id: E::Column, tenant: TenantId) -> Result<(), StoreError> {
    E::delete_many().filter(tenant_id.eq(tenant.0)).exec(tx).await.map_err(failure)?;
    Ok(())
}
