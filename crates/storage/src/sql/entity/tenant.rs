//! Tenants; the one table that is not tenant-owned.

use sea_orm::entity::prelude::*;

#[expect(clippy::struct_excessive_bools, reason = "a row has the columns that it has")]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: String,
    pub provisioning: String,
    pub unique_group_names: bool,
    pub strict: bool,
    pub discards_passwords: bool,
    /// What it may spend, where that is not what everybody may.
    pub limits: Option<String>,
    pub created_us: i64,
    pub choices_version: i64,
    pub provider: String,
    pub log_retention_days: i32,
    pub notify: String,
    pub changed_us: Option<i64>,
    pub changed_kind: Option<String>,
    pub changed_name: Option<String>,
    pub switched_us: Option<i64>,
    pub switched_kind: Option<String>,
    pub switched_name: Option<String>,
    pub off_people: Option<String>,
    pub off_active: Option<i64>,
    pub off_inactive: Option<i64>,
    pub guide_ticks: String,
    pub admin_passwords: bool,
    pub domain_policy: String,
    pub domain_seed: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
