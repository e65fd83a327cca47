//! How many resources there are of a kind, without counting them (decisions.md 6).

use domain::directory::Kind;
use domain::store::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait, InsertStatement, SelectStatement};
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, QueryFilter, QueryResult, QuerySelect};
use uuid::Uuid;

use crate::sql::entity::resource_count::{ActiveModel, Column, Entity};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::{Door, statement};
use crate::sql::store::Session;

/// What the parts add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub total: u64,
    /// Grows with every resource that comes or goes.
    pub changes: i64,
}

pub fn row(door: Door, kind: &Kind, id: Uuid, delta: i64) -> InsertStatement {
    let row =
        ActiveModel { tenant_id: NotSet, kind: Set(kind.to_string()), id: Set(id), delta: Set(delta), changes: Set(1) };
    statement(door.insert::<Entity>([row]))
}

fn sum(door: Door, kind: &Kind, column: Column) -> SelectStatement {
    let sum = Expr::col((Entity, column)).sum().if_null(0_i64);
    statement(door.select::<Entity>().filter(Column::Kind.eq(kind.as_str())).select_only().expr(sum))
}

impl<L: Line> Session<L> {
    pub async fn count(&self, kind: &Kind) -> Result<Count, StoreError> {
        let columns = sea_orm::sea_query::Query::select()
            .expr_as(self.total(kind), "total")
            .expr_as(self.changes(kind), "changes")
            .take();
        let rows = self.rows(columns).await?;
        rows.first().map_or(Ok(Count::default()), read)
    }

    /// The number of resources, as a column `total` of another statement.
    pub fn total(&self, kind: &Kind) -> Expr {
        Expr::from(sum(self.door, kind, Column::Delta)).cast_as("bigint")
    }

    pub fn changes(&self, kind: &Kind) -> Expr {
        Expr::from(sum(self.door, kind, Column::Changes)).cast_as("bigint")
    }
}

/// Reads the columns `total` and `changes`.
pub fn read(row: &QueryResult) -> Result<Count, StoreError> {
    let total: i64 = row.try_get("", "total").map_err(failure)?;
    Ok(Count { total: u64::try_from(total).unwrap_or(0), changes: row.try_get("", "changes").map_err(failure)? })
}
