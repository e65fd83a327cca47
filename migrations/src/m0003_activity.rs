//! The activity log.
//!
//! On PostgreSQL it is in the same database. In the embedded home it is a SQLite file of its own (decisions.md 21), which
//! has these tables and none of the others; see [`prepare_file`].

#![expect(clippy::disallowed_methods, reason = "the schema belongs to no tenant")]

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};

use crate::postgres;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_activity"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager.get_connection(), JOURNAL).await?;
        if postgres::is_meant(manager) {
            crate::run(manager.get_connection(), TABLES).await?;
            crate::run(manager.get_connection(), BEFORE).await?;
            // Whatever is written here is written by the server's own workers, for many tenants at once.
            for table in NAMES {
                postgres::guard(manager, table, "tenant_id", "SELECT").await?;
            }
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// What a row of the log shows of the journal: the facts of one request.
const JOURNAL: &[&str] = &["CREATE INDEX fact_request ON fact (tenant_id, request_id, number)"];

const NAMES: [&str; 6] =
    ["activity", "activity_body", "activity_minute", "activity_seen", "activity_target", "activity_head"];

const TABLES: &[&str] = &[
    // One row for a request, or for refused ones that are alike. Ids are in order of time.
    "CREATE TABLE activity (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        at_us bigint NOT NULL,
        took_us bigint NOT NULL,
        request_id text NOT NULL,
        credential_id {uuid},
        credential_label text,
        client text,
        provider text NOT NULL,
        method text NOT NULL,
        path text NOT NULL,
        action text NOT NULL,
        first_number bigint NOT NULL,
        second_number bigint NOT NULL,
        who_id {uuid},
        who_name text,
        target_kind text,
        target_id {uuid},
        target_name text,
        outcome text NOT NULL,
        status integer NOT NULL,
        cause text,
        times bigint NOT NULL,
        address text,
        PRIMARY KEY (tenant_id, id)
    )",
    // Failures are looked for among millions of rows that are none.
    "CREATE INDEX activity_failure ON activity (tenant_id, id) WHERE outcome IN ('refused', 'failed')",
    "CREATE INDEX activity_about ON activity (tenant_id, target_id, id) WHERE target_id IS NOT NULL",
    "CREATE INDEX activity_who ON activity (tenant_id, who_id, id) WHERE who_id IS NOT NULL",
    // Apart from the rows, which are looked at in great numbers.
    "CREATE TABLE activity_body (
        tenant_id {uuid} NOT NULL,
        id {uuid} NOT NULL,
        request text,
        response text,
        PRIMARY KEY (tenant_id, id)
    )",
    // How many requests of a kind there were in a minute; class and cause may be empty, credential_id is all zeros for none.
    "CREATE TABLE activity_minute (
        tenant_id {uuid} NOT NULL,
        minute_us bigint NOT NULL,
        credential_id {uuid} NOT NULL,
        class {key} NOT NULL,
        outcome {key} NOT NULL,
        cause {key} NOT NULL,
        first_us bigint NOT NULL,
        last_us bigint NOT NULL,
        requests bigint NOT NULL,
        members bigint NOT NULL,
        PRIMARY KEY (tenant_id, minute_us, credential_id, class, outcome, cause)
    ) {clustered}",
    // When something was seen first and last.
    "CREATE TABLE activity_seen (
        tenant_id {uuid} NOT NULL,
        what {key} NOT NULL,
        first_us bigint NOT NULL,
        first_id {uuid} NOT NULL,
        last_us bigint NOT NULL,
        last_id {uuid} NOT NULL,
        detail text NOT NULL,
        PRIMARY KEY (tenant_id, what)
    ) {clustered}",
    // Whom changes were about, and how the latest one of each ended. A cause says that it failed.
    "CREATE TABLE activity_target (
        tenant_id {uuid} NOT NULL,
        target {key} NOT NULL,
        kind text NOT NULL,
        first_us bigint NOT NULL,
        last_us bigint NOT NULL,
        done_us bigint,
        failing_since_us bigint,
        tries bigint NOT NULL,
        cause text,
        is_reference {flag} NOT NULL,
        PRIMARY KEY (tenant_id, target)
    ) {clustered}",
    "CREATE INDEX activity_target_failing ON activity_target (tenant_id, last_us) WHERE cause IS NOT NULL",
    // Up to which number of the journal every change is known to have a row.
    "CREATE TABLE activity_head (
        tenant_id {uuid} PRIMARY KEY,
        reconciled bigint NOT NULL
    )",
];

/// What was changed before there was a log has no rows, and gets none.
const BEFORE: &[&str] = &["INSERT INTO activity_head (tenant_id, reconciled) SELECT tenant_id, last FROM journal_head"];

/// The versions of the file of the embedded home, the oldest first. A released one is never edited.
const FILE: [&[&str]; 1] = [TABLES];

/// The version of the file of the activity log that this knows, as `PRAGMA user_version` tells it.
pub const FILE_VERSION: usize = FILE.len();

/// Brings a SQLite file up to date that holds the activity log alone. It counts its versions itself. `heads`: up to which
/// number of its journal each tenant gets no rows in a new file.
///
/// # Errors
/// [`DbErr::Custom`] when the file was made by a newer version.
pub async fn prepare_file(db: &DatabaseConnection, heads: &[(Vec<u8>, i64)]) -> Result<(), DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = db.begin_with_options(immediate).await?;
    let row = tx.query_one_raw(Statement::from_string(DbBackend::Sqlite, "PRAGMA user_version")).await?;
    let version: i32 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    let version = usize::try_from(version).unwrap_or_default();
    if version > FILE.len() {
        return Err(DbErr::Custom(
            "the file of the activity log was made by a newer version of Rollcall; run that version, or move the file \
             away, and a new one is begun"
                .to_owned(),
        ));
    }
    for statements in FILE.iter().skip(version) {
        crate::run(&tx, statements).await?;
    }
    if version == 0 {
        for (tenant, last) in heads {
            let head = "INSERT INTO activity_head (tenant_id, reconciled) VALUES ($1, $2)";
            let values = [tenant.clone().into(), (*last).into()];
            tx.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, head, values)).await?;
        }
    }
    if version < FILE.len() {
        tx.execute_unprepared(&format!("PRAGMA user_version = {}", FILE.len())).await?;
    }
    tx.commit().await
}
