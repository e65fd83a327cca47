//! Tenants, their tokens, their directory and their journal.
//!
//! Every tenant-owned table starts its primary key and every index with `tenant_id`, so that it can be partitioned or
//! distributed by tenant (product.md). Users, groups and custom types share `resource` (decisions.md 3).

use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_directory"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, STATEMENTS).await
    }

    /// A half-made schema must not stay behind on SQLite either.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: &[&str] = &[
    "CREATE TABLE installation (
        id integer PRIMARY KEY,
        token_key {bytes} NOT NULL,
        created_us bigint NOT NULL
    )",
    "CREATE TABLE tenant (
        id {uuid} PRIMARY KEY,
        slug {key} NOT NULL,
        name text NOT NULL,
        status text NOT NULL,
        provisioning text NOT NULL,
        unique_group_names {flag} NOT NULL,
        created_us bigint NOT NULL
    )",
    "CREATE UNIQUE INDEX tenant_slug ON tenant (slug)",
    "CREATE TABLE provisioning_token (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        label text NOT NULL,
        digest {bytes} NOT NULL,
        last_four text NOT NULL,
        created_us bigint NOT NULL,
        expires_us bigint,
        revoked_us bigint,
        last_used_us bigint,
        last_client text,
        PRIMARY KEY (tenant_id, id)
    )",
    // unique_key, external_key and display_key are index keys, see storage::sql::key; display is for people.
    "CREATE TABLE resource (
        tenant_id {uuid} NOT NULL,
        kind {key} NOT NULL,
        id {uuid} NOT NULL,
        unique_key {key},
        external_key {key},
        display_key {key},
        display text,
        version bigint NOT NULL,
        created_us bigint NOT NULL,
        modified_us bigint NOT NULL,
        doc text NOT NULL,
        PRIMARY KEY (tenant_id, kind, id)
    )",
    "CREATE UNIQUE INDEX resource_unique_key ON resource (tenant_id, kind, unique_key)",
    "CREATE INDEX resource_external_key ON resource (tenant_id, kind, external_key)",
    "CREATE INDEX resource_display_key ON resource (tenant_id, kind, display_key)",
    "CREATE INDEX resource_modified ON resource (tenant_id, kind, modified_us, id)",
    // The side table: one row a searchable value of a multi-valued attribute.
    "CREATE TABLE resource_value (
        tenant_id {uuid} NOT NULL,
        kind {key} NOT NULL,
        resource_id {uuid} NOT NULL,
        path {key} NOT NULL,
        element integer NOT NULL,
        key {key} NOT NULL,
        PRIMARY KEY (tenant_id, kind, resource_id, path, element)
    ) {clustered}",
    "CREATE INDEX resource_value_key ON resource_value (tenant_id, kind, path, key, resource_id)",
    // The foreign key is the last word on members that exist, also when a user goes while being added.
    "CREATE TABLE member (
        tenant_id {uuid} NOT NULL,
        group_id {uuid} NOT NULL,
        member_id {uuid} NOT NULL,
        member_kind {key} NOT NULL,
        PRIMARY KEY (tenant_id, group_id, member_id),
        FOREIGN KEY (tenant_id, member_kind, member_id) REFERENCES resource (tenant_id, kind, id)
    ) {clustered}",
    "CREATE INDEX member_of ON member (tenant_id, member_id, group_id)",
    "CREATE TABLE fact (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        at_us bigint NOT NULL,
        what text NOT NULL,
        subject_kind text NOT NULL,
        subject_id {uuid},
        actor_kind text NOT NULL,
        actor_id text,
        request_id text NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE TABLE fact_payload (
        tenant_id {uuid} NOT NULL,
        fact_id {uuid} NOT NULL,
        body text NOT NULL,
        PRIMARY KEY (tenant_id, fact_id)
    )",
];
