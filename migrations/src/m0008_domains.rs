//! The domains of a tenant's e-mail addresses (ADR 0038).

use sea_orm_migration::prelude::*;

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0008_domains"
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
        postgres::guard(manager, "email_domain", "tenant_id", TENANT_RIGHTS).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A version before this one makes tenants without these.
const CHOICES: &[&str] = &[
    "ALTER TABLE tenant ADD COLUMN domain_policy text NOT NULL DEFAULT 'warn'",
    // What makes the values of the tenant's records; none before its first domain.
    "ALTER TABLE tenant ADD COLUMN domain_seed {bytes}",
    // Whether people have to sign in by a connection.
];

const TABLES: &[&str] = &[
    // connection_id: by which connection the people of the domain sign in. answer is JSON.
    "CREATE TABLE email_domain (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        name {key} NOT NULL,
        challenge text NOT NULL,
        state text NOT NULL,
        added_us bigint NOT NULL,
        checked_us bigint,
        verified_us bigint,
        missing_us bigint,
        due_us bigint,
        answer text,
        connection_id {uuid},
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX email_domain_name ON email_domain (tenant_id, name)",
    // A verified domain is one tenant's in the whole installation, and leads to it.
    "CREATE UNIQUE INDEX email_domain_verified ON email_domain (name) WHERE state = 'verified'",
    "CREATE INDEX email_domain_due ON email_domain (tenant_id, due_us) WHERE due_us IS NOT NULL",
];

const TENANT_RIGHTS: &str = "SELECT, INSERT, DELETE, UPDATE (state, checked_us, verified_us, missing_us, due_us, answer, \
     connection_id)";

const RIGHTS: &[&str] = &["GRANT UPDATE (domain_policy, domain_seed) ON tenant TO rollcall_tenant"];
