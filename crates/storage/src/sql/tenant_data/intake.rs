//! Rows of a new tenant, in one transaction.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::archive::Row;
use domain::context::OpContext;
use domain::ids::{FactId, TenantId};
use domain::journal::Fact;
use domain::store::{Intake, StoreError, WriteJournal};
use domain::tenant::{Tenant, TenantSlug};
use sea_orm::sea_query::{Expr, OnConflict, Query, Value};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::SqlTenantData;
use super::catalogue::{Part, Table, tables};
use crate::sql::entity::email_domain;
use crate::sql::error::{failure, taken};
use crate::sql::repo::tenants;
use crate::sql::store::{OperatorSession, SqlStore};
use crate::transaction::Transaction;

/// Values that one statement may have, on either database.
const VALUES: usize = 30_000;

struct SqlIntake {
    main: OperatorSession,
    /// Where the log has a file of its own. Its writer is for servers, which write to it all the time, until there are rows.
    log_file: Option<SqlStore>,
    log: Option<Transaction>,
    tenant: Uuid,
    tables: HashMap<&'static str, Table>,
}

pub async fn begin(data: &SqlTenantData, tenant: TenantId) -> Result<Box<dyn Intake>, StoreError> {
    let main = OperatorSession { conn: data.store.operating().await? };
    main.conn.may_pause().await?;
    let kept = tables().into_iter().filter(|table| matches!(table.part, Part::Kept | Part::Log));
    let tables = kept.map(|table| (table.name, table)).collect();
    Ok(Box::new(SqlIntake { main, log_file: data.log.clone(), log: None, tenant: tenant.0, tables }))
}

#[async_trait]
impl WriteJournal for SqlIntake {
    async fn record(&mut self, cx: &OpContext, id: FactId, fact: &Fact) -> Result<(), StoreError> {
        self.main.record(cx, id, fact).await
    }
}

#[async_trait]
impl Intake for SqlIntake {
    async fn put(&mut self, table: &str, rows: Vec<Row>) -> Result<(), StoreError> {
        let unknown = || StoreError::Schema(format!("the archive has rows of a table {table} that is not known"));
        let table = self.tables.get(table).ok_or_else(unknown)?;
        if let (Part::Log, None, Some(file)) = (&table.part, &self.log, &self.log_file) {
            self.log = Some(file.operating().await?);
        }
        let on = if table.part == Part::Log { self.log.as_ref().unwrap_or(&self.main.conn) } else { &self.main.conn };
        let mut batch: Option<(Vec<&'static str>, Vec<Vec<Value>>)> = None;
        for row in &rows {
            let (columns, values) = table.values(row)?;
            match &mut batch {
                Some((known, rows)) if *known == columns && (rows.len() + 1) * (columns.len() + 1) <= VALUES => {
                    rows.push(values);
                }
                other => {
                    if let Some((columns, rows)) = other.replace((columns, vec![values])) {
                        self.insert(on, table, columns, rows).await?;
                    }
                }
            }
        }
        match batch {
            Some((columns, rows)) => self.insert(on, table, columns, rows).await,
            None => Ok(()),
        }
    }

    async fn is_claimed(&mut self, domain: &str) -> Result<bool, StoreError> {
        use email_domain::Column;
        let verified = email_domain::Entity::find()
            .filter(Column::Name.eq(domain))
            .filter(Column::State.eq(domain::email_domain::DomainState::Verified.as_str()))
            .filter(Column::TenantId.ne(self.tenant));
        Ok(verified.count(&self.main.conn).await.map_err(failure)? > 0)
    }

    async fn tenant(&mut self, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError> {
        let found = tenants::find_admission(&self.main.conn, slug).await?;
        Ok(found.map(|admission| admission.tenant).filter(|tenant| tenant.id.0 == self.tenant))
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { main, log, .. } = *self;
        // The tenant first: what the log holds of tenants that nobody knows is cleared away.
        main.conn.commit().await.map_err(failure)?;
        match log {
            Some(log) => log.commit().await.map_err(failure),
            None => Ok(()),
        }
    }
}

impl SqlIntake {
    async fn insert(
        &self,
        on: &Transaction,
        table: &Table,
        columns: Vec<&'static str>,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let mut insert = Query::insert();
        insert.into_table(table.name).columns(std::iter::once(table.tenant).chain(columns));
        for row in rows {
            let values = std::iter::once(Expr::val(self.tenant)).chain(row.into_iter().map(Expr::val));
            insert.values(values).map_err(|error| StoreError::Internal(error.to_string()))?;
        }
        if table.part == Part::Log {
            insert.on_conflict(OnConflict::new().do_nothing().to_owned());
        }
        on.execute(&insert).await.map_err(|error| taken(error, "the tenant's name"))?;
        Ok(())
    }
}
