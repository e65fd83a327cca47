//! Single sign-on: connections and their keys, sign-ins under way, people's sessions, and the log of sign-ins (ADR 0040).

use sea_orm_migration::prelude::*;

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_sso"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), COLUMNS).await?;
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

/// A version before this one writes rows without these.
const COLUMNS: &[&str] = &[
    // Whether admins may sign in with passwords.
    "ALTER TABLE tenant ADD COLUMN admin_passwords {flag} NOT NULL DEFAULT TRUE",
    // Who an admin is at an identity provider.
    "ALTER TABLE admin ADD COLUMN sso_connection_id {uuid}",
    "ALTER TABLE admin ADD COLUMN sso_key {key}",
    // An owner who may always sign in with a password, and when any account last did.
    "ALTER TABLE admin ADD COLUMN break_glass {flag} NOT NULL DEFAULT FALSE",
    "ALTER TABLE admin ADD COLUMN password_us bigint",
    // Until now every sign-in took a password.
    "UPDATE admin SET password_us = signed_in_us",
    // Of sessions that began by single sign-on: by which connection, and whose sign-in it was.
    "ALTER TABLE admin_session ADD COLUMN connection_id {uuid}",
    "ALTER TABLE admin_session ADD COLUMN person_id {uuid}",
    "CREATE UNIQUE INDEX admin_sso ON admin (tenant_id, sso_connection_id, sso_key)",
    "CREATE INDEX admin_session_person ON admin_session (tenant_id, person_id)",
    "CREATE INDEX admin_session_connection ON admin_session (tenant_id, connection_id)",
];

const TABLES: &[&str] = &[
    // setup is JSON: what its admins chose that is the protocol's, and what the identity provider publishes. secret is an OpenID
    // Connect client's, encrypted under the key of the ring that secret_key names.
    "CREATE TABLE sso_connection (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        name text NOT NULL,
        setup text NOT NULL,
        identity text NOT NULL,
        idp_initiated {flag} NOT NULL,
        return_addresses text NOT NULL,
        creates_people {flag} NOT NULL,
        setup_version bigint NOT NULL,
        version bigint NOT NULL,
        switch text NOT NULL,
        secret {bytes},
        secret_key text,
        read_us bigint,
        tried_us bigint,
        read_fault text,
        tested_us bigint,
        tested_version bigint,
        tested_person text,
        test_failed_us bigint,
        activated_us bigint,
        created_us bigint NOT NULL,
        changed_us bigint NOT NULL,
        changed_kind text NOT NULL,
        changed_name text,
        PRIMARY KEY (tenant_id, id)
    )",
    // The tenant's own keys: PKCS#8 in PEM, encrypted, and a certificate.
    "CREATE TABLE sso_key (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        private {bytes} NOT NULL,
        private_key text NOT NULL,
        certificate text NOT NULL,
        created_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    // Digests but for what is encrypted. answer is JSON.
    "CREATE TABLE sso_attempt (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        purpose text NOT NULL,
        handle {bytes},
        browser {bytes},
        secret {bytes},
        setup_version bigint NOT NULL,
        return_to text NOT NULL,
        admin_id {uuid},
        begun_us bigint NOT NULL,
        expires_us bigint NOT NULL,
        answer text,
        ticket {bytes},
        picked_up_us bigint,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE UNIQUE INDEX sso_attempt_handle ON sso_attempt (tenant_id, handle)",
    "CREATE UNIQUE INDEX sso_attempt_ticket ON sso_attempt (tenant_id, ticket)",
    "CREATE INDEX sso_attempt_connection ON sso_attempt (tenant_id, connection_id)",
    "CREATE INDEX sso_attempt_end ON sso_attempt (tenant_id, expires_us)",
    // Each assertion is used once.
    "CREATE TABLE sso_assertion (
        tenant_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        digest {bytes} NOT NULL,
        until_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, connection_id, digest)
    )",
    "CREATE INDEX sso_assertion_end ON sso_assertion (tenant_id, until_us)",
    // name is JSON: the name identifier of SAML. idp_name and idp_session are what the identity provider ends sessions by.
    "CREATE TABLE person_session (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        person_id {uuid} NOT NULL,
        connection_id {uuid} NOT NULL,
        protocol text NOT NULL,
        sso_key text NOT NULL,
        authenticated_us bigint,
        name text,
        idp_name {key},
        idp_session text,
        key_id text NOT NULL,
        digest {bytes} NOT NULL,
        signed_in_us bigint NOT NULL,
        last_seen_us bigint NOT NULL,
        expires_us bigint NOT NULL,
        address text NOT NULL,
        client text,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE INDEX person_session_person ON person_session (tenant_id, person_id)",
    "CREATE INDEX person_session_end ON person_session (tenant_id, expires_us)",
    "CREATE INDEX person_session_name ON person_session (tenant_id, connection_id, idp_name)",
    "CREATE TABLE sign_in (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        at_us bigint NOT NULL,
        connection_id {uuid},
        purpose text NOT NULL,
        is_solicited {flag} NOT NULL,
        cause text,
        detail text NOT NULL,
        person_id {uuid},
        name {key},
        sso_key text,
        address text NOT NULL,
        client text,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE INDEX sign_in_at ON sign_in (tenant_id, at_us)",
    "CREATE INDEX sign_in_connection ON sign_in (tenant_id, connection_id, at_us)",
    "CREATE INDEX sign_in_person ON sign_in (tenant_id, person_id, id)",
    "CREATE INDEX sign_in_stranger ON sign_in (tenant_id, connection_id, name) WHERE cause = 'person_unknown'",
];

const TENANT_RIGHTS: [(&str, &str); 6] = [
    ("sso_connection", "SELECT, INSERT, UPDATE, DELETE"),
    ("sso_key", "SELECT, INSERT, DELETE"),
    ("sso_attempt", "SELECT, INSERT, UPDATE (secret, answer, ticket, expires_us, picked_up_us), DELETE"),
    ("sso_assertion", "SELECT, INSERT, DELETE"),
    ("person_session", "SELECT, INSERT, UPDATE (last_seen_us), DELETE"),
    ("sign_in", "SELECT, INSERT, UPDATE (name, sso_key, detail)"),
];

const RIGHTS: &[&str] = &[
    "GRANT UPDATE (admin_passwords) ON tenant TO rollcall_tenant",
    "GRANT UPDATE (sso_connection_id, sso_key, break_glass, password_us) ON admin TO rollcall_tenant",
];
