//! What people were told by mail, and mails that wait to be sent (ADR 0033, 0034).

use sea_orm_migration::prelude::*;

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_mail"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), TABLES).await?;
        if postgres::is_meant(manager) {
            postgres::guard(manager, "notice", "tenant_id", "SELECT, INSERT, UPDATE (well_us), DELETE").await?;
            // What waits to be sent is read by those who send it alone.
            postgres::guard(manager, "mail", "tenant_id", "INSERT").await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const TABLES: &[&str] = &[
    // One row for each reason that was told and is not over.
    "CREATE TABLE notice (
        tenant_id {uuid} NOT NULL,
        reason {key} NOT NULL,
        told_us bigint NOT NULL,
        well_us bigint,
        PRIMARY KEY (tenant_id, reason)
    ) {clustered}",
    // sealed and key_id are none once the mail has ended, and so is due_us; ended_us and how say how then.
    "CREATE TABLE mail (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        sealed {bytes},
        key_id text,
        queued_us bigint NOT NULL,
        due_us bigint,
        attempts int NOT NULL,
        ended_us bigint,
        how text,
        PRIMARY KEY (tenant_id, id)
    ) {clustered}",
    // Few wait at a time, so that whoever looks for those of all tenants reads the whole of these.
    "CREATE INDEX mail_due ON mail (tenant_id, due_us) WHERE due_us IS NOT NULL",
    "CREATE INDEX mail_ended ON mail (tenant_id, ended_us) WHERE ended_us IS NOT NULL",
];
