//! The rows themselves, read past the store.

#![expect(clippy::disallowed_methods, reason = "this reads past the store")]

use std::collections::BTreeMap;

use domain::tenant::Tenant;
use migrations::Migrator;
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, FromQueryResult, Statement,
    TransactionTrait, Value,
};
use sea_orm_migration::MigratorTrait as _;
use serde_json::Value as Json;
use storage::Target;
use testkit::World;
use uuid::Uuid;

/// A connection that knows nothing of the store.
pub struct Raw(DatabaseConnection);

/// A row of `fact` with its payload.
#[derive(Debug, FromQueryResult)]
pub struct FactRow {
    pub number: i64,
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

/// A tenant's journal by number, once all of it has numbers; a frame without a payload fails.
pub async fn facts(world: &World, tenant: &Tenant) -> Vec<FactRow> {
    world.number_facts().await;
    let raw = Raw::of(world).await;
    let sql = "SELECT fact.*, fact_payload.body FROM fact LEFT JOIN fact_payload
               ON fact_payload.tenant_id = fact.tenant_id AND fact_payload.fact_id = fact.id
               WHERE fact.tenant_id = $1 ORDER BY fact.number";
    let statement = raw.statement(sql, [tenant.id.0.into()]);
    let facts = FactRow::find_by_statement(statement).all(&raw.0).await.unwrap();
    let numbers = facts.iter().map(|fact| fact.number);
    assert!(numbers.eq(1..=i64::try_from(facts.len()).unwrap()), "numbers have no gap: {facts:?}");
    facts
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

    /// Brings the first so many migrations.
    pub async fn migrate(&self, steps: u32) {
        Migrator::up(&self.0, Some(steps)).await.unwrap();
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }

    pub async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.0.execute_raw(self.statement(sql, values)).await.unwrap();
    }

    /// A transaction that holds what this statement locks.
    pub async fn hold(&self, sql: &str) -> DatabaseTransaction {
        let tx = self.0.begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap();
        tx
    }

    /// The one number a statement gives.
    pub async fn number(&self, sql: &str) -> i64 {
        let row = self.0.query_one_raw(self.statement(sql, [])).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    pub fn is_postgres(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Postgres
    }

    /// The first column of what a statement gives.
    pub async fn texts(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Vec<String> {
        let rows = self.0.query_all_raw(self.statement(sql, values)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// Makes so many users past the store, which is much quicker: `user-1` and so on, with titles `Title-0` to `Title-6`. Of
    /// the ids from 2 upwards every other one is left free.
    pub async fn make_users(&self, tenant: &Tenant, users: u64) {
        let id = match self.is_postgres() {
            true => "lpad(to_hex(2 * i), 32, '0')::uuid",
            false => "unhex(printf('%032x', 2 * i))",
        };
        let rows = format!(
            "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {users})
             INSERT INTO resource (tenant_id, kind, id, unique_key, display, version, created_us, modified_us, doc)
             SELECT $1, 'User', {id}, 'user-' || i, 'user-' || i, 1, 0, 0,
                 '{{\"userName\":\"user-' || i || '\",\"title\":\"Title-' || (i % 7) || '\"}}' FROM numbers"
        );
        self.run(&rows, [tenant.id.0.into()]).await;
        let count = format!(
            "INSERT INTO resource_count (tenant_id, kind, id, delta, changes) VALUES ($1, 'User', $1, {users}, {users})"
        );
        self.run(&count, [tenant.id.0.into()]).await;
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

    /// The columns of a table.
    pub async fn columns(&self, table: &str) -> Vec<String> {
        let sql = match self.is_postgres() {
            true => {
                "SELECT column_name::text FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name = $1"
            }
            false => "SELECT name FROM pragma_table_info($1)",
        };
        self.texts(sql, [table.into()]).await
    }

    /// The types of a table's columns by their names.
    async fn types(&self, table: &str) -> BTreeMap<String, String> {
        let mut types = BTreeMap::new();
        for column in self.columns(table).await {
            let sql = match self.is_postgres() {
                true => {
                    "SELECT data_type::text FROM information_schema.columns
                     WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2"
                }
                false => "SELECT lower(type) FROM pragma_table_info($1) WHERE name = $2",
            };
            let kind = self.texts(sql, [table.into(), column.clone().into()]).await.remove(0);
            types.insert(column, kind);
        }
        types
    }

    /// Some columns of all rows of a table of SQLite; bytes and ids in hexadecimal digits.
    pub async fn json(&self, table: &str, columns: &[String]) -> Vec<Json> {
        let types = self.types(table).await;
        let value = |column: &String| match types[column].as_str() {
            "blob" => format!("'{column}', lower(hex({column}))"),
            "boolean" => format!("'{column}', json(iif({column}, 'true', 'false'))"),
            _ => format!("'{column}', {column}"),
        };
        let pairs: Vec<String> = columns.iter().map(value).collect();
        let rows = self.texts(&format!("SELECT json_object({}) FROM {table}", pairs.join(", ")), []).await;
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    /// Puts such a row in.
    pub async fn put(&self, table: &str, row: &serde_json::Map<String, Json>) {
        let types = self.types(table).await;
        let literal = |(column, value): (&String, &Json)| match (types[column].as_str(), value) {
            (_, Json::Null) => "NULL".to_owned(),
            ("blob", Json::String(hex)) if hex.is_empty() => "NULL".to_owned(),
            ("blob", Json::String(hex)) => format!("X'{hex}'"),
            ("uuid", Json::String(hex)) if hex.is_empty() => "NULL".to_owned(),
            ("uuid", Json::String(hex)) => format!("'{hex}'::uuid"),
            ("bytea", Json::String(hex)) if hex.is_empty() => "NULL".to_owned(),
            ("bytea", Json::String(hex)) => format!("'\\x{hex}'::bytea"),
            (_, Json::String(text)) => format!("'{}'", text.replace('\'', "''")),
            (_, other) => other.to_string(),
        };
        let columns: Vec<&str> = row.keys().map(String::as_str).collect();
        let values: Vec<String> = row.iter().map(literal).collect();
        let sql = format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "));
        self.0.execute_unprepared(&sql).await.unwrap();
    }

    /// The names of all tables with a column of this name.
    pub async fn tables_with(&self, column: &str) -> Vec<String> {
        let sql = match self.is_postgres() {
            true => {
                // Parts of tables are asked by nobody.
                "SELECT relname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
                 WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                 AND attname = $1 AND attnum > 0 ORDER BY 1"
            }
            false => {
                "SELECT tables.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
                 WHERE tables.type = 'table' AND columns.name = $1 ORDER BY 1"
            }
        };
        self.texts(sql, [column.into()]).await
    }

    /// The rows of a tenant in a table, each as one text.
    pub async fn rows_of(&self, table: &str, tenant: &Tenant) -> Vec<String> {
        self.rows(table, "tenant_id", tenant).await
    }

    async fn rows(&self, table: &str, column: &str, tenant: &Tenant) -> Vec<String> {
        let row = if self.is_postgres() {
            "row_to_json(t)::text".to_owned()
        } else {
            let columns = "SELECT 'quote(' || name || ')' FROM pragma_table_info($1)";
            self.texts(columns, [table.into()]).await.join(" || ',' || ")
        };
        let sql = format!("SELECT {row} FROM {table} AS t WHERE {column} = $1 ORDER BY 1");
        self.texts(&sql, [tenant.id.0.into()]).await
    }
}
