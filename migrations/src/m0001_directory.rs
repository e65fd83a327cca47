//! Tenants, their credentials, their directory and their journal.
//!
//! Every tenant-owned table starts its primary key and every index with `tenant_id`, so that it can be partitioned or
//! distributed by tenant (product.md). The exceptions are what the server's own workers read: [`WORKERS`].

use sea_orm_migration::prelude::*;

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_directory"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), TABLES).await?;
        crate::run(manager.get_connection(), WORKERS).await?;
        match postgres::is_meant(manager) {
            true => self.guard(manager).await,
            false => Ok(()),
        }
    }

    /// A half-made schema must not stay behind on SQLite either.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

impl Migration {
    /// The third wall (decisions.md 1): what each role may do, and on which rows.
    async fn guard(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        postgres::create_roles(manager).await?;
        crate::run(manager.get_connection(), JOURNAL_QUEUE).await?;
        crate::run(manager.get_connection(), EXPERIENCE).await?;
        for (table, rights) in TENANT_RIGHTS {
            postgres::guard(manager, table, "tenant_id", rights).await?;
        }
        postgres::guard(manager, "tenant", "id", "SELECT, UPDATE (provisioning, strict, discards_passwords, limits)")
            .await?;
        crate::run(manager.get_connection(), OTHER_RIGHTS).await
    }
}

/// What a tenant's own statements may do. Nobody but the sequencer numbers facts, and no fact is ever changed; only its
/// payload can be emptied.
const TENANT_RIGHTS: [(&str, &str); 15] = [
    ("credential", "SELECT, INSERT, UPDATE (revoked_us, last_used_us, last_client)"),
    ("credential_secret", "SELECT, INSERT, UPDATE (revoked_us, key_id, digest)"),
    ("resource", "SELECT, INSERT, UPDATE, DELETE"),
    ("resource_value", "SELECT, INSERT, DELETE"),
    ("resource_count", "SELECT, INSERT"),
    ("value_index", "SELECT, INSERT"),
    ("unique_value", "SELECT, INSERT, DELETE"),
    ("declaration", "SELECT, INSERT, DELETE, UPDATE (declared_us)"),
    ("password", "SELECT, INSERT, UPDATE, DELETE"),
    ("member", "SELECT, INSERT, DELETE"),
    ("fact", "SELECT"),
    ("fact_payload", "SELECT, INSERT, UPDATE"),
    ("fact_ticket", "SELECT, INSERT"),
    ("journal_head", "SELECT"),
    ("tenant_change", "SELECT, INSERT"),
];

const TABLES: &[&str] = &[
    "CREATE TABLE installation (
        id integer PRIMARY KEY,
        key_ring text NOT NULL,
        served_by integer NOT NULL,
        created_us bigint NOT NULL
    )",
    "CREATE TABLE tenant (
        id {uuid} PRIMARY KEY,
        slug {key} NOT NULL,
        name text NOT NULL,
        status text NOT NULL,
        provisioning text NOT NULL,
        unique_group_names {flag} NOT NULL,
        strict {flag} NOT NULL,
        discards_passwords {flag} NOT NULL,
        limits text,
        created_us bigint NOT NULL
    )",
    "CREATE UNIQUE INDEX tenant_slug ON tenant (slug)",
    // Tokens and OAuth clients.
    "CREATE TABLE credential (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        kind text NOT NULL,
        label text NOT NULL,
        scopes text NOT NULL,
        access_minutes integer,
        created_us bigint NOT NULL,
        revoked_us bigint,
        last_used_us bigint,
        last_client text,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE TABLE credential_secret (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        credential_id {uuid} NOT NULL,
        key_id text NOT NULL,
        digest {bytes} NOT NULL,
        last_four text NOT NULL,
        created_us bigint NOT NULL,
        expires_us bigint,
        revoked_us bigint,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, credential_id) REFERENCES credential (tenant_id, id)
    )",
    // Users, groups and custom types alike (decisions.md 3). unique_key, external_key and display_key are index keys, see
    // storage::sql::key; display is for people.
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
    // With the id in it, looking for a part of a name reads the index alone.
    "CREATE UNIQUE INDEX resource_unique_key ON resource (tenant_id, kind, unique_key) {with_id}",
    "CREATE INDEX resource_external_key ON resource (tenant_id, kind, external_key, id)",
    "CREATE INDEX resource_display_key ON resource (tenant_id, kind, display_key, id)",
    "CREATE INDEX resource_modified ON resource (tenant_id, kind, modified_us, id)",
    // The side table: one row for each different value of an indexed path. Its key is the index.
    "CREATE TABLE resource_value (
        tenant_id {uuid} NOT NULL,
        kind {key} NOT NULL,
        path {key} NOT NULL,
        key {key} NOT NULL,
        resource_id {uuid} NOT NULL,
        PRIMARY KEY (tenant_id, kind, path, key, resource_id)
    ) {clustered}",
    // The paths a tenant's clients have filtered by, beyond those that are always indexed (decisions.md 4).
    "CREATE TABLE value_index (
        tenant_id {uuid} NOT NULL,
        kind {key} NOT NULL,
        path {key} NOT NULL,
        state text NOT NULL,
        filled_to {uuid},
        asked_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, kind, path)
    )",
    // How many there are of a kind: the sum of what was added and removed, which a worker folds (decisions.md 6).
    // changes counts the rows ever written, folded or not.
    "CREATE TABLE resource_count (
        tenant_id {uuid} NOT NULL,
        kind {key} NOT NULL,
        id {uuid} NOT NULL,
        delta bigint NOT NULL,
        changes bigint NOT NULL,
        PRIMARY KEY (tenant_id, kind, id)
    ) {clustered}",
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
    // Groups in groups are few, and are found among a hundred thousand people.
    "CREATE INDEX member_nested ON member (tenant_id, group_id, member_id) WHERE member_kind = 'Group'",
    // Values that no two resources of a kind may share, beyond the one that has a column (RFC 7643 §7, uniqueness).
    "CREATE TABLE unique_value (
        tenant_id {uuid} NOT NULL,
        kind {key} NOT NULL,
        path {key} NOT NULL,
        key {key} NOT NULL,
        resource_id {uuid} NOT NULL,
        PRIMARY KEY (tenant_id, kind, path, key)
    ) {clustered}",
    // Schemas and resource types of a tenant's own. The name is a URN or the name of a type.
    "CREATE TABLE declaration (
        tenant_id {uuid} NOT NULL,
        name {key} NOT NULL,
        body text NOT NULL,
        declared_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, name)
    )",
    // Digests of passwords, apart from what is read and listed.
    "CREATE TABLE password (
        tenant_id {uuid} NOT NULL,
        resource_id {uuid} NOT NULL,
        digest text NOT NULL,
        changed_us bigint NOT NULL,
        PRIMARY KEY (tenant_id, resource_id)
    )",
    "CREATE TABLE fact (
        tenant_id {uuid} NOT NULL,
        number bigint NOT NULL,
        id {uuid} NOT NULL,
        at_us bigint NOT NULL,
        what text NOT NULL,
        subject_kind text NOT NULL,
        subject_id {uuid},
        actor_kind text NOT NULL,
        actor_id text,
        request_id text NOT NULL,
        PRIMARY KEY (tenant_id, number)
    )",
    "CREATE INDEX fact_subject ON fact (tenant_id, subject_id, number)",
    // A body that is null was erased.
    "CREATE TABLE fact_payload (
        tenant_id {uuid} NOT NULL,
        fact_id {uuid} NOT NULL,
        body text,
        PRIMARY KEY (tenant_id, fact_id)
    )",
    // The highest number a tenant's facts have reached.
    "CREATE TABLE journal_head (
        tenant_id {uuid} PRIMARY KEY,
        last bigint NOT NULL
    )",
];

/// Tables of the server's own work, which are about no tenant or start with something else (decisions.md 8).
const WORKERS: &[&str] = &[
    // What other processes must not go on believing (decisions.md 19): rows of the last minutes.
    "CREATE TABLE tenant_change (
        at_us bigint NOT NULL,
        id {uuid} NOT NULL,
        tenant_id {uuid} NOT NULL,
        slug text NOT NULL,
        PRIMARY KEY (at_us, id)
    )",
    // Key pairs that access tokens are signed with; the private one is encrypted by the key ring.
    "CREATE TABLE signing_key (
        id {uuid} PRIMARY KEY,
        public_key {bytes} NOT NULL,
        private_key {bytes} NOT NULL,
        created_us bigint NOT NULL
    )",
    "CREATE TABLE worker_lease (
        name {key} PRIMARY KEY,
        holder text NOT NULL,
        until_us bigint NOT NULL
    )",
];

/// On PostgreSQL a fact waits here for its number (decisions.md 11); SQLite's one writer numbers at once.
const JOURNAL_QUEUE: &[&str] = &[
    "CREATE SEQUENCE fact_ticket_number",
    "CREATE TABLE fact_ticket (
        ticket bigint PRIMARY KEY,
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        at_us bigint NOT NULL,
        what text NOT NULL,
        subject_kind text NOT NULL,
        subject_id uuid,
        actor_kind text NOT NULL,
        actor_id text,
        request_id text NOT NULL
    )",
    // Ends a statement that was decided on what is not so any more; the caller decides again.
    "CREATE FUNCTION rollcall_stale() RETURNS bigint LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'somebody else was first' USING ERRCODE = '40001'; END $$",
];

/// Tells the planner what the table will be like. Without statistics it takes a look-up by the whole key of a name and one
/// by the tenant alone for the same, and keeps such plans through the whole of a first cycle, until somebody analyses the
/// table (docs/performance.md). So it is analysed while it holds what looks like some tenants, which then go. There are
/// more of them than PostgreSQL keeps as the most common ones: a tenant that is none of these must not look rare.
pub const EXPERIENCE: &[&str] = &[
    "INSERT INTO resource
     SELECT lpad(to_hex(t), 32, '0')::uuid, CASE WHEN i = 15 THEN 'Group' ELSE 'User' END,
            lpad(to_hex(t * 100 + i), 32, '0')::uuid, 'name' || i, 'external' || i, 'display' || i, 'Display ' || i,
            1, t * 100 + i, t * 100 + i, 'x'
     FROM generate_series(1, 120) AS t, generate_series(1, 15) AS i",
    "ANALYZE resource",
    "DELETE FROM resource",
];

/// The list of migrations is no secret; a server that may not migrate looks there whether somebody has.
const OTHER_RIGHTS: &[&str] = &[
    "GRANT USAGE ON SEQUENCE fact_ticket_number TO rollcall_tenant, rollcall_operator",
    "GRANT SELECT, UPDATE (key_ring) ON installation TO rollcall_operator",
    "GRANT SELECT, INSERT, UPDATE (private_key), DELETE ON signing_key TO rollcall_operator",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON worker_lease TO rollcall_operator",
    "GRANT SELECT ON seaql_migrations TO PUBLIC",
];
