//! PostgreSQL connections for single statements.
//!
//! sqlx's pool asks every connection that comes back whether it is alive, which doubles the round trips of statements that
//! are transactions of their own (docs/performance.md), and waits for ever when the other end has vanished. Here a
//! connection goes back only from a statement that was answered, which is proof enough; one that was not answered, because
//! of an error or because nobody waits any more, is closed.

#![expect(clippy::disallowed_methods, reason = "this sends single statements")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sea_query::{PostgresQueryBuilder, QueryStatementWriter};
use sea_orm::{DbErr, QueryResult, RuntimeErr};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connect::{Timing, work_as_tenant};
use crate::home::Home;

/// A connection that was idle for longer may have been closed by something between.
const IDLE: Duration = Duration::from_secs(10);
/// How long a connection may take to show that it is alive.
const ALIVE: Duration = Duration::from_secs(3);

/// At most so many connections, all of which work as `rollcall_tenant`.
#[derive(Clone)]
pub struct Lanes(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    timing: Timing,
    home: Home,
    permits: Arc<Semaphore>,
    free: Mutex<Vec<Free>>,
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
        Self(Arc::new(Shared { options, timing, home, permits, free: Mutex::default() }))
    }

    /// Sends a statement; it is a transaction of its own.
    pub async fn rows<Q: QueryStatementWriter>(&self, statement: &Q) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = statement.build(PostgresQueryBuilder);
        let mut lane = self.take().await.map_err(failed)?;
        let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values));
        match query.fetch_all(&mut lane.connection).await {
            Ok(rows) => {
                self.give_back(lane);
                Ok(rows.into_iter().map(QueryResult::from).collect())
            }
            Err(error) => {
                match error {
                    sqlx::Error::Database(_) => self.give_back(lane),
                    // The others have most likely gone the same way.
                    _ => self.free().clear(),
                }
                Err(failed(error))
            }
        }
    }

    async fn take(&self) -> Result<Lane, sqlx::Error> {
        let Shared { options, timing, home, permits, .. } = &*self.0;
        let ready = async {
            let permit = permits.clone().acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
            loop {
                let free = self.free().pop();
                let connection = match free {
                    None => home.host(open(options, timing.statement_timeout)).await?,
                    Some(Free { connection, since }) if since.elapsed() < IDLE => connection,
                    Some(Free { mut connection, .. }) => match tokio::time::timeout(ALIVE, connection.ping()).await {
                        Ok(Ok(())) => connection,
                        _ => continue,
                    },
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

async fn open(options: &PgConnectOptions, limit: Duration) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    work_as_tenant(&mut connection, limit).await?;
    Ok(connection)
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
