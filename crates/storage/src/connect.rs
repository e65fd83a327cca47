//! Pools for `postgres://` and SQLite files.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::clerk::Clerk;
use crate::home::Home;
use crate::lanes::Lanes;
use crate::measure::{self, PoolUse};
use crate::session;
use crate::sql::error::{failure, is_busy};
use crate::sql::line::Single;
use crate::sql::step::step;
use crate::transaction::{DOUBT, Transaction, died};

/// Which database.
#[derive(Clone)]
pub enum Target {
    /// A file; its folder has to exist.
    Sqlite { path: PathBuf },
    /// A URL that may hold a password.
    Postgres { url: String },
}

/// How many connections, and how long to wait for one.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub max_connections: u32,
    pub acquire_timeout: Duration,
    /// How long PostgreSQL may work on one statement. SQLite's are bounded by what they look at.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock that somebody else holds.
    pub lock_timeout: Duration,
}

/// The connections of one installation. SQLite has one writer, so it gets a pool of one for writing and others for
/// reading (dependencies.md §8). On PostgreSQL both are the same pool, for transactions; single statements, which most are,
/// have [`Lanes`].
#[derive(Clone)]
pub struct Databases {
    read: DatabaseConnection,
    write: DatabaseConnection,
    lanes: Option<Lanes>,
    clerk: Option<Clerk>,
    home: Home,
}

/// What PostgreSQL's pool of transactions is called by those who measure.
const TRANSACTIONS_POOL: &str = "transactions";

/// What a file's pools are called by them.
const READING_POOL: &str = "reading";
const WRITING_POOL: &str = "writing";

/// One in so many connections to PostgreSQL is for transactions.
const TRANSACTIONS: u32 = 4;

/// How long a SQLite connection waits for another process's write.
const SQLITE_BUSY: Duration = Duration::from_secs(4);

impl Databases {
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn connect(target: &Target, timing: Timing) -> Result<Self, StoreError> {
        let databases = Self::open(target, timing).await?;
        databases.pools().iter().for_each(|pool| measure::opened(pool.name));
        Ok(databases)
    }

    async fn open(target: &Target, timing: Timing) -> Result<Self, StoreError> {
        let home = Home::here();
        match target {
            Target::Sqlite { path } => {
                let write = sqlite(path, false, Timing { max_connections: 1, ..timing }).await?;
                let read = sqlite(path, true, timing).await?;
                let clerk = Clerk::new().map_err(|error| StoreError::Unavailable(error.to_string()))?;
                Ok(Self { read, write, lanes: None, clerk: Some(clerk), home })
            }
            Target::Postgres { url } => {
                let few = Timing { max_connections: (timing.max_connections / TRANSACTIONS).max(1), ..timing };
                let pool = postgres(url, few).await?;
                let options =
                    url.parse::<PgConnectOptions>().map_err(|error| failure(DbErr::Custom(error.to_string())))?;
                let options = plain(options);
                // One is for asking whether the server answers.
                let most = timing.max_connections.saturating_sub(few.max_connections + 1).max(1) as usize;
                let lanes = Lanes::new(options, most, timing, home.clone());
                Ok(Self { read: pool.clone(), write: pool, lanes: Some(lanes), clerk: None, home })
            }
        }
    }

    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// For statements on their own.
    pub fn single(&self) -> Single {
        match &self.lanes {
            Some(lanes) => Single::Postgres(lanes.clone()),
            None => Single::Sqlite(self.read.clone()),
        }
    }

    /// What a file's schema is made with.
    pub const fn writer(&self) -> &DatabaseConnection {
        &self.write
    }

    /// A transaction for writing.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let immediate = (self.backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() };
        self.begun(WRITING_POOL, self.write.begin_with_options(options)).await
    }

    /// Who carries out changes of a file; a server does so itself.
    pub const fn clerk(&self) -> Option<&Clerk> {
        self.clerk.as_ref()
    }

    /// A transaction for reading.
    pub async fn begin_reading(&self) -> Result<Transaction, StoreError> {
        self.begun(READING_POOL, self.read.begin()).await
    }

    /// Waits for a transaction to begin, which is to wait for a connection.
    async fn begun(
        &self,
        why: &'static str,
        beginning: impl Future<Output = Result<DatabaseTransaction, DbErr>>,
    ) -> Result<Transaction, StoreError> {
        let pool = if self.backend() == DbBackend::Postgres { TRANSACTIONS_POOL } else { why };
        let since = Instant::now();
        let begun = self.begun_in_time(beginning).instrument(step("begin")).await;
        measure::waited(pool, since, &begun);
        Ok(Transaction::new(begun.map_err(failure)?, self.lanes.clone()))
    }

    /// Where it was a dead connection's turn, nothing would ever come back.
    async fn begun_in_time(
        &self,
        beginning: impl Future<Output = Result<DatabaseTransaction, DbErr>>,
    ) -> Result<DatabaseTransaction, DbErr> {
        let beginning = self.home.host(beginning);
        match &self.lanes {
            Some(lanes) => timeout(lanes.acquire_timeout() + DOUBT, beginning).await.unwrap_or_else(|_| Err(died())),
            None => beginning.await,
        }
    }

    /// How much of each pool is in use.
    pub fn pools(&self) -> Vec<PoolUse> {
        match &self.lanes {
            Some(lanes) => vec![lanes.pool(), pool(TRANSACTIONS_POOL, self.write.get_postgres_connection_pool())],
            None => vec![
                pool(READING_POOL, self.read.get_sqlite_connection_pool()),
                pool(WRITING_POOL, self.write.get_sqlite_connection_pool()),
            ],
        }
    }

    /// The time by the clock of a PostgreSQL; none for a file, whose clock is this machine's.
    pub async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        match &self.lanes {
            Some(lanes) => lanes.clock().await.map(|micros| Some(Timestamp::from_micros(micros))).map_err(failure),
            None => Ok(None),
        }
    }

    /// A transaction for reading what there is at one moment. SQLite's are all so.
    pub async fn begin_still(&self) -> Result<Transaction, StoreError> {
        let isolation_level = (self.backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
        let options = TransactionOptions { isolation_level, ..TransactionOptions::default() };
        self.begun(READING_POOL, self.read.begin_with_options(options)).await
    }

    /// Gives the connections back, also those that clones of this have.
    pub async fn close(self) {
        let Self { read, write, .. } = self;
        drop(read.close().await);
        drop(write.close().await);
    }

    /// Whether the database answers; that all connections are in use is not its fault.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match &self.lanes {
            Some(lanes) => lanes.ping().await.map_err(failure),
            // Nobody can be busy with a file that is not there.
            None if self.pools().iter().any(|pool| pool.name == READING_POOL && pool.in_use == pool.most) => Ok(()),
            None => self.home.host(self.read.ping()).await.map_err(failure),
        }
    }
}

fn pool<DB: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<DB>) -> PoolUse {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    let in_use = pool.size().saturating_sub(idle);
    PoolUse { name, most: pool.options().get_max_connections(), in_use, idle }
}

/// A connection as the role of the URL itself, for migrations.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached.
pub async fn as_owner(target: &Target, timing: Timing) -> Result<DatabaseConnection, StoreError> {
    match target {
        Target::Sqlite { path } => sqlite(path, false, Timing { max_connections: 1, ..timing }).await,
        Target::Postgres { url } => {
            let timing = Timing { max_connections: 2, ..timing };
            Database::connect(postgres_options(url, timing)).await.map_err(failure)
        }
    }
}

async fn sqlite(path: &std::path::Path, read_only: bool, timing: Timing) -> Result<DatabaseConnection, StoreError> {
    let path = path.to_owned();
    let mut options = options("sqlite::memory:", timing);
    // A file in this process does not go away unseen, and each question to it is a walk to its thread and back.
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.filename(&path).in_memory(false).shared_cache(false).busy_timeout(SQLITE_BUSY);
        match read_only {
            true => sqlite.read_only(true),
            // A commit does not wait for the disk: a power failure can take the last ones, a crash of ours cannot.
            false => sqlite
                .create_if_missing(true)
                // A new file can give back what is free in it. It counts before the file has anything.
                .auto_vacuum(SqliteAutoVacuum::Incremental)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                // Pages between two waits for the disk; four times as many as by itself, 16 MiB.
                .pragma("wal_autocheckpoint", "4000")
                .foreign_keys(true),
        }
    });
    options.map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_done(connection))));
    open_in_turn(options).await
}

/// Whether a connection that comes back to its pool is in no transaction. After some errors, such as a full disk, SQLite
/// itself ends the transaction; the rollback that sqlx then sends fails, and sqlx takes the next transaction for a nested one,
/// which is never committed though it seems to be.
async fn is_done(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // Answered after the rollback, which is on its way.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// SQLite does not wait to switch a new file to WAL while another process does the same, whatever the busy timeout.
async fn open_in_turn(options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    const POLL: Duration = Duration::from_millis(50);
    let mut waited = Duration::ZERO;
    loop {
        match Database::connect(options.clone()).await {
            Err(error) if is_busy(&error) && waited < SQLITE_BUSY => tokio::time::sleep(POLL).await,
            done => return done.map_err(failure),
        }
        waited += POLL;
    }
}

/// Connections whose statements see one tenant's rows at most (decisions.md 1).
async fn postgres(url: &str, timing: Timing) -> Result<DatabaseConnection, StoreError> {
    session::refuse_strangers(url, timing).await?;
    let mut options = postgres_options(url, timing);
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let pool = pool.after_connect(move |connection, _| {
            Box::pin(async move { session::work_as_tenant(connection, timing).await.map(drop) })
        });
        pool.after_release(|connection, _| Box::pin(session::is_of_use(connection)))
    });
    Database::connect(options).await.map_err(failure)
}

fn postgres_options(url: &str, timing: Timing) -> ConnectOptions {
    let mut options = options(url, timing);
    options.map_sqlx_postgres_opts(plain);
    options
}

/// What every connection asks for. PostgreSQL prints floating-point numbers exactly by itself, and PgBouncer refuses who asks
/// for that.
pub fn plain(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("rollcall").extra_float_digits(None)
}

fn options(url: &str, timing: Timing) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(timing.max_connections)
        .acquire_timeout(timing.acquire_timeout)
        .connect_timeout(timing.acquire_timeout)
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(10))
        .sqlx_logging(false);
    options
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "there are no tenants here")]
mod tests {
    use sea_orm::ConnectionTrait as _;

    use super::*;

    const TIMING: Timing = Timing {
        max_connections: 4,
        acquire_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(5),
        lock_timeout: Duration::from_secs(5),
    };

    async fn write(databases: &Databases, sql: &str) -> Result<Transaction, StoreError> {
        let tx = databases.begin().await?;
        tx.execute_unprepared(sql).await.map_err(failure)?;
        Ok(tx)
    }

    #[tokio::test]
    async fn a_file_that_everybody_reads_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Sqlite { path: folder.path().join("file.sqlite") };
        let databases = Databases::connect(&target, TIMING).await.unwrap();
        let mut held = Vec::new();
        for _ in 0..TIMING.max_connections {
            held.push(databases.begin_reading().await.unwrap());
        }
        assert_eq!(tokio::time::timeout(Duration::from_secs(1), databases.ping()).await, Ok(Ok(())));
        drop(held);
        assert_eq!(databases.ping().await, Ok(()));
    }

    #[tokio::test]
    async fn what_is_written_after_a_file_was_full_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Sqlite { path: folder.path().join("file.sqlite") };
        let databases = Databases::connect(&target, TIMING).await.unwrap();
        write(&databases, "CREATE TABLE kept (value text)").await.unwrap().commit().await.unwrap();
        let too_much = "PRAGMA max_page_count = 4; INSERT INTO kept VALUES (hex(zeroblob(100000)))";
        assert!(matches!(write(&databases, too_much).await.err(), Some(StoreError::Unavailable(_))));
        // One that is given up, and one that is not.
        drop(write(&databases, "INSERT INTO kept VALUES ('given up')").await.unwrap());
        write(&databases, "INSERT INTO kept VALUES ('kept')").await.unwrap().commit().await.unwrap();
        let seen = databases.begin_reading().await.unwrap();
        let rows =
            seen.query_all_raw(sea_orm::Statement::from_string(DbBackend::Sqlite, "SELECT value FROM kept")).await;
        let values: Vec<String> = rows.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        assert_eq!(values, ["kept"]);
    }
}
