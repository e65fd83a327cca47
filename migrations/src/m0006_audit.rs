//! What people and the server itself did, found among the changes of identity providers, which are very many.

use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_audit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), INDEXES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// It costs an identity provider's changes nothing: they are not in it.
const INDEXES: &[&str] = &["CREATE INDEX fact_not_by_provider ON fact (tenant_id, number)
     WHERE actor_kind NOT IN ('token', 'client')"];
