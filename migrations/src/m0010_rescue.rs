//! Records of tenants that were erased, and how far the journal was emptied of old values (ADR 0044).

use sea_orm_migration::prelude::*;

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0010_rescue"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), TABLES).await?;
        match postgres::is_meant(manager) {
            true => crate::run(manager.get_connection(), RIGHTS).await,
            false => Ok(()),
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const TABLES: &[&str] = &[
    // All that is kept of a tenant that was erased. It belongs to the installation. rows is JSON: how many of each table.
    "CREATE TABLE erasure (
        id {uuid} PRIMARY KEY,
        erased_id {uuid} NOT NULL,
        slug text NOT NULL,
        name text NOT NULL,
        asked_by text NOT NULL,
        begun_us bigint NOT NULL,
        ended_us bigint,
        rows text NOT NULL,
        sha256 text,
        signer text,
        signature text
    )",
    // Nobody begins what is under way.
    "CREATE UNIQUE INDEX erasure_open ON erasure (erased_id) WHERE ended_us IS NULL",
    // Up to which number the values of facts are gone because they were old.
    "ALTER TABLE journal_head ADD COLUMN emptied bigint NOT NULL DEFAULT 0",
];

const RIGHTS: &[&str] = &[
    "GRANT SELECT, INSERT, UPDATE (ended_us, rows, sha256, signer, signature) ON erasure TO rollcall_operator",
    // An entry about somebody who is erased says nothing more of the person.
    "GRANT UPDATE (address, client) ON sign_in TO rollcall_tenant",
];
