//! The server's own work, across tenants.

#![expect(clippy::disallowed_methods, reason = "the work is on all tenants")]

use async_trait::async_trait;
use domain::admin::second_step::StaleSecondStep;
use domain::connection::key::StaleSsoSecret;
use domain::credential::Credential;
use domain::email_domain::DomainName;
use domain::ids::{ConnectionId, CredentialId, DomainId, ResourceId, TenantId};
use domain::job::{Job, JobState};
use domain::keys::{KeyId, Sealed};
use domain::signing_key::StoredSigningKey;
use domain::store::{Backlog, FillStep, KeyUses, Lease, StoreError, Work};
use domain::tenant::{Tenant, TenantScope, TenantSlug};
use domain::timestamp::Timestamp;
use domain::value_index::{IndexState, MOST, ValueIndex};
use scim_protocol::path::AttrPath;
use scim_protocol::resource_type::Field;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement, Value,
};
use uuid::Uuid;

use super::entity::{
    credential, credential_secret, job, journal_head, request_key, resource, resource_value, tenant, tenant_change,
    value_index,
};
use super::error::{failure, is_locked};
use super::repo::{corrupt, credentials, jobs, journal, resources, tenants, views};
use super::retention;
use super::scope::Door;
use super::search::{is_always_indexed, keys_at};
use super::store::SqlStore;
use super::tenant_data;
use crate::transaction::Transaction;

/// Resources that one step of filling an index reads and holds.
const FILL: u64 = 200;

/// More than clocks of machines that are looked after differ by.
const CLOCKS_DIFFER_SECONDS: i64 = 60;

#[async_trait]
impl Work for SqlStore {
    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        self.databases().clock().await
    }

    async fn take_lease(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        let tx = self.operating_promptly().await?;
        let sql = "INSERT INTO worker_lease (name, holder, until_us) VALUES ($1, $2, $3)
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_us = excluded.until_us
                   WHERE worker_lease.holder = excluded.holder OR worker_lease.until_us < $4
                   OR worker_lease.until_us > $5";
        // Somebody whose clock is ahead by an hour would hold it for an hour after his end.
        let unlikely = lease.until.plus_seconds(CLOCKS_DIFFER_SECONDS);
        let (until, now) = (lease.until.as_micros(), now.as_micros());
        let values =
            [lease.name.into(), lease.holder.as_str().into(), until.into(), now.into(), unlikely.as_micros().into()];
        let taken = match tx.execute_raw(statement(&tx, sql, values)).await {
            // Somebody holds it who is at work, or hangs.
            Err(error) if is_locked(&error) => return Ok(false),
            done => done.map_err(failure)?.rows_affected() == 1,
        };
        tx.commit().await.map_err(failure)?;
        Ok(taken)
    }

    async fn number_facts(&self, lease: &Lease, limit: u64) -> Result<u64, StoreError> {
        // Where there is one writer, each writer numbers its own.
        if self.backend() != DbBackend::Postgres {
            return Ok(0);
        }
        let tx = self.operating().await?;
        let waiting = statement(&tx, "SELECT 1 FROM fact_ticket LIMIT 1", []);
        if tx.query_one_raw(waiting).await.map_err(failure)?.is_none() {
            return Ok(0);
        }
        // Whoever takes the lease over waits for this row, and whoever lost it does not find it.
        let held = "SELECT 1 FROM worker_lease WHERE name = $1 AND holder = $2 FOR UPDATE";
        let held = statement(&tx, held, [lease.name.into(), lease.holder.as_str().into()]);
        if tx.query_one_raw(held).await.map_err(failure)?.is_none() {
            return Ok(0);
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let numbered = execute(&tx, NUMBER_FACTS, [limit.into()]).await?;
        tx.commit().await.map_err(failure)?;
        Ok(numbered)
    }

    async fn fold_counts(&self, rows: u64) -> Result<u64, StoreError> {
        let tx = self.operating().await?;
        let many = "SELECT tenant_id, kind FROM resource_count GROUP BY tenant_id, kind HAVING count(*) > $1";
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let many = tx.query_all_raw(statement(&tx, many, [rows.into()])).await.map_err(failure)?;
        drop(tx);
        let mut fewer = 0;
        for row in many {
            let (tenant, kind): (Uuid, String) = row.try_get_many_by_index().map_err(failure)?;
            fewer += self.fold(tenant, &kind).await?;
        }
        Ok(fewer)
    }

    async fn register_index(&self, slug: &TenantSlug, wanted: &ValueIndex, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.operating().await?;
        let Some(admission) = tenants::find_admission(&tx, slug).await? else { return Ok(()) };
        // As it is written in the schema, whatever the client wrote.
        let Some(path) = field(&admission.tenant, wanted).map(|field| field.path()) else { return Ok(()) };
        let is_known = |index: &ValueIndex| index.kind == wanted.kind && index.path == path;
        let indexes = &admission.tenant.indexes;
        if indexes.iter().any(is_known) || indexes.len() >= MOST || is_always_indexed(&wanted.kind, &path) {
            return Ok(());
        }
        let row = value_index::ActiveModel {
            tenant_id: NotSet,
            kind: Set(wanted.kind.to_string()),
            path: Set(path),
            state: Set(IndexState::Filling.as_str().to_owned()),
            filled_to: Set(None),
            asked_us: Set(now.as_micros()),
        };
        let scope = admission.tenant.scope();
        let insert = Door::of(&scope).insert::<value_index::Entity>([row]);
        insert
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(&tx)
            .await
            .map_err(failure)?;
        announce(&tx, &admission.tenant.scope(), now).await?;
        tx.commit().await.map_err(failure)
    }

    async fn open_indexes(&self) -> Result<Vec<(TenantSlug, ValueIndex)>, StoreError> {
        let tx = self.overlooking().await?;
        let open = value_index::Entity::find().filter(value_index::Column::State.eq(IndexState::Filling.as_str()));
        let mut found = Vec::new();
        for row in open.order_by_asc(value_index::Column::AskedUs).all(&tx).await.map_err(failure)? {
            let tenant = tenant::Entity::find_by_id(row.tenant_id).one(&tx).await.map_err(failure)?;
            if let Some(tenant) = tenant {
                found.push((tenant.slug.parse().map_err(corrupt)?, tenants::read_index(row)?));
            }
        }
        Ok(found)
    }

    async fn horizon(&self) -> Result<i64, StoreError> {
        self.moment("pg_snapshot_xmax").await
    }

    async fn has_passed(&self, horizon: i64) -> Result<bool, StoreError> {
        Ok(self.moment("pg_snapshot_xmin").await? >= horizon)
    }

    /// A step that waits for a writer who waits for it is given up, and taken again.
    async fn fill_index(&self, slug: &TenantSlug, index: &ValueIndex, now: Timestamp) -> Result<FillStep, StoreError> {
        match self.fill_some(slug, index, now).await {
            Err(StoreError::Contention | StoreError::Locked) => Ok(FillStep::Going),
            done => done,
        }
    }

    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, StoreError> {
        self.all_signing_keys().await
    }

    async fn insert_signing_key(&self, key: &StoredSigningKey) -> Result<(), StoreError> {
        self.add_signing_key(key).await
    }

    async fn reseal_signing_key(&self, before: &Sealed, anew: &StoredSigningKey) -> Result<(), StoreError> {
        self.put_signing_key(before, anew).await
    }

    async fn prune_signing_keys(&self, before: Timestamp) -> Result<(), StoreError> {
        self.drop_signing_keys(before).await
    }

    async fn second_steps_under(&self, keys: &[KeyId], limit: u64) -> Result<Vec<StaleSecondStep>, StoreError> {
        self.find_second_steps_under(keys, limit).await
    }

    async fn reseal_second_step(&self, before: &StaleSecondStep, anew: &Sealed) -> Result<(), StoreError> {
        self.put_second_step(before, anew).await
    }

    async fn sso_secrets_under(&self, keys: &[KeyId], limit: u64) -> Result<Vec<StaleSsoSecret>, StoreError> {
        self.find_sso_secrets_under(keys, limit).await
    }

    async fn reseal_sso_secret(&self, before: &StaleSsoSecret, anew: &Sealed) -> Result<(), StoreError> {
        self.put_sso_secret(before, anew).await
    }

    async fn connected_tenants(&self) -> Result<Vec<TenantSlug>, StoreError> {
        self.find_connected_tenants().await
    }

    async fn prune_sign_ins(&self, now: Timestamp) -> Result<(), StoreError> {
        self.drop_ended_sign_ins(now).await
    }

    async fn prune_sessions(&self, now: Timestamp, before: Timestamp) -> Result<(), StoreError> {
        self.drop_ended_sessions(now, before).await
    }

    async fn key_uses(&self, now: Timestamp) -> Result<KeyUses, StoreError> {
        self.count_key_uses(now).await
    }

    async fn stored_ring(&self) -> Result<String, StoreError> {
        self.find_ring().await
    }

    async fn store_ring(&self, before: &str, after: &str) -> Result<bool, StoreError> {
        self.put_ring(before, after).await
    }

    async fn open_jobs(&self) -> Result<Vec<(TenantSlug, Job)>, StoreError> {
        let tx = self.overlooking().await?;
        let open = job::Entity::find().filter(job::Column::State.eq(JobState::Running.as_str()));
        let mut found = Vec::new();
        for row in open.order_by_asc(job::Column::Id).all(&tx).await.map_err(failure)? {
            let tenant = tenant::Entity::find_by_id(row.tenant_id).one(&tx).await.map_err(failure)?;
            if let Some(tenant) = tenant {
                found.push((tenant.slug.parse().map_err(corrupt)?, jobs::read(row)?));
            }
        }
        Ok(found)
    }

    async fn prune_request_keys(&self, before: Timestamp) -> Result<(), StoreError> {
        let tx = self.operating().await?;
        let old = request_key::Entity::delete_many().filter(request_key::Column::MadeUs.lt(before.as_micros()));
        old.exec(&tx).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }

    async fn find_credential(&self, id: CredentialId) -> Result<Option<Credential>, StoreError> {
        let tx = self.overlooking().await?;
        let found =
            credential::Entity::find().filter(credential::Column::Id.eq(id.0)).one(&tx).await.map_err(failure)?;
        let Some(found) = found else { return Ok(None) };
        let secrets = credential_secret::Entity::find()
            .filter(credential_secret::Column::TenantId.eq(found.tenant_id))
            .filter(credential_secret::Column::CredentialId.eq(id.0));
        let secrets = secrets.all(&tx).await.map_err(failure)?;
        Ok(credentials::together(vec![found], secrets)?.pop())
    }

    async fn tenants_after(&self, id: Option<TenantId>, limit: u64) -> Result<Vec<(TenantId, TenantSlug)>, StoreError> {
        let tx = self.overlooking().await?;
        let tenants = tenant::Entity::find().filter(tenant::Column::Id.gt(id.map_or(Uuid::nil(), |id| id.0)));
        let tenants = tenants.order_by_asc(tenant::Column::Id).limit(limit).all(&tx).await.map_err(failure)?;
        let read = |row: tenant::Model| Ok((TenantId(row.id), row.slug.parse().map_err(corrupt)?));
        tenants.into_iter().map(read).collect()
    }

    async fn take_domains(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<(TenantSlug, DomainId)>, StoreError> {
        self.take_due_domains(now, until, limit).await
    }

    async fn find_verified_domain(
        &self,
        name: &DomainName,
    ) -> Result<Option<(TenantSlug, Option<ConnectionId>)>, StoreError> {
        self.verified_domain(name).await
    }

    async fn journal_heads(&self) -> Result<Vec<(TenantId, i64)>, StoreError> {
        let heads = journal_head::Entity::find().all(&self.overlooking().await?).await.map_err(failure)?;
        Ok(heads.into_iter().map(|head| (TenantId(head.tenant_id), head.last)).collect())
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.count_backlog().await
    }

    async fn empty_old_facts(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        retention::empty_old_facts(self, before, limit).await
    }

    async fn give_back(&self) -> Result<(), StoreError> {
        retention::give_back(self).await
    }

    async fn prune_changes(&self, before: Timestamp) -> Result<(), StoreError> {
        let tx = self.operating().await?;
        let old = tenant_change::Entity::delete_many().filter(tenant_change::Column::AtUs.lt(before.as_micros()));
        old.exec(&tx).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }

    async fn sweep_gone(&self, after: Timestamp) -> Result<u64, StoreError> {
        tenant_data::sweep(self, after).await
    }
}

impl SqlStore {
    async fn fill_some(&self, slug: &TenantSlug, index: &ValueIndex, now: Timestamp) -> Result<FillStep, StoreError> {
        let tx = self.operating().await?;
        let Some(admission) = tenants::find_admission(&tx, slug).await? else { return Ok(FillStep::Complete) };
        let Some(field) = field(&admission.tenant, index) else { return Ok(FillStep::Complete) };
        let scope = admission.tenant.scope();
        let filling = Filling { tx: &tx, door: Door::of(&scope), index };
        let Some(filled_to) = filling.begin().await? else { return Ok(FillStep::Complete) };
        let batch = filling.hold(filled_to).await?;
        for row in &batch {
            let keys = keys_at(&field, &views::read(row.clone())?.resource);
            filling.add(ResourceId(row.id), keys.into_iter().collect()).await?;
        }
        let step = match batch.last() {
            Some(last) if batch.len() as u64 == FILL => {
                filling.set(value_index::Column::FilledTo, last.id.into()).await?;
                FillStep::Going
            }
            _ => {
                filling.set(value_index::Column::State, IndexState::Complete.as_str().into()).await?;
                announce(&tx, &scope, now).await?;
                FillStep::Complete
            }
        };
        tx.commit().await.map_err(failure)?;
        Ok(step)
    }

    /// One row in the place of those there are. Two that fold at once take what the other has left, which is nothing.
    async fn fold(&self, tenant: Uuid, kind: &str) -> Result<u64, StoreError> {
        let tx = self.operating().await?;
        let taken = "DELETE FROM resource_count WHERE tenant_id = $1 AND kind = $2 RETURNING id, delta, changes";
        let taken = tx.query_all_raw(statement(&tx, taken, [tenant.into(), kind.into()])).await.map_err(failure)?;
        let mut folded: (Option<Uuid>, i64, i64) = (None, 0, 0);
        for row in &taken {
            let (id, delta, changes): (Uuid, i64, i64) = row.try_get_many_by_index().map_err(failure)?;
            folded = (folded.0.max(Some(id)), folded.1 + delta, folded.2 + changes);
        }
        let (Some(id), delta, changes) = folded else { return Ok(0) };
        let put = "INSERT INTO resource_count (tenant_id, kind, id, delta, changes) VALUES ($1, $2, $3, $4, $5)";
        execute(&tx, put, [tenant.into(), kind.into(), id.into(), delta.into(), changes.into()]).await?;
        tx.commit().await.map_err(failure)?;
        Ok(taken.len() as u64 - 1)
    }

    /// SQLite's transactions for writing are one after another, so that what was under way has always ended.
    async fn moment(&self, function: &str) -> Result<i64, StoreError> {
        let tx = self.operating().await?;
        if self.backend() != DbBackend::Postgres {
            return Ok(0);
        }
        let sql = format!("SELECT {function}(pg_current_snapshot())::text::bigint");
        let row = tx.query_one_raw(statement(&tx, &sql, [])).await.map_err(failure)?;
        row.map_or(Ok(0), |row| row.try_get_by_index(0).map_err(failure))
    }
}

/// Numbers what it sees, in the order of tickets. Whatever happened before something that is seen is seen too, and has the
/// lower ticket; what is not seen yet happened at the same time (ADR 0017).
const NUMBER_FACTS: &str = "
    WITH batch AS (SELECT ticket FROM fact_ticket ORDER BY ticket LIMIT $1),
    taken AS (DELETE FROM fact_ticket WHERE ticket IN (SELECT ticket FROM batch) RETURNING *),
    numbered AS (
        SELECT taken.*, coalesce(journal_head.last, 0)
            + row_number() OVER (PARTITION BY taken.tenant_id ORDER BY taken.ticket) AS number
        FROM taken LEFT JOIN journal_head ON journal_head.tenant_id = taken.tenant_id
    ),
    heads AS (
        INSERT INTO journal_head (tenant_id, last)
        SELECT tenant_id, max(number) FROM numbered GROUP BY tenant_id
        ON CONFLICT (tenant_id) DO UPDATE SET last = excluded.last
    )
    INSERT INTO fact (tenant_id, number, id, at_us, what, subject_kind, subject_id, actor_kind, actor_id, request_id)
    SELECT tenant_id, number, id, at_us, what, subject_kind, subject_id, actor_kind, actor_id, request_id FROM numbered";

/// An index of a tenant that is being filled, in a transaction.
struct Filling<'f> {
    tx: &'f Transaction,
    door: Door,
    index: &'f ValueIndex,
}

impl Filling<'_> {
    /// How far it is filled; none when there is nothing left to do.
    async fn begin(&self) -> Result<Option<Uuid>, StoreError> {
        let row =
            self.door.select::<value_index::Entity>().filter(value_index::Column::Kind.eq(self.index.kind.as_str()));
        let row = row.filter(value_index::Column::Path.eq(self.index.path.as_str())).lock_exclusive();
        let row = row.one(self.tx).await.map_err(failure)?;
        let row = row.filter(|row| row.state == IndexState::Filling.as_str());
        Ok(row.map(|row| row.filled_to.unwrap_or_default()))
    }

    /// The next resources. They are held until their keys are in the index; writers hold a resource before they read it
    /// while an index is being filled, so none of them misses these keys.
    async fn hold(&self, after: Uuid) -> Result<Vec<resource::Model>, StoreError> {
        let rows = self.door.select::<resource::Entity>().filter(resource::Column::Kind.eq(self.index.kind.as_str()));
        let rows = rows.filter(resource::Column::Id.gt(after)).order_by_asc(resource::Column::Id).limit(FILL);
        rows.lock_exclusive().all(self.tx).await.map_err(failure)
    }

    async fn add(&self, id: ResourceId, keys: Vec<String>) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let rows = keys.iter().map(|key| resources::value_row(&self.index.kind, id, &self.index.path, key));
        let insert =
            self.door.insert::<resource_value::Entity>(rows).on_conflict(OnConflict::new().do_nothing().to_owned());
        insert.exec_without_returning(self.tx).await.map_err(failure)?;
        Ok(())
    }

    async fn set(&self, column: value_index::Column, value: Value) -> Result<(), StoreError> {
        let update = self.door.update::<value_index::Entity>().col_expr(column, Expr::value(value));
        let update = update.filter(value_index::Column::Kind.eq(self.index.kind.as_str()));
        update.filter(value_index::Column::Path.eq(self.index.path.as_str())).exec(self.tx).await.map_err(failure)?;
        Ok(())
    }
}

/// What is indexed; none when the tenant has no such attribute any more.
fn field(tenant: &Tenant, index: &ValueIndex) -> Option<Field> {
    let resource_type = tenant.types.get(&index.kind).ok()?;
    Some(resource_type.locate(&AttrPath::parse(&index.path).ok()?)?.field())
}

/// Tells every process that the tenant has other indexes now. Of two such notes of one moment one is enough.
async fn announce(tx: &Transaction, scope: &TenantScope, now: Timestamp) -> Result<(), StoreError> {
    let mut note = journal::change_note(scope, now, scope.tenant().0);
    note.on_conflict(OnConflict::new().do_nothing().to_owned());
    tx.execute(&note).await.map_err(failure)?;
    Ok(())
}

async fn execute<const N: usize>(tx: &Transaction, sql: &str, values: [Value; N]) -> Result<u64, StoreError> {
    Ok(tx.execute_raw(statement(tx, sql, values)).await.map_err(failure)?.rows_affected())
}

fn statement<const N: usize>(tx: &Transaction, sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(tx.get_database_backend(), sql, values)
}
