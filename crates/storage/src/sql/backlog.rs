//! What waits for the server to work on it.

#![expect(clippy::disallowed_methods, reason = "this counts what waits of all tenants")]

use domain::store::{Backlog, Queued, StoreError};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::error::failure;
use super::repo::moment;
use super::store::SqlStore;
use crate::transaction::Transaction;

/// Where there is one writer each fact has its number at once, and there is no such table.
const FACTS: &str = "SELECT count(*), min(at_us) FROM fact_ticket";
const MAILS: &str = "SELECT count(*), min(queued_us) FROM mail WHERE due_us IS NOT NULL";

impl SqlStore {
    pub(super) async fn count_backlog(&self) -> Result<Backlog, StoreError> {
        let tx = self.overlooking().await?;
        let facts = match self.backend() {
            DbBackend::Postgres => queued(&tx, FACTS).await?,
            _ => Queued::default(),
        };
        Ok(Backlog { facts, mails: queued(&tx, MAILS).await? })
    }
}

async fn queued(tx: &Transaction, sql: &str) -> Result<Queued, StoreError> {
    let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await.map_err(failure)?;
    let Some(row) = row else { return Ok(Queued::default()) };
    let (count, since): (i64, Option<i64>) = row.try_get_many_by_index().map_err(failure)?;
    Ok(Queued { count: u64::try_from(count).unwrap_or_default(), since: since.map(moment) })
}
