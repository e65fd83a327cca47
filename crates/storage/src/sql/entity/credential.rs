//! Credentials of identity providers, without their secrets.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credential")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub label: String,
    pub scopes: String,
    /// How long access tokens of a client are good.
    pub access_minutes: Option<i32>,
    pub created_us: i64,
    pub revoked_us: Option<i64>,
    pub last_used_us: Option<i64>,
    pub last_client: Option<String>,
    pub created_kind: Option<String>,
    pub created_name: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
