//! [`Transaction`]: what is waited for as long as the server works on it, and no longer.

#![expect(clippy::disallowed_methods, reason = "this hands statements on")]

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::store::StoreError;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use tokio::time::timeout;

use crate::lanes::Lanes;
use crate::sql::error::failure;

/// How long an answer is waited for before it is looked whether anybody works on it, and how long that look may take: its own
/// way may be as dead.
pub const DOUBT: Duration = Duration::from_secs(5);

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
    loop {
        match timeout(server.patience(), &mut answer).await {
            Ok(answer) => return answer,
            Err(_) if server.works().await => {}
            Err(_) => return Err(died()),
        }
    }
}

impl Server {
    /// How long an answer is waited for before it is looked at the server; one that did not say yet which process it is cannot
    /// be looked at.
    fn patience(&self) -> Duration {
        match self.process {
            Some(_) => DOUBT,
            None => self.lanes.acquire_timeout() + DOUBT,
        }
    }

    /// Whether its process is in a transaction, by what everybody may see.
    async fn works(&self) -> bool {
        match self.process {
            Some(process) => matches!(timeout(DOUBT, self.lanes.has_transaction(process)).await, Ok(Ok(true))),
            None => false,
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
