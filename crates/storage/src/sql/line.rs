//! Where statements are sent, each with the tenant it is for.

#![expect(clippy::disallowed_methods, reason = "this sends selections")]

use async_trait::async_trait;
use sea_orm::sea_query::{
    Asterisk, CommonTableExpression, Expr, JoinType, Query, SelectStatement, SqliteQueryBuilder, Value, Values,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};
use tracing::Instrument as _;

use super::scope::Door;
use super::step::step;
use crate::lanes::Lanes;
use crate::transaction::Transaction;

/// What a trace calls the two kinds of statements.
const READ: &str = "read";
pub const CHANGE: &str = "change";

/// A way to the database on which a tenant's rows can be read.
#[async_trait]
pub trait Line: Send + Sync {
    fn backend(&self) -> DbBackend;

    async fn rows(&self, door: Door, select: SelectStatement) -> Result<Vec<QueryResult>, DbErr>;

    /// Sends a statement that tells its tenant itself.
    async fn row(&self, statement: SelectStatement) -> Result<Option<QueryResult>, DbErr>;
}

/// Statements on their own: each is a transaction and one round trip.
pub enum Single {
    Sqlite(DatabaseConnection),
    Postgres(Lanes),
}

#[async_trait]
impl Line for Single {
    fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn rows(&self, door: Door, select: SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(pool) => pool.query_all_raw(spelled_out(&select)).instrument(step(READ)).await,
            Self::Postgres(lanes) => lanes.rows(&in_scope(door, select)).instrument(step(READ)).await,
        }
    }

    async fn row(&self, statement: SelectStatement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(pool) => pool.query_one(&statement).instrument(step(CHANGE)).await,
            Self::Postgres(lanes) => {
                let rows = lanes.rows(&statement).instrument(step(CHANGE)).await?;
                Ok(rows.into_iter().next())
            }
        }
    }
}

/// A transaction, which was told its tenant when it began.
#[async_trait]
impl Line for Transaction {
    fn backend(&self) -> DbBackend {
        self.get_database_backend()
    }

    async fn rows(&self, _: Door, select: SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        let asked = match self.get_database_backend() {
            DbBackend::Sqlite => self.query_all_raw(spelled_out(&select)),
            _ => self.query_all(&select),
        };
        asked.instrument(step(READ)).await
    }

    async fn row(&self, statement: SelectStatement) -> Result<Option<QueryResult>, DbErr> {
        self.query_one(&statement).instrument(step(CHANGE)).await
    }
}

/// A selection with its limit in the text: SQLite (3.51) makes the plan anew each time a value is bound to a limit, which takes
/// longer than to look for one row.
fn spelled_out(select: &SelectStatement) -> Statement {
    let (sql, Values(mut values)) = select.build(SqliteQueryBuilder);
    for (offset, bound) in [("", " LIMIT ?"), (" OFFSET ?", " LIMIT ? OFFSET ?")] {
        let place = values.len().checked_sub(bound.matches('?').count());
        let limit = place.and_then(|place| values.get(place));
        if let (Some(rest), Some(place), Some(Value::BigUnsigned(Some(limit)))) =
            (sql.strip_suffix(bound), place, limit)
        {
            let sql = format!("{rest} LIMIT {limit}{offset}");
            values.remove(place);
            return Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        }
    }
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// Tells PostgreSQL the tenant, until the transaction ends.
pub fn tell_tenant(door: Door) -> SelectStatement {
    let tenant = Expr::cust_with_values("set_config('app.tenant', $1, true)", [door.tenant().to_string()]);
    Query::select().expr_as(tenant, "tenant").take()
}

/// Tells PostgreSQL the tenant for the length of a statement.
pub fn scope(door: Door) -> CommonTableExpression {
    let mut scope = CommonTableExpression::new();
    scope.table_name("scope").query(tell_tenant(door)).materialized(true);
    scope
}

/// A selection that row-level security allows (decisions.md 2). It depends on the row that tells the tenant, and the
/// offset keeps the planner from looking at tables before that row is there; if it did, there would be no rows at all.
fn in_scope(door: Door, select: SelectStatement) -> SelectStatement {
    let fenced = Query::select()
        .column(Asterisk)
        .from_subquery(select, "asked")
        .and_where(Expr::cust("scope.tenant IS NOT NULL"))
        .offset(0)
        .take();
    let mut found = Query::select()
        .column(("found", Asterisk))
        .from("scope")
        .join_lateral(JoinType::InnerJoin, fenced, "found", Expr::cust("TRUE"))
        .take();
    found.with_cte(scope(door)).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(select: &mut SelectStatement) -> (String, usize) {
        let statement = spelled_out(select.column("id").from("thing"));
        (statement.sql, statement.values.map_or(0, |values| values.0.len()))
    }

    #[test]
    fn limits_are_in_the_text_and_nothing_else_is() {
        use sea_orm::sea_query::ExprTrait as _;
        let asked = || Query::select().and_where(Expr::col("id").eq(7)).take();
        let text = |rest: &str| format!(r#"SELECT "id" FROM "thing" WHERE "id" = ?{rest}"#);
        assert_eq!(spelled(&mut asked()), (text(""), 1));
        assert_eq!(spelled(asked().limit(5)), (text(" LIMIT 5"), 1));
        assert_eq!(spelled(asked().limit(5).offset(9)), (text(" LIMIT 5 OFFSET ?"), 2));
    }
}
