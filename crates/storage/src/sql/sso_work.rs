//! The server's own work on single sign-on of all tenants.

#![expect(clippy::disallowed_methods, reason = "this is work across tenants")]

use domain::connection::key::{SecretHolder, StaleSsoSecret};
use domain::ids::{ConnectionId, SsoKeyId, TenantId};
use domain::keys::{KeyId, Sealed};
use domain::store::StoreError;
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

use super::entity::{sso_connection, sso_key, tenant};
use super::error::failure;
use super::repo::corrupt;
use super::store::SqlStore;

/// A used assertion is remembered for so long after its end: another replica's clock may be behind.
const USED_SECONDS: i64 = 3_600;

/// Rows of a table that are removed in one go, so that nobody waits long for SQLite's one writer.
const AT_ONCE: u64 = 20_000;

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
        let (backend, over) = (tx.get_database_backend(), now.as_micros());
        let used = now.plus_seconds(-USED_SECONDS).as_micros();
        for (table, id, is_over, moment) in [
            ("sso_attempt", "id", "expires_us <= $1", over),
            ("sso_assertion", "digest", "until_us <= $1", used),
            ("person_session", "id", "expires_us <= $1", over),
            ("sign_in", "id", "at_us < $1 - 86400000000 * CAST(tenant.log_retention_days AS bigint)", over),
        ] {
            // By the tenant, with whom every index begins.
            let delete = format!(
                "DELETE FROM {table} WHERE (tenant_id, {id}) IN (SELECT old.tenant_id, old.{id} FROM tenant
                 JOIN {table} AS old ON old.tenant_id = tenant.id WHERE old.{is_over} LIMIT {AT_ONCE})"
            );
            let delete = Statement::from_sql_and_values(backend, delete, [moment.into()]);
            tx.execute_raw(delete).await.map_err(failure)?;
        }
        tx.commit().await.map_err(failure)
    }
}
