//! Records of tenants that were erased.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub erased_id: Uuid,
    pub slug: String,
    pub name: String,
    pub asked_by: String,
    pub begun_us: i64,
    pub ended_us: Option<i64>,
    /// JSON.
    pub rows: String,
    pub sha256: Option<String>,
    pub signer: Option<String>,
    pub signature: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
