//! Sign-ins by single sign-on that are under way.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sso_attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub connection_id: Uuid,
    pub purpose: String,
    pub handle: Option<Vec<u8>>,
    pub browser: Option<Vec<u8>>,
    pub secret: Option<Vec<u8>>,
    pub setup_version: i64,
    pub return_to: String,
    pub admin_id: Option<Uuid>,
    pub begun_us: i64,
    pub expires_us: i64,
    pub answer: Option<String>,
    pub ticket: Option<Vec<u8>>,
    pub picked_up_us: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
