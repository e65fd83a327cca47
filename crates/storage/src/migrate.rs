//! Bringing the schema up to date, safely when several processes try at once.
//!
//! A lease row lets one of them work while the others wait (decisions.md 8: no advisory locks, which poolers and
//! distributed databases do not keep).

#![expect(clippy::disallowed_methods, reason = "the schema belongs to no tenant")]

use std::str::FromStr as _;
use std::time::Duration;

use domain::keys::{KeyId, KeyRing};
use domain::ports::{Clock, SecretGen};
use domain::store::StoreError;
use migrations::{Migrator, SERVED_BY};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, Value};
use sea_orm_migration::MigratorTrait;

use crate::connect::{Target, Timing, as_owner};
use crate::sql::error::failure;

/// How long a lease holds without being renewed: a process that died is waited for this long.
const LEASE_SECONDS: i64 = 30;
/// How long to wait for another process's migration.
const PATIENCE: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(100);

/// What of the schema's history a database has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaState {
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// Applied by a newer version of Rollcall.
    pub unknown: Vec<String>,
    /// Whether what the newer version applied leaves this one able to serve: it only added (ADR 0029).
    pub is_expanded: bool,
}

impl SchemaState {
    /// Whether this version can serve.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty() && (self.unknown.is_empty() || self.is_expanded)
    }
}

/// What a migration did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub applied: Vec<String>,
    /// Whether the database was empty before.
    pub is_first: bool,
}

/// The schema of a database, seen by the role that owns its tables.
pub struct Schema {
    db: DatabaseConnection,
}

impl Schema {
    /// Connects as the role of the target.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn connect(target: &Target, timing: Timing) -> Result<Self, StoreError> {
        Ok(Self { db: as_owner(target, timing).await? })
    }

    /// Compares the database with the migrations this version knows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn state(&self) -> Result<SchemaState, StoreError> {
        let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let applied = applied(&self.db).await?;
        let is_expanded = served_by(&self.db, &applied).await?.is_some_and(|least| least <= known.len());
        Ok(SchemaState {
            is_expanded,
            pending: known.iter().filter(|name| !applied.contains(name)).cloned().collect(),
            unknown: applied.iter().filter(|name| !known.contains(name)).cloned().collect(),
            applied,
        })
    }

    /// Applies what is pending. Of several processes one works and the others wait and find nothing left to do.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when the database is of a newer version, [`StoreError::Internal`] when a statement fails,
    /// [`StoreError::Unavailable`] when it cannot be reached or another process holds the lease for minutes.
    pub async fn migrate(&self, clock: &dyn Clock, secrets: &dyn SecretGen) -> Result<Progress, StoreError> {
        let state = self.state().await?;
        if state.is_current() && has_installation(&self.db).await? {
            return Ok(Progress::default());
        }
        refuse_newer(&state)?;
        let lease = Lease::take(&self.db, clock, holder(secrets)).await?;
        let done = tokio::select! {
            done = self.apply(clock, secrets) => done,
            lost = lease.keep(clock) => Err(lost),
        };
        let released = lease.release().await;
        done.and_then(|progress| released.map(|()| progress))
    }

    async fn apply(&self, clock: &dyn Clock, secrets: &dyn SecretGen) -> Result<Progress, StoreError> {
        let state = self.state().await?;
        refuse_newer(&state)?;
        if !state.pending.is_empty() {
            Migrator::up(&self.db, None).await.map_err(failure)?;
        }
        let is_first = create_installation(&self.db, clock, secrets).await?;
        Ok(Progress { applied: state.pending, is_first })
    }
}

impl Schema {
    /// The role this is connected as; none on SQLite, which has no roles.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn role(&self) -> Result<Option<String>, StoreError> {
        if self.db.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let row = self.db.query_one_raw(statement(&self.db, "SELECT current_user::text", [])).await.map_err(failure)?;
        row.map(|row| row.try_get_by_index(0).map_err(failure)).transpose()
    }

    /// Lets another role, which owns nothing, serve: it may work as the roles of row-level security (decisions.md 1).
    ///
    /// # Errors
    /// [`StoreError::Schema`] with what to run when this role may not grant that.
    pub async fn admit(&self, role: &str) -> Result<(), StoreError> {
        let quoted = role.replace('"', "\"\"");
        let member =
            "SELECT pg_has_role($1, 'rollcall_tenant', 'MEMBER') AND pg_has_role($1, 'rollcall_operator', 'MEMBER')";
        let row = self.db.query_one_raw(statement(&self.db, member, [role.into()])).await.map_err(failure)?;
        if row.is_some_and(|row| row.try_get_by_index(0).unwrap_or(false)) {
            return Ok(());
        }
        let grant = format!("GRANT rollcall_tenant, rollcall_operator TO \"{quoted}\"");
        match self.db.execute_unprepared(&grant).await.map_err(failure) {
            Err(StoreError::Internal(why)) => Err(StoreError::Schema(format!(
                "the role {role} cannot be let in ({why}); as a superuser run: {grant}"
            ))),
            done => done.map(drop),
        }
    }
}

fn refuse_newer(state: &SchemaState) -> Result<(), StoreError> {
    match state.unknown.first() {
        None => Ok(()),
        Some(_) if state.is_current() => Ok(()),
        Some(name) => Err(StoreError::Schema(format!(
            "the database was made by a newer version of Rollcall (it has the migration {name}); run that version or a later one"
        ))),
    }
}

async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    if !has_table(db, "seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let query = statement(db, "SELECT version FROM seaql_migrations ORDER BY version", []);
    let rows = db.query_all_raw(query).await.map_err(failure)?;
    rows.iter().map(|row| row.try_get_by_index(0).map_err(failure)).collect()
}

/// How many migrations a version has to know to serve; none before there is an installation.
async fn served_by(db: &DatabaseConnection, applied: &[String]) -> Result<Option<usize>, StoreError> {
    if applied.is_empty() {
        return Ok(None);
    }
    let query = statement(db, "SELECT served_by FROM installation WHERE id = 1", []);
    let row = db.query_one_raw(query).await.map_err(failure)?;
    let least: Option<i32> = row.map(|row| row.try_get_by_index(0).map_err(failure)).transpose()?;
    Ok(least.and_then(|least| usize::try_from(least).ok()))
}

async fn has_table(db: &DatabaseConnection, name: &str) -> Result<bool, StoreError> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
    };
    Ok(db.query_one_raw(statement(db, sql, [name.into()])).await.map_err(failure)?.is_some())
}

fn statement<const N: usize>(db: &DatabaseConnection, sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// Whether the last step of the first migration was taken; a process may have died before it or not be there yet.
async fn has_installation(db: &DatabaseConnection) -> Result<bool, StoreError> {
    let query = statement(db, "SELECT 1 FROM installation WHERE id = 1", []);
    Ok(db.query_one_raw(query).await.map_err(failure)?.is_some())
}

/// The installation's own row, made once, which says what can serve the database from now on. True when it was made now.
async fn create_installation(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    secrets: &dyn SecretGen,
) -> Result<bool, StoreError> {
    let now = clock.now();
    let id = KeyId::from_str("first").map_err(StoreError::Internal)?;
    let ring = KeyRing::new(id, secrets.bytes()).reveal();
    let values = [ring.into(), SERVED_BY.into(), now.as_micros().into()];
    let sql = "INSERT INTO installation (id, key_ring, served_by, created_us) VALUES (1, $1, $2, $3)
               ON CONFLICT (id) DO NOTHING";
    let done = db.execute_raw(statement(db, sql, values)).await.map_err(failure)?;
    let raise = "UPDATE installation SET served_by = $1 WHERE served_by < $1";
    db.execute_raw(statement(db, raise, [SERVED_BY.into()])).await.map_err(failure)?;
    Ok(done.rows_affected() == 1)
}

fn holder(secrets: &dyn SecretGen) -> String {
    hex::encode(secrets.bytes())
}

/// The right to change the schema.
struct Lease<'d> {
    db: &'d DatabaseConnection,
    holder: String,
}

impl<'d> Lease<'d> {
    async fn take(db: &'d DatabaseConnection, clock: &dyn Clock, holder: String) -> Result<Self, StoreError> {
        create_lease_table(db).await?;
        let lease = Self { db, holder };
        let mut waited = Duration::ZERO;
        while !lease.extend(clock).await? {
            if waited >= PATIENCE {
                return Err(StoreError::Unavailable(
                    "another process has been migrating the database for minutes".to_owned(),
                ));
            }
            tokio::time::sleep(POLL).await;
            waited += POLL;
        }
        Ok(lease)
    }

    /// Takes the lease if it is free, ours already or has run out.
    async fn extend(&self, clock: &dyn Clock) -> Result<bool, StoreError> {
        let now = clock.now();
        let values =
            [self.holder.clone().into(), now.plus_seconds(LEASE_SECONDS).as_micros().into(), now.as_micros().into()];
        let sql = "UPDATE migration_lease SET holder = $1, until_us = $2
                   WHERE id = 1 AND (holder IS NULL OR holder = $1 OR until_us < $3)";
        let done = self.db.execute_raw(statement(self.db, sql, values)).await.map_err(failure)?;
        Ok(done.rows_affected() == 1)
    }

    /// Renews the lease for ever; ends only when it is lost. A renewal that fails is tried again: on SQLite the migration
    /// itself holds the one connection for writing.
    async fn keep(&self, clock: &dyn Clock) -> StoreError {
        loop {
            tokio::time::sleep(Duration::from_secs(LEASE_SECONDS.unsigned_abs() / 3)).await;
            match self.extend(clock).await {
                Ok(true) | Err(_) => {}
                Ok(false) => return StoreError::Unavailable("the lease for migrating was lost".to_owned()),
            }
        }
    }

    async fn release(self) -> Result<(), StoreError> {
        let sql = "UPDATE migration_lease SET holder = NULL WHERE id = 1 AND holder = $1";
        let statement = statement(self.db, sql, [self.holder.clone().into()]);
        self.db.execute_raw(statement).await.map_err(failure)?;
        Ok(())
    }
}

/// Two processes can create the table at the same moment, and PostgreSQL then refuses one of them; it looks again.
async fn create_lease_table(db: &DatabaseConnection) -> Result<(), StoreError> {
    const TABLE: &str =
        "CREATE TABLE IF NOT EXISTS migration_lease (id integer PRIMARY KEY, holder text, until_us bigint NOT NULL)";
    const ROW: &str = "INSERT INTO migration_lease (id, until_us) VALUES (1, 0) ON CONFLICT (id) DO NOTHING";
    let create = async || -> Result<(), DbErr> {
        db.execute_unprepared(TABLE).await?;
        db.execute_unprepared(ROW).await?;
        Ok(())
    };
    for _ in 0..5 {
        match create().await {
            Ok(()) => return Ok(()),
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
    create().await.map_err(failure)
}
