//! By which rules a tenant's people get their roles in the vendor's product (ADR 0039).

use sea_orm_migration::prelude::*;

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0009_roles"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), TABLES).await?;
        if postgres::is_meant(manager) {
            postgres::guard(manager, "role_rules", "tenant_id", TENANT_RIGHTS).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const TENANT_RIGHTS: &str = "SELECT, INSERT, UPDATE (version, rules, fallback, changed_us, changed_kind, changed_name)";

const TABLES: &[&str] = &[
    // One row for a tenant that has ever saved any. Rules are a JSON array in their order: they are read and written as a
    // whole, so that nobody sees some of one version with a fallback of another.
    "CREATE TABLE role_rules (
        tenant_id {uuid} PRIMARY KEY,
        version bigint NOT NULL,
        rules text NOT NULL,
        fallback text,
        changed_us bigint NOT NULL,
        changed_kind text NOT NULL,
        changed_name text
    )",
];
