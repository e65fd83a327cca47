//! Tenants, and what the installation as a whole keeps.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::store::{StoreError, TenantSettings, Tenants};
use domain::tenant::{DirectoryRules, ProvisioningState, Tenant, TenantSlug, TenantStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::{corrupt, moment};
use crate::sql::entity::{
    fact, fact_payload, installation, member, provisioning_token, resource, resource_value, tenant,
};
use crate::sql::error::{failure, taken};
use crate::sql::scope::TenantOwned;
use crate::sql::store::{Installation, OperatorSession, Session};

#[expect(clippy::disallowed_methods, reason = "the list of tenants belongs to no tenant")]
fn all_tenants() -> sea_orm::Select<tenant::Entity> {
    tenant::Entity::find()
}

pub async fn find_by_slug<C: ConnectionTrait>(conn: &C, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError> {
    let row = all_tenants().filter(tenant::Column::Slug.eq(slug.as_str())).one(conn).await.map_err(failure)?;
    row.map(read).transpose()
}

#[expect(clippy::disallowed_methods, reason = "the installation's own row belongs to no tenant")]
pub async fn installation<C: ConnectionTrait>(conn: &C) -> Result<Installation, StoreError> {
    let row = installation::Entity::find_by_id(1).one(conn).await.map_err(failure)?;
    let row = row.ok_or_else(|| StoreError::Internal("the installation has no row of its own".to_owned()))?;
    let token_key = row.token_key.try_into().map_err(|_| corrupt("installation.token_key"))?;
    Ok(Installation { token_key })
}

fn read(row: tenant::Model) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: TenantId(row.id),
        slug: row.slug.parse().map_err(corrupt)?,
        name: row.name,
        status: TenantStatus::named(&row.status).ok_or_else(|| corrupt("tenant.status"))?,
        provisioning: ProvisioningState::named(&row.provisioning).ok_or_else(|| corrupt("tenant.provisioning"))?,
        rules: DirectoryRules { unique_group_names: row.unique_group_names },
        created: moment(row.created_us),
    })
}

#[async_trait]
impl TenantSettings for Session<DatabaseTransaction> {
    async fn lock_tenant(&mut self) -> Result<Option<Tenant>, StoreError> {
        let query = all_tenants().filter(tenant::Column::Id.eq(self.door.tenant())).lock_exclusive();
        query.one(&self.conn).await.map_err(failure)?.map(read).transpose()
    }

    async fn set_provisioning(&mut self, state: ProvisioningState) -> Result<(), StoreError> {
        set(&self.conn, self.door.tenant(), tenant::Column::Provisioning, state.as_str()).await
    }
}

#[expect(clippy::disallowed_methods, reason = "the list of tenants belongs to no tenant")]
async fn set(conn: &DatabaseTransaction, id: Uuid, column: tenant::Column, value: &str) -> Result<(), StoreError> {
    let update = tenant::Entity::update_many().col_expr(column, Expr::value(value)).filter(tenant::Column::Id.eq(id));
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
            created_us: Set(new.created.as_micros()),
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
    async fn delete_tenant(&mut self, id: TenantId) -> Result<(), StoreError> {
        self.empty::<member::Entity>(id).await?;
        self.empty::<resource_value::Entity>(id).await?;
        self.empty::<resource::Entity>(id).await?;
        self.empty::<provisioning_token::Entity>(id).await?;
        self.empty::<fact_payload::Entity>(id).await?;
        self.empty::<fact::Entity>(id).await?;
        tenant::Entity::delete_by_id(id.0).exec(&self.conn).await.map_err(failure)?;
        Ok(())
    }
}

impl OperatorSession {
    #[expect(clippy::disallowed_methods, reason = "an operator may clear what belonged to any tenant")]
    async fn empty<E: TenantOwned>(&self, id: TenantId) -> Result<(), StoreError> {
        E::delete_many().filter(E::TENANT.eq(id.0)).exec(&self.conn).await.map_err(failure)?;
        Ok(())
    }
}
