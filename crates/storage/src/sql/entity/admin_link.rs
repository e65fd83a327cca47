//! Links that open something once.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub purpose: String,
    pub admin_id: Option<Uuid>,
    pub label: String,
    /// The key of the ring that the digest was made under.
    pub key_id: String,
    pub digest: Vec<u8>,
    pub created_us: i64,
    pub expires_us: i64,
    pub used_us: Option<i64>,
    pub revoked_us: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
