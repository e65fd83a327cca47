//! The rows themselves, read past the store.

use std::collections::BTreeMap;

use domain::tenant::Tenant;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, FromQueryResult, Statement, Value};
use serde_json::Value as Json;
use storage::Target;
use testkit::World;
use uuid::Uuid;

/// A connection that knows nothing of the store.
pub struct Raw(DatabaseConnection);

/// A row of `fact` with its payload.
#[derive(Debug, FromQueryResult)]
pub struct FactRow {
    pub at_us: i64,
    pub what: String,
    pub subject_kind: String,
    pub subject_id: Option<Uuid>,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub request_id: String,
    body: String,
}

impl FactRow {
    pub fn payload(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Raw {
    pub async fn open(target: &Target) -> Self {
        let url = match target {
            Target::Sqlite { path } => format!("sqlite://{}?mode=rwc", path.display()),
            Target::Postgres { url } => url.clone(),
        };
        Self(Database::connect(url).await.unwrap())
    }

    pub async fn of(world: &World) -> Self {
        Self::open(world.target()).await
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }

    pub async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.0.execute_raw(self.statement(sql, values)).await.unwrap();
    }

    /// The one number a statement gives.
    pub async fn number(&self, sql: &str) -> i64 {
        let row = self.0.query_one_raw(self.statement(sql, [])).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    async fn texts(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Vec<String> {
        let rows = self.0.query_all_raw(self.statement(sql, values)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// A tenant's journal in the order it was written; a frame without a payload fails.
    pub async fn facts(&self, tenant: &Tenant) -> Vec<FactRow> {
        let sql = "SELECT fact.*, fact_payload.body FROM fact LEFT JOIN fact_payload
                   ON fact_payload.tenant_id = fact.tenant_id AND fact_payload.fact_id = fact.id
                   WHERE fact.tenant_id = $1 ORDER BY fact.id";
        let statement = self.statement(sql, [tenant.id.0.into()]);
        FactRow::find_by_statement(statement).all(&self.0).await.unwrap()
    }

    /// Every row of a tenant, by table, each row as one text. Tables without any are left out.
    pub async fn dump(&self, tenant: &Tenant) -> BTreeMap<String, Vec<String>> {
        let mut dump = BTreeMap::new();
        for table in self.tables_with("tenant_id").await {
            dump.insert(table.clone(), self.rows(&table, "tenant_id", tenant).await);
        }
        dump.insert("tenant".to_owned(), self.rows("tenant", "id", tenant).await);
        dump.retain(|_, rows| !rows.is_empty());
        dump
    }

    /// The names of all tables with a column of this name.
    pub async fn tables_with(&self, column: &str) -> Vec<String> {
        let sql = match self.0.get_database_backend() {
            DbBackend::Postgres => {
                "SELECT table_name::text FROM information_schema.columns
                 WHERE table_schema = current_schema() AND column_name = $1 ORDER BY 1"
            }
            _ => {
                "SELECT tables.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
                 WHERE tables.type = 'table' AND columns.name = $1 ORDER BY 1"
            }
        };
        self.texts(sql, [column.into()]).await
    }

    async fn rows(&self, table: &str, column: &str, tenant: &Tenant) -> Vec<String> {
        let row = if self.0.get_database_backend() == DbBackend::Postgres {
            "row_to_json(t)::text".to_owned()
        } else {
            let columns = "SELECT 'quote(' || name || ')' FROM pragma_table_info($1)";
            self.texts(columns, [table.into()]).await.join(" || ',' || ")
        };
        let sql = format!("SELECT {row} FROM {table} AS t WHERE {column} = $1 ORDER BY 1");
        self.texts(&sql, [tenant.id.0.into()]).await
    }
}
