//! The server's own work on single sign-on of all tenants.

#![expect(clippy::disallowed_methods, reason = "this is work across tenants")]

use domain::admin::session::IDLE_SECONDS;
use domain::connection::key::{SecretHolder, StaleSsoSecret};
use domain::ids::{ConnectionId, SsoKeyId, TenantId};
use domain::keys::{KeyId, Sealed};
use domain::store::StoreError;
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

use super::entity::{person_session, sso_assertion, sso_attempt, sso_connection, sso_key, tenant};
use super::error::failure;
use super::repo::corrupt;
use super::store::SqlStore;

impl SqlStore {
    pub(super) async fn find_sso_secrets_under(
        &self,
        keys: &[KeyId],
        limit: u64,
    ) -> Result<Vec<StaleSsoSecret>, StoreError> {
        let tx = self.overlooking().await?;
        let names: Vec<&str> = keys.iter().map(KeyId::as_str).collect();
        let own = sso_key::Entity::find().filter(sso_key::Column::PrivateKey.is_in(names.clone())).limit(limit);
        let own = own.all(&tx).await.map_err(failure)?.into_iter().map(|row| StaleSsoSecret {
            tenant: TenantId(row.tenant_id),
            holder: SecretHolder::Key(SsoKeyId(row.id)),
            secret: Sealed(row.private),
        });
        let clients =
            sso_connection::Entity::find().filter(sso_connection::Column::SecretKey.is_in(names)).limit(limit);
        let clients = clients.all(&tx).await.map_err(failure)?.into_iter().filter_map(|row| {
            let holder = SecretHolder::Connection(ConnectionId(row.id));
            Some(StaleSsoSecret { tenant: TenantId(row.tenant_id), holder, secret: Sealed(row.secret?) })
        });
        Ok(own.chain(clients).collect())
    }

    pub(super) async fn put_sso_secret(&self, before: &StaleSsoSecret, anew: &Sealed) -> Result<(), StoreError> {
        let tx = self.operating().await?;
        let key = anew.key().ok_or_else(|| corrupt("a secret that is not encrypted"))?.to_string();
        match before.holder {
            SecretHolder::Key(id) => {
                use sso_key::Column;
                let update = sso_key::Entity::update_many()
                    .col_expr(Column::Private, Expr::value(anew.0.clone()))
                    .col_expr(Column::PrivateKey, Expr::value(key))
                    .filter(Column::TenantId.eq(before.tenant.0).and(Column::Id.eq(id.0)))
                    .filter(Column::Private.eq(before.secret.0.clone()));
                update.exec(&tx).await.map_err(failure)?;
            }
            SecretHolder::Connection(id) => {
                use sso_connection::Column;
                let update = sso_connection::Entity::update_many()
                    .col_expr(Column::Secret, Expr::value(anew.0.clone()))
                    .col_expr(Column::SecretKey, Expr::value(key))
                    .filter(Column::TenantId.eq(before.tenant.0).and(Column::Id.eq(id.0)))
                    .filter(Column::Secret.eq(before.secret.0.clone()));
                update.exec(&tx).await.map_err(failure)?;
            }
        }
        tx.commit().await.map_err(failure)
    }

    pub(super) async fn find_connected_tenants(&self) -> Result<Vec<TenantSlug>, StoreError> {
        let with = Query::select().column(sso_connection::Column::TenantId).from(sso_connection::Entity).take();
        let tenants = tenant::Entity::find().filter(tenant::Column::Id.in_subquery(with));
        let tx = self.overlooking().await?;
        tenants
            .order_by_asc(tenant::Column::Slug)
            .all(&tx)
            .await
            .map_err(failure)?
            .into_iter()
            .map(|row| row.slug.parse().map_err(corrupt))
            .collect()
    }

    pub(super) async fn drop_ended_sign_ins(&self, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.operating().await?;
        let micros = now.as_micros();
        let over = sso_attempt::Entity::delete_many().filter(sso_attempt::Column::ExpiresUs.lte(micros));
        over.exec(&tx).await.map_err(failure)?;
        let used = sso_assertion::Entity::delete_many().filter(sso_assertion::Column::UntilUs.lte(micros));
        used.exec(&tx).await.map_err(failure)?;
        let idle = person_session::Column::LastSeenUs.lte(now.plus_seconds(-IDLE_SECONDS).as_micros());
        let ended = person_session::Entity::delete_many();
        let ended = ended.filter(person_session::Column::ExpiresUs.lte(micros).or(idle));
        ended.exec(&tx).await.map_err(failure)?;
        let old = "DELETE FROM sign_in WHERE at_us < $1 - 86400000000 * (SELECT CAST(log_retention_days AS bigint)
                   FROM tenant WHERE tenant.id = sign_in.tenant_id)";
        let old = Statement::from_sql_and_values(tx.get_database_backend(), old, [micros.into()]);
        tx.execute_raw(old).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }
}
