//! Bringing the schema up to date, safely when several processes try at once.
//!
//! A lease row lets one of them work while the others wait (decisions.md 8: no advisory locks, which poolers and
//! distributed databases do not keep).

#![expect(clippy::disallowed_methods, reason = "the schema belongs to no tenant")]

use std::str::FromStr as _;
use std::time::{Duration, Instant};

use domain::keys::{KeyId, KeyRing};
use domain::ports::{Clock, SecretGen};
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use migrations::{BECOMES, Migrator, SERVED_BY};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement, TransactionTrait, Value};
use sea_orm_migration::MigratorTrait;

use crate::connect::{Target, Timing, as_owner};
use crate::sql::error::failure;

/// How long a lease holds without being renewed: a process that died is waited for this long.
const LEASE_SECONDS: i64 = 30;
/// How long to wait for another process's migration.
const PATIENCE: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(100);
/// Between two attempts to get the locks of tables that are being used.
const BREATH: Duration = Duration::from_millis(500);
/// More than clocks that are looked after differ by. A lease that ends later than this after any that may be was taken by one
/// that is wrong.
const CLOCKS_DIFFER_SECONDS: i64 = 60;

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

    /// Gives the connections back, and waits until they are.
    pub async fn close(self) {
        drop(self.db.close().await);
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
        self.alone(clock, secrets, self.apply(clock, secrets)).await
    }

    /// Does what only one process may do at a time.
    ///
    /// # Errors
    /// Those of the work; [`StoreError::Unavailable`] when another process holds the lease for minutes, or it is lost.
    pub(crate) async fn alone<T>(
        &self,
        clock: &dyn Clock,
        secrets: &dyn SecretGen,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let lease = Lease::take(&self.db, clock, holder(secrets)).await?;
        let done = tokio::select! {
            done = work => done,
            lost = lease.keep(clock) => Err(lost),
        };
        let released = lease.release().await;
        done.and_then(|done| released.map(|()| done))
    }

    /// The time by the clock of a PostgreSQL; none for a file, whose clock is this machine's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        if self.db.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let shown = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let row = self.db.query_one_raw(statement(&self.db, shown, [])).await.map_err(failure)?;
        row.map(|row| row.try_get_by_index(0).map(Timestamp::from_micros).map_err(failure)).transpose()
    }

    async fn apply(&self, clock: &dyn Clock, secrets: &dyn SecretGen) -> Result<Progress, StoreError> {
        let state = self.state().await?;
        refuse_newer(&state)?;
        match self.db.get_database_backend() {
            DbBackend::Postgres => {
                for _ in &state.pending {
                    let attempts = Attempts::begin();
                    while !attempts.succeeded(self.apply_next().await).await? {}
                }
            }
            // Nobody else writes to the file meanwhile.
            _ if state.pending.is_empty() => {}
            _ => Migrator::up(&self.db, None).await.map_err(failure)?,
        }
        let is_first = create_installation(&self.db, clock, secrets).await?;
        Ok(Progress { applied: state.pending, is_first })
    }

    async fn apply_next(&self) -> Result<(), StoreError> {
        let tx = self.db.begin().await.map_err(failure)?;
        tx.execute_unprepared(CAREFULLY).await.map_err(failure)?;
        Migrator::up(&tx, Some(1)).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }
}

/// How a transaction changes tables that are being used. Whoever waits for a table behind somebody who reads it for long makes
/// everybody wait who comes later, so it does not wait for long; what it does itself may take as long as it takes.
pub const CAREFULLY: &str = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = 0";

/// Attempts at what could not get its locks; in between others have their turn.
pub struct Attempts(Instant);

impl Attempts {
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Whether the last one was enough. Waits a moment when it was not.
    ///
    /// # Errors
    /// Those of the attempt; [`StoreError::Unavailable`] when the locks are not to be had for minutes.
    pub async fn succeeded(&self, last: Result<(), StoreError>) -> Result<bool, StoreError> {
        match last {
            Err(StoreError::Locked | StoreError::Contention) if self.0.elapsed() < PATIENCE => {
                tokio::time::sleep(BREATH).await;
                Ok(false)
            }
            Err(StoreError::Locked | StoreError::Contention) => Err(StoreError::Unavailable(
                "somebody has used a table for minutes that is to be changed; look for old transactions in \
                 pg_stat_activity, end them and try again"
                    .to_owned(),
            )),
            done => done.map(|()| true),
        }
    }
}

impl Schema {
    pub(crate) const fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// The role this has logged in as, whatever it works as; none on SQLite, which has no roles.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn role(&self) -> Result<Option<String>, StoreError> {
        if self.db.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let row = self.db.query_one_raw(statement(&self.db, "SELECT session_user::text", [])).await.map_err(failure)?;
        row.map(|row| row.try_get_by_index(0).map_err(failure)).transpose()
    }

    /// Lets another role, which owns nothing, serve: it may work as the roles of row-level security (decisions.md 1).
    ///
    /// # Errors
    /// [`StoreError::Schema`] with what to run when this role may not grant that.
    pub async fn admit(&self, role: &str) -> Result<(), StoreError> {
        let quoted = role.replace('"', "\"\"");
        let member = format!(
            "SELECT pg_has_role($1, 'rollcall_tenant', {BECOMES}) AND pg_has_role($1, 'rollcall_operator', {BECOMES})"
        );
        let row = self.db.query_one_raw(statement(&self.db, &member, [role.into()])).await.map_err(failure)?;
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
    let row = installation(db, "served_by").await?;
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
    Ok(installation(db, "1").await?.is_some())
}

/// The installation's own row. Whoever serves owns nothing, and may read it as the operator's role alone.
async fn installation(db: &DatabaseConnection, column: &str) -> Result<Option<QueryResult>, StoreError> {
    let query = statement(db, &format!("SELECT {column} FROM installation WHERE id = 1"), []);
    let tx = db.begin().await.map_err(failure)?;
    if db.get_database_backend() == DbBackend::Postgres {
        let may = statement(db, "SELECT has_table_privilege('installation', 'SELECT')", []);
        let may = tx.query_one_raw(may).await.map_err(failure)?;
        if !may.is_some_and(|row| row.try_get_by_index(0).unwrap_or(false)) {
            tx.execute_unprepared("SET LOCAL ROLE rollcall_operator").await.map_err(failure)?;
        }
    }
    let row = tx.query_one_raw(query).await.map_err(failure)?;
    tx.commit().await.map_err(failure)?;
    Ok(row)
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
        let until = now.plus_seconds(LEASE_SECONDS);
        let unlikely = until.plus_seconds(CLOCKS_DIFFER_SECONDS);
        let [until, now, unlikely] = [until, now, unlikely].map(|moment| moment.as_micros().into());
        let sql = "UPDATE migration_lease SET holder = $1, until_us = $2
                   WHERE id = 1 AND (holder IS NULL OR holder = $1 OR until_us < $3 OR until_us > $4)";
        let values = [self.holder.clone().into(), until, now, unlikely];
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
