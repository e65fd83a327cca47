//! Whom changes were about, and how the latest one of each ended.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity_target")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub target: String,
    pub kind: String,
    pub first_us: i64,
    pub last_us: i64,
    pub done_us: Option<i64>,
    pub failing_since_us: Option<i64>,
    pub tries: i64,
    pub cause: Option<String>,
    pub is_reference: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
