//! Admin accounts of the settings UI.

use sea_orm::entity::prelude::*;

use crate::sql::scope::TenantOwned;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    /// None once the account is removed.
    pub email_key: Option<String>,
    pub name: String,
    pub role: String,
    pub password: Option<String>,
    pub second_step: Option<Vec<u8>>,
    /// The key of the ring that the secret of the second step is encrypted with.
    pub second_step_key: Option<String>,
    /// When the second step was confirmed.
    pub second_step_us: Option<i64>,
    /// The latest step of time whose code was used.
    pub second_step_last: Option<i64>,
    pub created_us: i64,
    pub signed_in_us: Option<i64>,
    /// When refused sign-ins were last told.
    pub refusals_us: Option<i64>,
    pub removed_us: Option<i64>,
    pub sso_connection_id: Option<Uuid>,
    pub sso_key: Option<String>,
    pub break_glass: bool,
    /// When it last signed in with its password.
    pub password_us: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
}
