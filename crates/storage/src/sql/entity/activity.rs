//! Rows of the activity log.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at_us: i64,
    pub took_us: i64,
    pub request_id: String,
    pub credential_id: Option<Uuid>,
    pub credential_label: Option<String>,
    pub client: Option<String>,
    pub provider: String,
    pub method: String,
    pub path: String,
    pub action: String,
    pub first_number: i64,
    pub second_number: i64,
    pub who_id: Option<Uuid>,
    pub who_name: Option<String>,
    pub target_kind: Option<String>,
    pub target_id: Option<Uuid>,
    pub target_name: Option<String>,
    pub outcome: String,
    pub status: i32,
    pub cause: Option<String>,
    pub times: i64,
    pub address: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
