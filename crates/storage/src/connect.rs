//! Pools for `postgres://` and SQLite files.

use std::path::PathBuf;
use std::time::Duration;

use domain::store::StoreError;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::home::Home;
use crate::lanes::Lanes;
use crate::sql::error::{failure, is_busy};
use crate::sql::line::Single;

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
}

/// The connections of one installation. SQLite has one writer, so it gets a pool of one for writing and others for
/// reading (dependencies.md §8). On PostgreSQL both are the same pool, for transactions; single statements, which most are,
/// have [`Lanes`].
#[derive(Clone)]
pub struct Databases {
    read: DatabaseConnection,
    write: DatabaseConnection,
    lanes: Option<Lanes>,
    home: Home,
}

/// One in so many connections to PostgreSQL is for transactions.
const TRANSACTIONS: u32 = 4;

/// How long a connection that comes back may take to show that it is alive.
const ALIVE: Duration = Duration::from_secs(3);

/// How long a transaction may wait for its process. One that hangs or vanishes without a goodbye must not keep its locks,
/// least of all that of a lease which others are to take over; none of ours waits for anything but the database.
const FORSAKEN: Duration = Duration::from_secs(5);

/// How long a SQLite connection waits for another process's write.
const SQLITE_BUSY: Duration = Duration::from_secs(4);

impl Databases {
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn connect(target: &Target, timing: Timing) -> Result<Self, StoreError> {
        let home = Home::here();
        match target {
            Target::Sqlite { path } => {
                let write = sqlite(path, false, Timing { max_connections: 1, ..timing }).await?;
                let read = sqlite(path, true, timing).await?;
                Ok(Self { read, write, lanes: None, home })
            }
            Target::Postgres { url } => {
                let few = Timing { max_connections: (timing.max_connections / TRANSACTIONS).max(1), ..timing };
                let pool = postgres(url, few).await?;
                let options =
                    url.parse::<PgConnectOptions>().map_err(|error| failure(DbErr::Custom(error.to_string())))?;
                let most = timing.max_connections.saturating_sub(few.max_connections).max(1) as usize;
                let lanes = Lanes::new(options.application_name("rollcall"), most, timing, home.clone());
                Ok(Self { read: pool.clone(), write: pool, lanes: Some(lanes), home })
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
    pub async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let immediate = (self.backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() };
        self.home.host(self.write.begin_with_options(options)).await.map_err(failure)
    }

    /// A transaction for reading.
    pub async fn begin_reading(&self) -> Result<DatabaseTransaction, StoreError> {
        self.home.host(self.read.begin()).await.map_err(failure)
    }

    pub async fn ping(&self) -> Result<(), StoreError> {
        self.home.host(self.read.ping()).await.map_err(failure)
    }
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
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.filename(&path).in_memory(false).shared_cache(false).busy_timeout(SQLITE_BUSY);
        match read_only {
            true => sqlite.read_only(true),
            // A commit does not wait for the disk: a power failure can take the last ones, a crash of ours cannot.
            false => sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .foreign_keys(true),
        }
    });
    open_in_turn(options).await
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
    refuse_strangers(url, timing.statement_timeout).await?;
    let mut options = postgres_options(url, timing);
    let limit = timing.statement_timeout;
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let pool = pool.after_connect(move |connection, _| Box::pin(work_as_tenant(connection, limit)));
        pool.after_release(|connection, _| Box::pin(answers(connection)))
    });
    Database::connect(options).await.map_err(failure)
}

/// The pool would try to take the role again and again until its time is over, and then not say why it could not. Whatever
/// else is wrong it waits for or says itself.
async fn refuse_strangers(url: &str, limit: Duration) -> Result<(), StoreError> {
    /// SQLSTATE of insufficient privilege, and of a role that there is not.
    const CODES: [&str; 2] = ["42501", "22023"];
    let first = async {
        let mut connection = PgConnection::connect(url).await?;
        work_as_tenant(&mut connection, limit).await?;
        connection.close().await
    };
    match tokio::time::timeout(ALIVE, first).await {
        Ok(Err(sqlx::Error::Database(why))) if why.code().is_some_and(|code| CODES.contains(&&*code)) => {
            Err(StoreError::Schema(format!(
                "the role of database.url cannot work as rollcall_tenant ({why}); run `rollcall migrate`, or as the owner \
                 of the tables: GRANT rollcall_tenant, rollcall_operator TO that role"
            )))
        }
        _ => Ok(()),
    }
}

fn postgres_options(url: &str, timing: Timing) -> ConnectOptions {
    let mut options = options(url, timing);
    options.map_sqlx_postgres_opts(|postgres| postgres.application_name("rollcall"));
    options
}

/// A pooler hands out connections that were told already, by `ALTER ROLE … SET role` and the same with these limits; what
/// we told one of them would hold for others too.
pub async fn work_as_tenant(connection: &mut PgConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut *connection).await?;
    if role != "rollcall_tenant" {
        // Whoever waits for somebody else's lock did not ask for too much.
        let (limit, lock, idle) = (limit.as_millis(), limit.as_millis() / 2, FORSAKEN.as_millis());
        let told = format!(
            "SET ROLE rollcall_tenant; SET statement_timeout = {limit}; SET lock_timeout = {lock}; \
             SET idle_in_transaction_session_timeout = {idle}"
        );
        connection.execute(AssertSqlSafe(told)).await?;
    }
    Ok(())
}

/// Whether a connection that comes back to its pool is alive. The pool asks that itself, but would wait for ever for an
/// answer; connections of which the other end vanished would fill it, and no request would ever get one again.
async fn answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(ALIVE, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
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
