//! Links to identity providers.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sso_connection")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub setup: String,
    pub identity: String,
    pub idp_initiated: bool,
    pub return_addresses: String,
    pub creates_people: bool,
    pub setup_version: i64,
    pub version: i64,
    pub switch: String,
    pub secret: Option<Vec<u8>>,
    /// The key of the ring that the secret is encrypted under.
    pub secret_key: Option<String>,
    pub read_us: Option<i64>,
    pub tried_us: Option<i64>,
    pub read_fault: Option<String>,
    pub tested_us: Option<i64>,
    pub tested_version: Option<i64>,
    pub tested_person: Option<String>,
    pub test_failed_us: Option<i64>,
    pub activated_us: Option<i64>,
    pub created_us: i64,
    pub changed_us: i64,
    pub changed_kind: String,
    pub changed_name: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
