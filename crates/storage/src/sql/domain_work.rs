//! The server's own work on domains of e-mail addresses of all tenants.

#![expect(clippy::disallowed_methods, reason = "this is work across tenants")]

use domain::email_domain::{DomainName, DomainState};
use domain::ids::{ConnectionId, DomainId};
use domain::store::StoreError;
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement, Value};
use uuid::Uuid;

use super::entity::{email_domain, tenant};
use super::error::failure;
use super::repo::corrupt;
use super::store::SqlStore;

/// Of the two databases one lets several writers in; there a row that somebody else is taking is passed over.
fn take(backend: DbBackend) -> String {
    let locked = if backend == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
    format!(
        "UPDATE email_domain SET due_us = $1 WHERE (tenant_id, id) IN (
            SELECT tenant_id, id FROM email_domain WHERE due_us IS NOT NULL AND due_us <= $2
            ORDER BY due_us LIMIT $3 {locked})
         RETURNING id, (SELECT slug FROM tenant WHERE tenant.id = email_domain.tenant_id)"
    )
}

impl SqlStore {
    pub(super) async fn take_due_domains(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<(TenantSlug, DomainId)>, StoreError> {
        // Asked first: mostly there is nothing, and then nobody has to wait for a writer.
        let due = email_domain::Entity::find().filter(email_domain::Column::DueUs.lte(now.as_micros()));
        if due.one(&self.overlooking().await?).await.map_err(failure)?.is_none() {
            return Ok(Vec::new());
        }
        let tx = self.operating().await?;
        let backend = tx.get_database_backend();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [until.as_micros(), now.as_micros(), limit].map(Value::from);
        let taken = tx.query_all_raw(Statement::from_sql_and_values(backend, take(backend), values)).await;
        let mut found = Vec::new();
        for row in taken.map_err(failure)? {
            let (id, slug): (Uuid, String) = row.try_get_many_by_index().map_err(failure)?;
            found.push((slug.parse().map_err(corrupt)?, DomainId(id)));
        }
        tx.commit().await.map_err(failure)?;
        Ok(found)
    }

    pub(super) async fn verified_domain(
        &self,
        name: &DomainName,
    ) -> Result<Option<(TenantSlug, Option<ConnectionId>)>, StoreError> {
        use email_domain::Column;
        let tx = self.overlooking().await?;
        let found = email_domain::Entity::find().filter(Column::Name.eq(name.as_str()));
        let found = found.filter(Column::State.eq(DomainState::Verified.as_str())).one(&tx).await.map_err(failure)?;
        let Some(found) = found else { return Ok(None) };
        let tenant = tenant::Entity::find_by_id(found.tenant_id).one(&tx).await.map_err(failure)?;
        let tenant = tenant.ok_or_else(|| corrupt("email_domain.tenant_id"))?;
        Ok(Some((tenant.slug.parse().map_err(corrupt)?, found.connection_id.map(ConnectionId))))
    }
}
