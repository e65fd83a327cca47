//! What a tenant's admins choose: who is told, how long the log is kept, what becomes of people when provisioning is
//! switched off; the jobs that carry it out; and the keys by which a request that comes twice is known.

use sea_orm_migration::prelude::*;

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_settings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), CHOICES).await?;
        crate::run(manager.get_connection(), TABLES).await?;
        if !postgres::is_meant(manager) {
            return Ok(());
        }
        crate::run(manager.get_connection(), RIGHTS).await?;
        for (table, rights) in TENANT_RIGHTS {
            postgres::guard(manager, table, "tenant_id", rights).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A version before this one makes tenants without these.
const CHOICES: &[&str] = &[
    "ALTER TABLE tenant ADD COLUMN choices_version bigint NOT NULL DEFAULT 0",
    "ALTER TABLE tenant ADD COLUMN provider text NOT NULL DEFAULT 'entra'",
    "ALTER TABLE tenant ADD COLUMN log_retention_days integer NOT NULL DEFAULT 30",
    // A JSON array.
    "ALTER TABLE tenant ADD COLUMN notify text NOT NULL DEFAULT '[]'",
    // Who changed something last, and who switched provisioning last.
    "ALTER TABLE tenant ADD COLUMN changed_us bigint",
    "ALTER TABLE tenant ADD COLUMN changed_kind text",
    "ALTER TABLE tenant ADD COLUMN changed_name text",
    "ALTER TABLE tenant ADD COLUMN switched_us bigint",
    "ALTER TABLE tenant ADD COLUMN switched_kind text",
    "ALTER TABLE tenant ADD COLUMN switched_name text",
    // While provisioning is off: what was decided about people, and how many there were.
    "ALTER TABLE tenant ADD COLUMN off_people text",
    "ALTER TABLE tenant ADD COLUMN off_active bigint",
    "ALTER TABLE tenant ADD COLUMN off_inactive bigint",
    // Steps of the set-up guide that were ticked by hand; a JSON array.
    "ALTER TABLE tenant ADD COLUMN guide_ticks text NOT NULL DEFAULT '[]'",
    // Who made a credential.
    "ALTER TABLE credential ADD COLUMN created_kind text",
    "ALTER TABLE credential ADD COLUMN created_name text",
];

const TABLES: &[&str] = &[
    // Position is the last resource that was looked at, all zeros before the first.
    "CREATE TABLE job (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        kind text NOT NULL,
        state text NOT NULL,
        total bigint NOT NULL,
        done bigint NOT NULL,
        failed bigint NOT NULL,
        position {uuid} NOT NULL,
        asked_kind text NOT NULL,
        asked_id text,
        asked_name text,
        request_id text NOT NULL,
        created_us bigint NOT NULL,
        ended_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE INDEX job_running ON job (tenant_id, id) WHERE state = 'running'",
    // Rows of a day.
    "CREATE TABLE request_key (
        tenant_id {uuid} NOT NULL,
        key {key} NOT NULL,
        credential_id {uuid},
        made_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, key)
    )",
];

const TENANT_RIGHTS: [(&str, &str); 2] =
    [("job", "SELECT, INSERT, UPDATE (state, done, failed, position, ended_us)"), ("request_key", "SELECT, INSERT")];

const RIGHTS: &[&str] =
    &["GRANT UPDATE (choices_version, provider, log_retention_days, notify, changed_us, changed_kind,
        changed_name, switched_us, switched_kind, switched_name, off_people, off_active, off_inactive, guide_ticks)
     ON tenant TO rollcall_tenant"];
