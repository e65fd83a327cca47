//! The server's own work on admin accounts of all tenants.

#![expect(clippy::disallowed_methods, reason = "this is work across tenants")]

use domain::admin::second_step::StaleSecondStep;
use domain::admin::session::IDLE_SECONDS;
use domain::ids::{AdminId, TenantId};
use domain::keys::{KeyId, Sealed};
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::entity::{admin, admin_link, admin_session};
use super::error::failure;
use super::store::SqlStore;

impl SqlStore {
    pub(super) async fn find_second_steps_under(
        &self,
        keys: &[KeyId],
        limit: u64,
    ) -> Result<Vec<StaleSecondStep>, StoreError> {
        use admin::Column;
        let stale =
            admin::Entity::find().filter(Column::SecondStepKey.is_in(keys.iter().map(KeyId::as_str))).limit(limit);
        let rows = stale.all(&self.overlooking().await?).await.map_err(failure)?;
        let read = |row: admin::Model| {
            let secret = Sealed(row.second_step?);
            Some(StaleSecondStep { tenant: TenantId(row.tenant_id), admin: AdminId(row.id), secret })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    pub(super) async fn put_second_step(&self, before: &StaleSecondStep, anew: &Sealed) -> Result<(), StoreError> {
        use admin::Column;
        let tx = self.operating().await?;
        let key = anew.key().map(|key| key.to_string());
        let update = admin::Entity::update_many()
            .col_expr(Column::SecondStep, Expr::value(anew.0.clone()))
            .col_expr(Column::SecondStepKey, Expr::value(key))
            .filter(Column::TenantId.eq(before.tenant.0).and(Column::Id.eq(before.admin.0)))
            .filter(Column::SecondStep.eq(before.secret.0.clone()));
        update.exec(&tx).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }

    pub(super) async fn drop_ended_sessions(&self, now: Timestamp, before: Timestamp) -> Result<(), StoreError> {
        use admin_link::Column as L;
        use admin_session::Column as S;
        let tx = self.operating().await?;
        let idle = S::LastSeenUs.lte(now.plus_seconds(-IDLE_SECONDS).as_micros());
        let ended = admin_session::Entity::delete_many().filter(S::ExpiresUs.lte(now.as_micros()).or(idle));
        ended.exec(&tx).await.map_err(failure)?;
        let held =
            Query::select().column(S::LinkId).from(admin_session::Entity).and_where(S::LinkId.is_not_null()).take();
        let before = before.as_micros();
        let over = L::ExpiresUs.lte(before).or(L::UsedUs.lte(before)).or(L::RevokedUs.lte(before));
        let links = admin_link::Entity::delete_many().filter(over).filter(L::Id.not_in_subquery(held));
        links.exec(&tx).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }
}
