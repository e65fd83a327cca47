//! [`Transaction`]: what is waited for as long as the server works on it, and no longer.

#![expect(clippy::disallowed_methods, reason = "this hands statements on")]

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::store::StoreError;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use tokio::time::{sleep, timeout};

use crate::lanes::Lanes;
use crate::sql::error::failure;

/// How long an answer is waited for before it is looked whether anybody works on it, and how long that look may take.
pub const DOUBT: Duration = Duration::from_secs(5);

/// How long after a look without a result there is another one.
const AGAIN: Duration = Duration::from_secs(1);

/// How long an answer may be on its way when nobody works on it any more.
const UNDER_WAY: Duration = Duration::from_secs(1);

const PROCESS: &str = "process";

/// A transaction of a database. On PostgreSQL it knows whose it is on the server: a connection of which the other end vanished
/// without a word, as behind a firewall that forgot it, gives neither an answer nor an error for a quarter of an hour, and of
/// the few there are for transactions none would be left.
pub struct Transaction {
    inner: DatabaseTransaction,
    server: Option<Server>,
}

/// The other end.
struct Server {
    lanes: Lanes,
    /// The number of the process that serves the transaction; none until it was asked for.
    process: Option<i32>,
}

impl Transaction {
    /// `lanes`: the way to look at the server; none where there is no server, but a file in this process.
    pub fn new(inner: DatabaseTransaction, lanes: Option<Lanes>) -> Self {
        Self { inner, server: lanes.map(|lanes| Server { lanes, process: None }) }
    }

    /// Tells PostgreSQL whose transaction it is, and learns which process serves it; a file need not be told.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn introduce(&mut self, mut told: SelectStatement) -> Result<(), StoreError> {
        if self.server.is_none() {
            return Ok(());
        }
        let row = self.query_one(told.expr_as(Expr::cust("pg_backend_pid()"), PROCESS)).await.map_err(failure)?;
        let process = row.map(|row| row.try_get("", PROCESS)).transpose().map_err(failure)?;
        if let Some(server) = &mut self.server {
            server.process = process;
        }
        Ok(())
    }

    /// Lets it be silent for up to ten minutes, where PostgreSQL ends others sooner: reading or writing a file takes its time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn may_pause(&self) -> Result<(), StoreError> {
        if self.server.is_none() {
            return Ok(());
        }
        let told = "SET LOCAL idle_in_transaction_session_timeout = '10min'";
        self.execute_unprepared(told).await.map(drop).map_err(failure)
    }

    /// Makes it so.
    ///
    /// # Errors
    /// Those of the database; after one that says nothing about the transaction, nobody knows whether it was done.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Self { inner, server } = self;
        attend(server.as_ref(), inner.commit()).await
    }
}

/// Waits for an answer as long as there is somebody who works on it.
async fn attend<T>(server: Option<&Server>, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let Some(server) = server else { return answer.await };
    let mut answer = pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => return answer,
        () = server.stops() => {}
    }
    timeout(UNDER_WAY, answer).await.unwrap_or_else(|_| {
        tracing::warn!(
            "a transaction was given up: its connection gives no answer, and the server does not work on it"
        );
        Err(died())
    })
}

impl Server {
    /// Ends when nobody works on the transaction, as far as can be told.
    async fn stops(&self) {
        let Some(process) = self.process else {
            return sleep(self.lanes.acquire_timeout() + DOUBT).await;
        };
        let (mut seen, mut is_in_the_dark) = (None, false);
        sleep(DOUBT).await;
        loop {
            match timeout(DOUBT, self.lanes.transaction_of(process)).await {
                // Behind a pooler the process may be another's by now.
                Ok(Ok(Some(now))) if seen.as_ref().is_none_or(|seen| *seen == now) => {
                    (seen, is_in_the_dark) = (Some(now), false);
                    sleep(DOUBT).await;
                }
                Ok(Ok(_)) => return,
                _ if is_in_the_dark => return,
                _ => {
                    is_in_the_dark = true;
                    sleep(AGAIN).await;
                }
            }
        }
    }
}

/// What a connection is worth that gives no answer.
pub fn died() -> DbErr {
    let why = std::io::Error::new(std::io::ErrorKind::TimedOut, "the connection of a transaction died");
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Io(why))))
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        attend(self.server.as_ref(), self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        attend(self.server.as_ref(), self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        attend(self.server.as_ref(), self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        attend(self.server.as_ref(), self.inner.query_all_raw(statement)).await
    }
}
