//! Facts that wait for their number, on PostgreSQL.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fact_ticket")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket: i64,
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub at_us: i64,
    pub what: String,
    pub subject_kind: String,
    pub subject_id: Option<Uuid>,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub request_id: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
