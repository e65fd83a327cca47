//! Jobs: work on many resources of a tenant.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub state: String,
    pub total: i64,
    pub done: i64,
    pub failed: i64,
    pub position: Uuid,
    pub asked_kind: String,
    pub asked_id: Option<String>,
    pub asked_name: Option<String>,
    pub request_id: String,
    pub created_us: i64,
    pub ended_us: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
