//! PostgreSQL connections for single statements.
//!
//! sqlx's pool asks every connection that comes back whether it is alive, which doubles the round trips of statements that
//! are transactions of their own (docs/performance.md), and waits for ever when the other end has vanished. Here a
//! connection goes back only from a statement that was answered, which is proof enough; one that was not answered, because
//! of an error or because nobody waits any more, is closed.

#![expect(clippy::disallowed_methods, reason = "this sends single statements")]

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sea_query::{Expr, PostgresQueryBuilder, Query, QueryStatementWriter};
use sea_orm::{DbErr, QueryResult, RuntimeErr};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connect::Timing;
use crate::home::Home;
use crate::measure::{self, PoolUse};
use crate::session::{ALIVE, is_of_use, work_as_tenant};
use crate::sql::error::is_lost;

/// A connection that was idle for longer may have been closed by something between.
const IDLE: Duration = Duration::from_secs(10);

/// How long such a connection may take to show that it is alive: so short that there is time left to open another.
const PROMPT: Duration = Duration::from_secs(1);

/// A server stops what takes it too long. One that has not even said so after so much more has vanished.
const OVERDUE: Duration = Duration::from_secs(5);

/// What the pool is called by those who measure.
const STATEMENTS: &str = "statements";

/// At most so many connections, all of which work as `rollcall_tenant`, and one more that only asks whether the server answers.
#[derive(Clone)]
pub struct Lanes(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    timing: Timing,
    home: Home,
    most: usize,
    permits: Arc<Semaphore>,
    free: Mutex<Vec<Free>>,
    /// The connection that nothing but [`Lanes::ping`] uses.
    pulse: tokio::sync::Mutex<Option<PgConnection>>,
}

/// A connection that waits for the next statement.
struct Free {
    connection: PgConnection,
    since: Instant,
}

/// A connection in use.
struct Lane {
    connection: PgConnection,
    _permit: OwnedSemaphorePermit,
}

impl Lanes {
    pub fn new(options: PgConnectOptions, most: usize, timing: Timing, home: Home) -> Self {
        let permits = Arc::new(Semaphore::new(most));
        let (free, pulse) = (Mutex::default(), tokio::sync::Mutex::default());
        Self(Arc::new(Shared { options, timing, home, most, permits, free, pulse }))
    }

    /// Sends a statement; it is a transaction of its own.
    pub async fn rows<Q: QueryStatementWriter>(&self, statement: &Q) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = statement.build(PostgresQueryBuilder);
        let mut lane = self.take().await.map_err(failed)?;
        let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values));
        let overdue = self.0.timing.statement_timeout + OVERDUE;
        let answered = tokio::time::timeout(overdue, query.fetch_all(&mut lane.connection)).await;
        match answered.unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()))) {
            Ok(rows) => {
                self.give_back(lane);
                Ok(rows.into_iter().map(QueryResult::from).collect())
            }
            Err(error) => {
                match &error {
                    sqlx::Error::Database(why) if !is_lost(why.as_ref()) => self.give_back(lane),
                    // The others have most likely gone the same way.
                    _ => self.free().clear(),
                }
                Err(failed(error))
            }
        }
    }

    /// How long a connection is waited for.
    pub fn acquire_timeout(&self) -> Duration {
        self.0.timing.acquire_timeout
    }

    /// How many are in use, those included that are just being opened.
    pub fn pool(&self) -> PoolUse {
        let Shared { most, permits, .. } = &*self.0;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let in_use = most.saturating_sub(permits.available_permits());
        PoolUse { name: STATEMENTS, most: count(*most), in_use: count(in_use), idle: count(self.free().len()) }
    }

    /// What the server's clock shows, in microseconds since 1970.
    pub async fn clock(&self) -> Result<i64, DbErr> {
        let shown = Expr::cust("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
        let rows = self.rows(&Query::select().expr(shown).take()).await?;
        let row = rows.first().ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?;
        row.try_get_by_index(0)
    }

    /// Asks the server for an answer, on a connection that waits for none of the others: a server whose connections are all
    /// in use is there.
    ///
    /// # Errors
    /// When it does not answer, or may not be worked with. What is given up in the middle takes its connection along.
    pub async fn ping(&self) -> Result<(), DbErr> {
        let mut pulse = self.0.pulse.lock().await;
        *pulse = Some(self.felt(pulse.take()).await?);
        Ok(())
    }

    /// Which transaction a process of the server is in, by the lock on itself that every transaction holds, asked as
    /// [`ping`](Self::ping) asks; none when it is in none. What the process does just now the server shows to its own role
    /// alone.
    ///
    /// # Errors
    /// As those of [`ping`](Self::ping).
    pub async fn transaction_of(&self, process: i32) -> Result<Option<String>, DbErr> {
        let mut pulse = self.0.pulse.lock().await;
        let mut felt = self.felt(pulse.take()).await?;
        let asked = sqlx::query_scalar("SELECT virtualtransaction FROM pg_locks WHERE pid = $1 LIMIT 1").bind(process);
        let found = asked.fetch_optional(&mut felt).await.map_err(failed)?;
        *pulse = Some(felt);
        Ok(found)
    }

    /// The connection that was kept for asking, or another one if it may have been closed by something between, or be a
    /// server's that has gone.
    async fn felt(&self, kept: Option<PgConnection>) -> Result<PgConnection, DbErr> {
        let Shared { options, timing, home, .. } = &*self.0;
        if let Some(mut kept) = kept
            && let Ok(Ok(true)) = tokio::time::timeout(ALIVE, is_of_use(&mut kept)).await
        {
            return Ok(kept);
        }
        let opening = home.host(open(options, *timing));
        let opened = tokio::time::timeout(timing.acquire_timeout, opening).await;
        opened.map_err(|_| failed(sqlx::Error::PoolTimedOut))?.map_err(failed)
    }

    async fn take(&self) -> Result<Lane, sqlx::Error> {
        let since = Instant::now();
        let taken = self.take_in_time().await;
        measure::waited(STATEMENTS, since, &taken);
        taken
    }

    async fn take_in_time(&self) -> Result<Lane, sqlx::Error> {
        let Shared { options, timing, home, permits, .. } = &*self.0;
        let ready = async {
            let permit = permits.clone().acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
            loop {
                let free = self.free().pop();
                let connection = match free {
                    None => home.host(open(options, *timing)).await?,
                    Some(Free { connection, since }) if since.elapsed() < IDLE => connection,
                    Some(Free { mut connection, .. }) => {
                        let Ok(Ok(())) = tokio::time::timeout(PROMPT, connection.ping()).await else {
                            // Those below it have waited longer.
                            self.free().clear();
                            continue;
                        };
                        connection
                    }
                };
                return Ok(Lane { connection, _permit: permit });
            }
        };
        tokio::time::timeout(timing.acquire_timeout, ready).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    fn give_back(&self, lane: Lane) {
        self.free().push(Free { connection: lane.connection, since: Instant::now() });
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Free>> {
        self.0.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn open(options: &PgConnectOptions, timing: Timing) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    work_as_tenant(&mut connection, timing).await?;
    Ok(connection)
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
