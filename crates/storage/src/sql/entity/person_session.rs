//! Sessions of people.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person_id: Uuid,
    pub connection_id: Uuid,
    pub protocol: String,
    pub sso_key: String,
    pub authenticated_us: Option<i64>,
    pub name: Option<String>,
    pub idp_name: Option<String>,
    pub idp_session: Option<String>,
    /// The key of the ring that the digest was made under.
    pub key_id: String,
    pub digest: Vec<u8>,
    pub signed_in_us: i64,
    pub last_seen_us: i64,
    pub expires_us: i64,
    pub address: String,
    pub client: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
