//! Orders that the database can sort by.

use domain::store::{Position, Sort, StoreError};
use scim_protocol::resource_type::ResourceType;
use scim_protocol::sort::SortKey;
use sea_orm::QueryResult;
use sea_orm::sea_query::{Expr, ExprTrait, NullOrdering, Order, SelectStatement, Value};

use super::entity::resource::{Column, Entity};
use super::error::failure;
use super::key;
use super::search::{key_column, moment_column};

/// By a column of the resource's row, and by creation where that does not tell (RFC 7644 §3.4.2.3).
pub struct SqlOrder {
    column: Option<(Column, Order)>,
}

/// A part of an ordered list, which an index gives in one go.
#[derive(Clone, Debug)]
pub enum Leg {
    Everything,
    /// What this is true of.
    Where(Expr),
}

impl SqlOrder {
    /// Ids grow with time.
    pub fn creation() -> Self {
        Self { column: None }
    }

    pub fn is_creation(&self) -> bool {
        self.column.is_none()
    }

    /// None when the values to sort by are in no column.
    pub fn of(resource_type: &ResourceType, sort: &Sort) -> Option<Self> {
        let field = &sort.field;
        if field.is_core("id", None) && !sort.descending {
            return Some(Self::creation());
        }
        let column = key_column(resource_type, field).or_else(|| moment_column(field))?;
        Some(Self { column: Some((column, if sort.descending { Order::Desc } else { Order::Asc })) })
    }

    /// What is missing comes last when ascending and first when descending.
    pub fn apply(&self, mut query: SelectStatement) -> SelectStatement {
        if let Some((column, order)) = &self.column {
            let nulls = if *order == Order::Desc { NullOrdering::First } else { NullOrdering::Last };
            query.order_by_with_nulls((Entity, *column), order.clone(), nulls);
        }
        query.order_by((Entity, Column::Id), Order::Asc).take()
    }

    /// What comes after a position, one part after another: an index has what lacks a value at its end, so that both
    /// parts together would be looked for in all of it. None when the position tells less than the keys do.
    pub fn legs(&self, after: Option<&Position>) -> Option<Vec<Leg>> {
        let Some(Position { key, id }) = after else { return Some(vec![Leg::Everything]) };
        let later = Expr::col((Entity, Column::Id)).gt(id.0);
        let Some((column, order)) = &self.column else { return Some(vec![Leg::Where(later)]) };
        let at = || Expr::col((Entity, *column));
        let is_descending = *order == Order::Desc;
        let key: Value = match key {
            SortKey::Missing if is_descending => {
                return Some(vec![Leg::Where(at().is_null().and(later)), Leg::Where(at().is_not_null())]);
            }
            SortKey::Missing => return Some(vec![Leg::Where(at().is_null().and(later))]),
            SortKey::Text(text) => Some(key::exact(text)).filter(|key| !key::is_cut(key))?.into(),
            SortKey::Instant(micros) => (*micros).into(),
            SortKey::Number(_) | SortKey::Bool(_) => return None,
        };
        let seen = at().eq(key.clone()).and(Expr::col((Entity, Column::Id)).lte(id.0)).not();
        Some(match is_descending {
            true => vec![Leg::Where(at().lte(key).and(seen))],
            false => vec![Leg::Where(at().gte(key).and(seen)), Leg::Where(at().is_null())],
        })
    }

    /// Whether a page holds a key that is cut: long values that begin alike are not in order among themselves.
    pub fn is_unclear(&self, rows: &[QueryResult]) -> Result<bool, StoreError> {
        let column = match &self.column {
            Some((Column::UniqueKey, _)) => "unique_key",
            Some((Column::ExternalKey, _)) => "external_key",
            Some((Column::DisplayKey, _)) => "display_key",
            _ => return Ok(false),
        };
        for row in rows {
            let value: Option<String> = row.try_get("", column).map_err(failure)?;
            if value.is_some_and(|value| key::is_cut(&value)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Leg {
    pub fn of(&self, mut query: SelectStatement) -> SelectStatement {
        match self {
            Self::Everything => query,
            Self::Where(condition) => query.and_where(condition.clone()).take(),
        }
    }
}
