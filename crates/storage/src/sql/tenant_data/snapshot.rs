//! A tenant as it was at one moment, page by page: whoever reads it holds a snapshot, and nobody waits for him.

use std::vec::IntoIter;

use async_trait::async_trait;
use domain::archive::{Row, Rows};
use domain::store::{Snapshot, StoreError};
use domain::tenant::{Tenant, TenantSlug};
use sea_orm::sea_query::{Expr, ExprTrait, Query, Value};
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::Value as Json;
use uuid::Uuid;

use super::SqlTenantData;
use super::catalogue::{Part, Table, tables};
use crate::sql::entity::journal_head;
use crate::sql::error::failure;
use crate::sql::repo::tenants;
use crate::transaction::Transaction;

/// Rows of a page: few enough for the memory, whatever their documents hold.
const PAGE: u64 = 200;

/// Facts that have their numbers are in this one.
const FACTS: &str = "fact";
/// And this one says which is the newest.
const HEAD: &str = "journal_head";

struct SqlSnapshot {
    main: Transaction,
    log: Option<Transaction>,
    tenant: Tenant,
    left: IntoIter<Table>,
    at: Option<(Table, Option<Vec<Value>>)>,
    /// The number of the newest fact, those that wait for theirs counted as if they had it.
    last: i64,
}

pub async fn take(data: &SqlTenantData, slug: &TenantSlug) -> Result<Option<Box<dyn Snapshot>>, StoreError> {
    // The log first: of what it says the journal knows then.
    let log = match &data.log {
        Some(log) => Some(log.still().await?),
        None => None,
    };
    if let Some(log) = &log {
        // A transaction of SQLite begins with its first look.
        log.query_one(&Query::select().expr(Expr::cust("count(*)")).from("sqlite_master").take())
            .await
            .map_err(failure)?;
    }
    let main = data.store.still().await?;
    let Some(admission) = tenants::find_admission(&main, slug).await? else { return Ok(None) };
    let tenant = admission.tenant;
    let head = Query::select()
        .column(journal_head::Column::Last)
        .from(journal_head::Entity)
        .and_where(Expr::col(journal_head::Column::TenantId).eq(tenant.id.0))
        .take();
    let head = main.query_one(&head).await.map_err(failure)?;
    let last = head.map_or(Ok(0), |row| row.try_get_by_index(0)).map_err(failure)?;
    let is_postgres = main.get_database_backend() == DbBackend::Postgres;
    let is_taken = |part: Part| match part {
        Part::Kept | Part::Log => true,
        Part::Waiting => is_postgres,
        Part::Passing => false,
    };
    let left: Vec<Table> = tables().into_iter().filter(|table| is_taken(table.part)).collect();
    Ok(Some(Box::new(SqlSnapshot { main, log, tenant, left: left.into_iter(), at: None, last })))
}

#[async_trait]
impl Snapshot for SqlSnapshot {
    fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    async fn next(&mut self) -> Result<Option<Rows>, StoreError> {
        loop {
            let (table, after) = match self.at.take() {
                Some(at) => at,
                None => match self.left.next() {
                    Some(table) => (table, None),
                    None => return Ok(None),
                },
            };
            let mut rows = self.page(&table, after.as_deref()).await?;
            if table.name == HEAD && rows.is_empty() && self.last > 0 {
                // None of its facts has a number yet.
                rows.push(Row::from_iter([("last".to_owned(), Json::Null), ("emptied".to_owned(), Json::from(0))]));
            }
            let Some(place) = rows.last().map(|row| table.place(row)) else { continue };
            let name = if table.part == Part::Waiting { FACTS } else { table.name };
            let rows = self.finished(&table, rows);
            // A table with one row a tenant has no next page.
            self.at = place.map(|place| (table, Some(place)));
            return Ok(Some(Rows { table: name.to_owned(), rows }));
        }
    }
}

impl SqlSnapshot {
    async fn page(&self, table: &Table, after: Option<&[Value]>) -> Result<Vec<Row>, StoreError> {
        let on = if table.part == Part::Log { self.log.as_ref().unwrap_or(&self.main) } else { &self.main };
        let id: Uuid = self.tenant.id.0;
        let rows = on.query_all(&table.page(id, after, PAGE)).await.map_err(failure)?;
        rows.iter().map(|row| table.read(row).map_err(failure)).collect()
    }

    /// Facts that wait get the numbers that the sequencer would give them now.
    fn finished(&mut self, table: &Table, mut rows: Vec<Row>) -> Vec<Row> {
        if table.part == Part::Waiting {
            for row in &mut rows {
                self.last += 1;
                let number = ("number".to_owned(), Json::from(self.last));
                let rest = std::mem::take(row).into_iter().filter(|(column, _)| column != "ticket");
                *row = std::iter::once(number).chain(rest).collect();
            }
        }
        if table.name == HEAD {
            for row in &mut rows {
                row.insert("last".to_owned(), Json::from(self.last));
            }
        }
        rows
    }
}
