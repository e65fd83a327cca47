//! The outbox of all tenants.

#![expect(clippy::disallowed_methods, reason = "whoever sends mails sends those of all tenants")]

use async_trait::async_trait;
use domain::ids::{MailId, TenantId};
use domain::keys::Sealed;
use domain::mail::QueuedMail;
use domain::store::{MailEnd, Outbox, StoreError, TakenMail};
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use uuid::Uuid;

use super::error::failure;
use super::repo::{corrupt, moment};
use super::store::SqlStore;

/// Of the two databases one lets several writers in; there a row that somebody else is taking is passed over.
fn take(backend: DbBackend) -> String {
    let locked = if backend == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
    format!(
        "UPDATE mail SET due_us = $1, attempts = attempts + 1 WHERE (tenant_id, id) IN (
            SELECT tenant_id, id FROM mail WHERE due_us IS NOT NULL AND due_us <= $2 ORDER BY due_us LIMIT $3 {locked})
         RETURNING tenant_id, id, sealed, queued_us, attempts"
    )
}

const WATCHED: &str = "SELECT slug FROM tenant
    WHERE EXISTS (SELECT 1 FROM notice WHERE notice.tenant_id = tenant.id)
       OR (status = 'active' AND provisioning = 'on'
           AND EXISTS (SELECT 1 FROM credential WHERE credential.tenant_id = tenant.id))
    ORDER BY id";

#[async_trait]
impl Outbox for SqlStore {
    async fn take_mails(&self, now: Timestamp, until: Timestamp, limit: u64) -> Result<Vec<TakenMail>, StoreError> {
        // Asked first: mostly there is nothing, and then nobody has to wait for a writer.
        if self
            .asked("SELECT id FROM mail WHERE due_us IS NOT NULL AND due_us <= $1 LIMIT 1", [now.as_micros().into()])
            .await?
            .is_empty()
        {
            return Ok(Vec::new());
        }
        let tx = self.operating().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [until.as_micros(), now.as_micros(), limit].map(Value::from);
        let backend = tx.get_database_backend();
        let taken = tx.query_all_raw(Statement::from_sql_and_values(backend, take(backend), values)).await;
        let taken = taken.map_err(failure)?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        tx.commit().await.map_err(failure)?;
        Ok(taken)
    }

    async fn put_back(&self, taken: &TakenMail, due: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE mail SET due_us = $1
                   WHERE tenant_id = $2 AND id = $3 AND attempts = $4 AND due_us IS NOT NULL";
        let [tenant, id, attempts] = key(taken);
        self.done(sql, [due.as_micros().into(), tenant, id, attempts]).await
    }

    async fn end_mail(&self, taken: &TakenMail, end: MailEnd, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE mail SET sealed = NULL, key_id = NULL, due_us = NULL, ended_us = $1, how = $2
                   WHERE tenant_id = $3 AND id = $4 AND attempts = $5";
        let how = match end {
            MailEnd::Sent => "sent",
            MailEnd::GivenUp => "given_up",
        };
        let [tenant, id, attempts] = key(taken);
        self.done(sql, [now.as_micros().into(), how.into(), tenant, id, attempts]).await
    }

    async fn prune_mails(&self, before: Timestamp) -> Result<(), StoreError> {
        let sql = "SELECT id FROM mail WHERE ended_us IS NOT NULL AND ended_us < $1 LIMIT 1";
        if self.asked(sql, [before.as_micros().into()]).await?.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM mail WHERE ended_us IS NOT NULL AND ended_us < $1";
        self.done(sql, [before.as_micros().into()]).await
    }

    async fn watched_tenants(&self) -> Result<Vec<TenantSlug>, StoreError> {
        let rows = self.asked(WATCHED, []).await?;
        let read = |row: &QueryResult| {
            let slug: String = row.try_get_by_index(0).map_err(failure)?;
            slug.parse().map_err(corrupt)
        };
        rows.iter().map(read).collect()
    }
}

impl SqlStore {
    async fn asked<const N: usize>(&self, sql: &str, values: [Value; N]) -> Result<Vec<QueryResult>, StoreError> {
        let tx = self.overlooking().await?;
        tx.query_all_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await.map_err(failure)
    }

    async fn done<const N: usize>(&self, sql: &str, values: [Value; N]) -> Result<(), StoreError> {
        let tx = self.operating().await?;
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values))
            .await
            .map_err(failure)?;
        tx.commit().await.map_err(failure)
    }
}

fn key(taken: &TakenMail) -> [Value; 3] {
    [taken.tenant.0.into(), taken.mail.id.0.into(), i32::try_from(taken.attempts).unwrap_or(i32::MAX).into()]
}

fn read(row: &QueryResult) -> Result<TakenMail, StoreError> {
    let (tenant, id, sealed, queued, attempts): (Uuid, Uuid, Option<Vec<u8>>, i64, i32) =
        row.try_get_many_by_index().map_err(failure)?;
    let sealed = Sealed(sealed.ok_or_else(|| corrupt("mail.sealed"))?);
    let mail = QueuedMail { id: MailId(id), sealed, queued: moment(queued) };
    Ok(TakenMail { tenant: TenantId(tenant), mail, attempts: u32::try_from(attempts).map_err(corrupt)? })
}
