//! Sessions of the settings UI.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub admin_id: Option<Uuid>,
    pub link_id: Option<Uuid>,
    /// The key of the ring that the digest was made under.
    pub key_id: String,
    pub digest: Vec<u8>,
    pub signed_in_us: i64,
    pub last_seen_us: i64,
    pub expires_us: i64,
    pub address: String,
    pub client: Option<String>,
    pub is_complete: bool,
    /// By what single sign-on it began.
    pub connection_id: Option<Uuid>,
    /// Whose sign-in it began with, if the directory knows them.
    pub person_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
