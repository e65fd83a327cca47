//! Admin accounts, their sessions and their links (ADR 0030, 0031).

use sea_orm_migration::prelude::*;

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_admin"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), TABLES).await?;
        if postgres::is_meant(manager) {
            for (table, rights) in TENANT_RIGHTS {
                postgres::guard(manager, table, "tenant_id", rights).await?;
            }
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// What a tenant's own statements may do. Accounts and links stay: readers of the journal want to know whose they were.
const TENANT_RIGHTS: [(&str, &str); 4] = [
    (
        "admin",
        "SELECT, INSERT, UPDATE (email_key, role, password, second_step, second_step_key, second_step_us, \
         second_step_last, signed_in_us, refusals_us, removed_us)",
    ),
    ("admin_recovery_code", "SELECT, INSERT, DELETE"),
    ("admin_session", "SELECT, INSERT, UPDATE (last_seen_us), DELETE"),
    ("admin_link", "SELECT, INSERT, UPDATE (used_us, revoked_us)"),
];

const TABLES: &[&str] = &[
    // email_key is the folded address, and none once the account is removed, so that the address is free again. second_step is
    // encrypted under the key of the ring that second_step_key names; it counts once second_step_us says when it was confirmed.
    "CREATE TABLE admin (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        email text NOT NULL,
        email_key {key},
        name text NOT NULL,
        role text NOT NULL,
        password text,
        second_step {bytes},
        second_step_key text,
        second_step_us bigint,
        second_step_last bigint,
        created_us bigint NOT NULL,
        signed_in_us bigint,
        refusals_us bigint,
        removed_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX admin_email ON admin (tenant_id, email_key)",
    // Digests under a key that is derived from the account's second step, not from the ring.
    "CREATE TABLE admin_recovery_code (
        tenant_id {uuid} NOT NULL,
        admin_id {uuid} NOT NULL,
        digest {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, admin_id, digest),
        FOREIGN KEY (tenant_id, admin_id) REFERENCES admin (tenant_id, id)
    )",
    // Invitations and resets are for an account; setup links are for nobody and have a label.
    "CREATE TABLE admin_link (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        purpose text NOT NULL,
        admin_id {uuid},
        label text NOT NULL,
        key_id text NOT NULL,
        digest {bytes} NOT NULL,
        created_us bigint NOT NULL,
        expires_us bigint NOT NULL,
        used_us bigint,
        revoked_us bigint,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, admin_id) REFERENCES admin (tenant_id, id)
    )",
    "CREATE INDEX admin_link_purpose ON admin_link (tenant_id, purpose, created_us)",
    // Of an account or of a setup link.
    "CREATE TABLE admin_session (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        admin_id {uuid},
        link_id {uuid},
        key_id text NOT NULL,
        digest {bytes} NOT NULL,
        signed_in_us bigint NOT NULL,
        last_seen_us bigint NOT NULL,
        expires_us bigint NOT NULL,
        address text NOT NULL,
        client text,
        is_complete {flag} NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, admin_id) REFERENCES admin (tenant_id, id),
        FOREIGN KEY (tenant_id, link_id) REFERENCES admin_link (tenant_id, id)
    )",
    "CREATE INDEX admin_session_admin ON admin_session (tenant_id, admin_id)",
    "CREATE INDEX admin_session_link ON admin_session (tenant_id, link_id)",
];
