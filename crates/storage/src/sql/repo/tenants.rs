//! Tenants, and what the installation as a whole keeps.

use std::sync::Arc;

use async_trait::async_trait;
use domain::admission::{Admission, TenantChange};
use domain::choices::Choices;
use domain::context::OpContext;
use domain::directory::{Kind, ResourceTypes};
use domain::email_domain::{DomainPolicy, TenantDomains};
use domain::ids::TenantId;
use domain::limit::LimitOverrides;
use domain::store::{StoreError, TenantSettings, Tenants};
use domain::tenant::{DirectoryRules, ProvisioningState, Tenant, TenantSlug, TenantStatus};
use domain::timestamp::Timestamp;
use domain::value_index::{IndexState, ValueIndex};
use scim_protocol::declaration::Declaration;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Value,
};
use uuid::Uuid;

use super::{choices, corrupt, credentials, domains, moment};
use crate::sql::dialect;
use crate::sql::entity::{declaration, password, resource, tenant, tenant_change, value_index};
use crate::sql::error::{failure, taken};
use crate::sql::scope::Door;
use crate::sql::store::{OperatorSession, Session};
use crate::sql::tenant_data;
use crate::transaction::Transaction;

#[expect(clippy::disallowed_methods, reason = "the list of tenants belongs to no tenant")]
fn all_tenants() -> sea_orm::Select<tenant::Entity> {
    tenant::Entity::find()
}

/// The row of a tenant itself.
pub fn one(door: Door) -> sea_orm::Select<tenant::Entity> {
    all_tenants().filter(tenant::Column::Id.eq(door.tenant()))
}

/// A tenant, its indexes, its domains and its credentials.
pub async fn find_admission<C: ConnectionTrait>(conn: &C, slug: &TenantSlug) -> Result<Option<Admission>, StoreError> {
    let row = all_tenants().filter(tenant::Column::Slug.eq(slug.as_str())).one(conn).await.map_err(failure)?;
    let Some(row) = row else { return Ok(None) };
    let mut tenant = read(row)?;
    let door = Door::of(&tenant.scope());
    tenant.indexes = indexes(conn, door).await?;
    tenant.types = types(declarations(conn, door).await?);
    tenant.domains = domains::of_tenant(conn, door, tenant.domains.policy).await?;
    let (credentials, secrets) = credentials::questions(door);
    let secrets = secrets.all(conn).await.map_err(failure)?;
    let credentials = credentials::together(credentials.all(conn).await.map_err(failure)?, secrets)?;
    Ok(Some(Admission { tenant, credentials }))
}

/// What a tenant has declared, in the order in which it did.
async fn declarations<C: ConnectionTrait>(conn: &C, door: Door) -> Result<Vec<Declaration>, StoreError> {
    let rows = door.select::<declaration::Entity>().order_by_asc(declaration::Column::DeclaredUs);
    let rows = rows.order_by_asc(declaration::Column::Name).all(conn).await.map_err(failure)?;
    rows.into_iter().map(|row| serde_json::from_str(&row.body).map_err(corrupt)).collect()
}

fn types(declared: Vec<Declaration>) -> Arc<ResourceTypes> {
    let standard = ResourceTypes::standard();
    match declared.is_empty() {
        true => standard,
        false => Arc::new(standard.with_those_that_fit(declared)),
    }
}

/// The indexes that a tenant has of its own.
pub async fn indexes<C: ConnectionTrait>(conn: &C, door: Door) -> Result<Arc<[ValueIndex]>, StoreError> {
    let indexes = door.select::<value_index::Entity>().order_by_asc(value_index::Column::Path).all(conn);
    indexes.await.map_err(failure)?.into_iter().map(read_index).collect()
}

pub fn read_index(row: value_index::Model) -> Result<ValueIndex, StoreError> {
    let state = IndexState::named(&row.state).ok_or_else(|| corrupt("value_index.state"))?;
    Ok(ValueIndex { kind: Kind::named(&row.kind), path: row.path, state })
}

/// The notes since then, with the tenants' names. Tenants that are gone have the names they had.
#[expect(clippy::disallowed_methods, reason = "the notes are about all tenants")]
pub async fn changes<C: ConnectionTrait>(conn: &C, since: Timestamp) -> Result<Vec<TenantChange>, StoreError> {
    let notes = tenant_change::Entity::find().filter(tenant_change::Column::AtUs.gt(since.as_micros()));
    let notes = notes.all(conn).await.map_err(failure)?;
    let change = |note: tenant_change::Model| {
        let slug = note.slug.parse().map_err(corrupt)?;
        Ok(TenantChange { at: moment(note.at_us), id: note.id, slug })
    };
    notes.into_iter().map(change).collect()
}

fn read(row: tenant::Model) -> Result<Tenant, StoreError> {
    let policy = DomainPolicy::named(&row.domain_policy).ok_or_else(|| corrupt("tenant.domain_policy"))?;
    Ok(Tenant {
        choices: choices::read(&row)?,
        id: TenantId(row.id),
        slug: row.slug.parse().map_err(corrupt)?,
        name: row.name,
        status: TenantStatus::named(&row.status).ok_or_else(|| corrupt("tenant.status"))?,
        provisioning: ProvisioningState::named(&row.provisioning).ok_or_else(|| corrupt("tenant.provisioning"))?,
        rules: DirectoryRules {
            unique_group_names: row.unique_group_names,
            strict: row.strict,
            discards_passwords: row.discards_passwords,
        },
        limits: row.limits.as_deref().map_or(Ok(LimitOverrides::default()), serde_json::from_str).map_err(corrupt)?,
        indexes: Arc::default(),
        types: ResourceTypes::standard(),
        admin_passwords: row.admin_passwords,
        domains: Arc::new(TenantDomains { policy, verified: Vec::new() }),
        created: moment(row.created_us),
    })
}

#[async_trait]
impl TenantSettings for Session<Transaction> {
    async fn lock_tenant(&mut self) -> Result<Option<Tenant>, StoreError> {
        let row = one(self.door).lock_exclusive().one(&self.line).await.map_err(failure)?;
        let Some(row) = row else { return Ok(None) };
        let types = types(declarations(&self.line, self.door).await?);
        let tenant = read(row)?;
        let domains = domains::of_tenant(&self.line, self.door, tenant.domains.policy).await?;
        Ok(Some(Tenant { indexes: self.scope.all_indexes(), types, domains, ..tenant }))
    }

    async fn declarations(&mut self) -> Result<Vec<Declaration>, StoreError> {
        declarations(&self.line, self.door).await
    }

    async fn declare(&mut self, declared: &Declaration, now: Timestamp) -> Result<(), StoreError> {
        // After all others, whatever the clocks of those who declared them say.
        let last = self.door.select::<declaration::Entity>().order_by_desc(declaration::Column::DeclaredUs);
        let last = last.one(&self.line).await.map_err(failure)?.map_or(i64::MIN, |last| last.declared_us);
        let row = declaration::ActiveModel {
            tenant_id: NotSet,
            name: Set(declared.name().to_owned()),
            body: Set(serde_json::to_string(declared).map_err(corrupt)?),
            declared_us: Set(now.as_micros().max(last.saturating_add(1))),
        };
        let insert = self.door.insert::<declaration::Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn withdraw(&mut self, name: &str) -> Result<(), StoreError> {
        let delete = self.door.delete::<declaration::Entity>().filter(declaration::Column::Name.eq(name));
        delete.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn count_holding(&mut self, kind: &Kind, urn: Option<&str>) -> Result<u64, StoreError> {
        let backend = self.line.get_database_backend();
        let holds = |urn| dialect::contains(backend, resource::Column::Doc.into_expr(), &format!("\"{urn}\":"));
        let counted = match urn {
            None => self.of_kind(kind),
            Some(urn) => self.of_kind(kind).filter(holds(urn)),
        };
        counted.count(&self.line).await.map_err(failure)
    }

    async fn set_rules(&mut self, rules: DirectoryRules) -> Result<(), StoreError> {
        for (column, value) in
            [(tenant::Column::Strict, rules.strict), (tenant::Column::DiscardsPasswords, rules.discards_passwords)]
        {
            set(&self.line, self.door.tenant(), column, value).await?;
        }
        if rules.discards_passwords {
            self.door.delete::<password::Entity>().exec(&self.line).await.map_err(failure)?;
        }
        Ok(())
    }

    async fn set_limits(&mut self, limits: &LimitOverrides) -> Result<(), StoreError> {
        let own = (*limits != LimitOverrides::default()).then(|| serde_json::to_string(limits).map_err(corrupt));
        set(&self.line, self.door.tenant(), tenant::Column::Limits, own.transpose()?).await
    }

    async fn set_admin_passwords(&mut self, are_on: bool) -> Result<(), StoreError> {
        set(&self.line, self.door.tenant(), tenant::Column::AdminPasswords, are_on).await
    }

    async fn set_choices(&mut self, state: ProvisioningState, chosen: &Choices) -> Result<(), StoreError> {
        let mut columns = choices::columns(chosen)?;
        columns.push((tenant::Column::Provisioning, state.as_str().into()));
        set_all(&self.line, self.door.tenant(), columns).await
    }
}

pub async fn set(
    conn: &Transaction,
    id: Uuid,
    column: tenant::Column,
    value: impl Into<Value>,
) -> Result<(), StoreError> {
    set_all(conn, id, vec![(column, value.into())]).await
}

#[expect(clippy::disallowed_methods, reason = "the list of tenants belongs to no tenant")]
async fn set_all(conn: &Transaction, id: Uuid, columns: Vec<(tenant::Column, Value)>) -> Result<(), StoreError> {
    let mut update = tenant::Entity::update_many().filter(tenant::Column::Id.eq(id));
    for (column, value) in columns {
        update = update.col_expr(column, Expr::value(value));
    }
    update.exec(conn).await.map_err(failure)?;
    Ok(())
}

#[async_trait]
impl Tenants for OperatorSession {
    #[expect(clippy::disallowed_methods, reason = "the list of tenants belongs to no tenant")]
    async fn insert_tenant(&mut self, new: &Tenant) -> Result<(), StoreError> {
        let row = tenant::ActiveModel {
            id: Set(new.id.0),
            slug: Set(new.slug.to_string()),
            name: Set(new.name.clone()),
            status: Set(new.status.as_str().to_owned()),
            provisioning: Set(new.provisioning.as_str().to_owned()),
            unique_group_names: Set(new.rules.unique_group_names),
            strict: Set(new.rules.strict),
            discards_passwords: Set(new.rules.discards_passwords),
            limits: Set(None),
            created_us: Set(new.created.as_micros()),
            ..ActiveModelTrait::default()
        };
        let insert = tenant::Entity::insert(row).exec_without_returning(&self.conn).await;
        insert.map(drop).map_err(|error| taken(error, &format!("the tenant name \"{}\"", new.slug)))
    }

    async fn list_tenants(&mut self) -> Result<Vec<Tenant>, StoreError> {
        let rows = all_tenants().order_by_asc(tenant::Column::Slug).all(&self.conn).await.map_err(failure)?;
        rows.into_iter().map(read).collect()
    }

    async fn set_status(&mut self, id: TenantId, status: TenantStatus) -> Result<(), StoreError> {
        set(&self.conn, id.0, tenant::Column::Status, status.as_str()).await
    }

    #[expect(clippy::disallowed_methods, reason = "the list of tenants belongs to no tenant")]
    async fn delete_tenant(&mut self, cx: &OpContext) -> Result<(), StoreError> {
        let id = cx.scope.tenant();
        tenant_data::delete_all(&self.conn, id).await?;
        let note = super::journal::change_note(&cx.scope, cx.now, id.0);
        self.conn.execute(&note).await.map_err(failure)?;
        Ok(())
    }
}
