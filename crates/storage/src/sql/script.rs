//! Statements that SQLite carries out one after another, sent as one text: the walk to the thread that the file belongs to,
//! and back, takes longer than most statements.

use sea_orm::sea_query::{QueryStatementWriter, SelectStatement, SqliteQueryBuilder, Value, Values};
use sea_orm::{DbBackend, Statement};

/// What an error says that is raised where a statement touched another number of rows than it had to.
pub const STALE: &str = "rollcall_stale";

#[derive(Default)]
pub struct Script {
    sql: String,
    values: Vec<Value>,
}

impl Script {
    /// A change; of so many rows, where that matters.
    pub fn change(&mut self, statement: &impl QueryStatementWriter, expected: Option<usize>) {
        let (sql, Values(values)) = statement.build(SqliteQueryBuilder);
        self.append(&sql, values);
        if let Some(expected) = expected {
            self.guard("SELECT changes() AS touched", Vec::new(), expected);
        }
    }

    /// A question that has to have so many rows for an answer.
    pub fn require(&mut self, question: &SelectStatement, expected: usize) {
        let (sql, Values(values)) = question.build(SqliteQueryBuilder);
        self.guard(&format!("SELECT count(*) AS touched FROM ({sql})"), values, expected);
    }

    /// A path of JSON that begins like this is an error, and an error ends the script. It is put together with the count, or
    /// SQLite would work it out before it looks at any row.
    fn guard(&mut self, count: &str, mut values: Vec<Value>, expected: usize) {
        values.push(i64::try_from(expected).unwrap_or(i64::MAX).into());
        let raised = format!("json_extract('{{}}', '{STALE}' || touched)");
        self.append(&format!("SELECT {raised} FROM ({count}) WHERE touched <> ?"), values);
    }

    fn append(&mut self, sql: &str, values: Vec<Value>) {
        self.sql.push_str(sql);
        self.sql.push_str("; ");
        self.values.extend(values);
    }
}

impl From<Script> for Statement {
    fn from(Script { sql, values }: Script) -> Self {
        Self::from_sql_and_values(DbBackend::Sqlite, sql, values)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "there are no tenants here")]
mod tests {
    use domain::store::StoreError;
    use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
    use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbErr, QueryResult};

    use super::*;
    use crate::sql::error::failure;

    async fn file() -> DatabaseConnection {
        let file = Database::connect("sqlite::memory:").await.unwrap();
        file.execute_unprepared("CREATE TABLE thing (id int, name text); INSERT INTO thing VALUES (1, 'a'), (2, 'b')")
            .await
            .unwrap();
        file
    }

    fn rename(script: &mut Script, id: i32, name: &str, expected: usize) {
        let mut update = Query::update();
        update.table("thing").value("name", name).and_where(Expr::col("id").lte(id));
        script.change(&update, Some(expected));
    }

    fn require(script: &mut Script, name: &str, expected: usize) {
        let asked = Query::select().column("id").from("thing").and_where(Expr::col("name").eq(name)).take();
        script.require(&asked, expected);
    }

    async fn run(file: &DatabaseConnection, script: Script) -> Result<Vec<QueryResult>, DbErr> {
        file.query_all_raw(script.into()).await
    }

    async fn names(file: &DatabaseConnection) -> Vec<String> {
        let asked = Query::select().column("name").from("thing").take();
        file.query_all(&asked).await.unwrap().iter().map(|row| row.try_get("", "name").unwrap()).collect()
    }

    #[tokio::test]
    async fn statements_have_their_own_values_and_give_what_they_return() {
        let file = file().await;
        let mut script = Script::default();
        require(&mut script, "a", 1);
        rename(&mut script, 2, "x", 2);
        require(&mut script, "a", 0);
        let mut insert = Query::insert();
        insert.into_table("thing").columns(["id", "name"]).values_panic([3.into(), "c".into()]);
        script.change(insert.returning(Query::returning().column("id")), Some(1));
        rename(&mut script, 1, "y", 1);
        let rows = run(&file, script).await.unwrap();
        let ids: Vec<i32> = rows.iter().map(|row| row.try_get("", "id").unwrap()).collect();
        assert_eq!((ids, names(&file).await), (vec![3], vec!["y".to_owned(), "x".to_owned(), "c".to_owned()]));
    }

    #[tokio::test]
    async fn another_number_of_rows_is_the_end() {
        let file = file().await;
        for (asked, touched) in [(0, 1), (1, 0), (1, 3)] {
            let mut script = Script::default();
            require(&mut script, "a", asked);
            rename(&mut script, 2, "x", touched);
            rename(&mut script, 2, "never", 2);
            assert_eq!(failure(run(&file, script).await.unwrap_err()), StoreError::Contention, "{asked} {touched}");
            assert!(!names(&file).await.contains(&"never".to_owned()));
        }
        // The same text once more.
        let mut right = Script::default();
        require(&mut right, "a", 0);
        rename(&mut right, 2, "y", 2);
        rename(&mut right, 2, "z", 2);
        run(&file, right).await.unwrap();
        assert_eq!(names(&file).await, ["z", "z"]);
        let mut wrong = Script::default();
        wrong.change(&Query::select().column("id").from("nothing").take(), None);
        assert_ne!(failure(run(&file, wrong).await.unwrap_err()), StoreError::Contention);
    }
}
