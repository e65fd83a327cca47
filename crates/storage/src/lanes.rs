//! PostgreSQL connections for single statements.
//!
//! sqlx's pool asks every connection that comes back whether it is alive, which doubles the round trips of statements that
//! are transactions of their own (docs/performance.md), and waits for ever when the other end has vanished. Here a
//! connection goes back only from a statement that was answered, which is proof enough; one that was not answered, because
//! of an error or because nobody waits any more, is closed.

#![expect(clippy::disallowed_methods, reason = "this sends single statements")]

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sea_orm::sea_query::{PostgresQueryBuilder, QueryStatementWriter};
use sea_orm::{DbErr, QueryResult, RuntimeErr};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::connect::{Timing, work_as_tenant};

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
    permits: Arc<Semaphore>,
    free: Mutex<Vec<Free>>,
}

/// A connection that waits for the next statement.
struct Free {
    connection: PgConnection,
    since: Instant,
    home: Home,
}

/// The runtime that a connection was opened on, and is of use with alone. The threads of a server end one after another when
/// it stops, and their connections with them, while others still have requests to finish.
struct Home {
    alive: Weak<()>,
    /// Ends the task that stands for the connection.
    _connected: oneshot::Sender<()>,
}

impl Home {
    /// The runtime of this task.
    fn here() -> Self {
        let (token, (connected, closed)) = (Arc::new(()), oneshot::channel());
        let alive = Arc::downgrade(&token);
        // A runtime that ends drops its tasks before it lets go of its connections.
        tokio::spawn(async move {
            drop(closed.await);
            drop(token);
        });
        Self { alive, _connected: connected }
    }

    fn is_gone(&self) -> bool {
        self.alive.strong_count() == 0
    }
}

/// A connection in use.
struct Lane {
    connection: PgConnection,
    home: Home,
    _permit: OwnedSemaphorePermit,
}

impl Lanes {
    pub fn new(options: PgConnectOptions, most: usize, timing: Timing) -> Self {
        let permits = Arc::new(Semaphore::new(most));
        Self(Arc::new(Shared { options, timing, permits, free: Mutex::default() }))
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
        let Shared { options, timing, permits, .. } = &*self.0;
        let ready = async {
            let permit = permits.clone().acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
            loop {
                let free = self.free().pop();
                let (connection, home) = match free {
                    None => (open(options, timing.statement_timeout).await?, Home::here()),
                    Some(free) if free.home.is_gone() => continue,
                    Some(Free { connection, since, home }) if since.elapsed() < IDLE => (connection, home),
                    Some(Free { mut connection, home, .. }) => {
                        match tokio::time::timeout(ALIVE, connection.ping()).await {
                            Ok(Ok(())) => (connection, home),
                            _ => continue,
                        }
                    }
                };
                return Ok(Lane { connection, home, _permit: permit });
            }
        };
        tokio::time::timeout(timing.acquire_timeout, ready).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    fn give_back(&self, lane: Lane) {
        let Lane { connection, home, .. } = lane;
        self.free().push(Free { connection, since: Instant::now(), home });
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
