//! Domains of e-mail addresses.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_domain")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub challenge: String,
    pub state: String,
    pub added_us: i64,
    pub checked_us: Option<i64>,
    pub verified_us: Option<i64>,
    pub missing_us: Option<i64>,
    pub due_us: Option<i64>,
    /// JSON.
    pub answer: Option<String>,
    pub connection_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
