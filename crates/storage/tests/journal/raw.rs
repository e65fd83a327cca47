//! The rows themselves, read and written past the store.

#![expect(clippy::disallowed_methods, reason = "this reads past the store")]

use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, Statement, TransactionTrait, Value,
};
use storage::Target;
use testkit::World;

/// A connection that knows nothing of the store.
pub struct Raw(DatabaseConnection);

impl Raw {
    pub async fn of(world: &World) -> Self {
        let url = match world.target() {
            Target::Sqlite { path } => format!("sqlite://{}?mode=rwc", path.display()),
            Target::Postgres { url } => url.clone(),
        };
        Self(Database::connect(url).await.unwrap())
    }

    pub fn is_postgres(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Postgres
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }

    pub async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.0.execute_raw(self.statement(sql, values)).await.unwrap();
    }

    /// The one number a statement gives.
    pub async fn number(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> i64 {
        let row = self.0.query_one_raw(self.statement(sql, values)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    pub async fn rows<T: sea_orm::TryGetableMany>(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Vec<T> {
        let rows = self.0.query_all_raw(self.statement(sql, values)).await.unwrap();
        rows.iter().map(|row| row.try_get_many_by_index().unwrap()).collect()
    }

    /// A transaction that holds what this statement locks.
    pub async fn hold(&self, sql: &str) -> DatabaseTransaction {
        let tx = self.0.begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap();
        tx
    }
}
