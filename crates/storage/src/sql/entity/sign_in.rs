//! The log of sign-ins by single sign-on.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at_us: i64,
    pub connection_id: Option<Uuid>,
    pub purpose: String,
    pub is_solicited: bool,
    pub cause: Option<String>,
    pub detail: String,
    pub person_id: Option<Uuid>,
    pub name: Option<String>,
    pub sso_key: Option<String>,
    pub address: String,
    pub client: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
