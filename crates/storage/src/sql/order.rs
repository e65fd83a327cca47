//! Orders that the database can sort by.

use domain::store::{Sort, StoreError};
use scim_protocol::resource_type::ResourceType;
use sea_orm::sea_query::{Expr, NullOrdering, Order};
use sea_orm::{QueryOrder, QueryResult, Select};

use super::entity::resource::{Column, Entity};
use super::error::failure;
use super::key;

/// By a column of the resource's row, and by creation where that does not tell (RFC 7644 §3.4.2.3).
pub struct SqlOrder {
    column: Option<(Column, Order)>,
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
        let is_unique = resource_type.unique.as_deref() == Some(field.name.as_str());
        let column = match (field.extension.as_ref(), field.name.as_str(), field.sub.as_deref()) {
            (None, "externalId", None) => Column::ExternalKey,
            (None, "displayName", None) => Column::DisplayKey,
            (None, "meta", Some("created")) => Column::CreatedUs,
            (None, "meta", Some("lastModified")) => Column::ModifiedUs,
            (None, _, None) if is_unique => Column::UniqueKey,
            _ => return None,
        };
        Some(Self { column: Some((column, if sort.descending { Order::Desc } else { Order::Asc })) })
    }

    /// What is missing comes last when ascending and first when descending.
    pub fn apply(&self, query: Select<Entity>) -> Select<Entity> {
        let by_column = |query: Select<Entity>, column: Column, order: &Order| match order {
            Order::Desc => query.order_by_with_nulls(column, Order::Desc, NullOrdering::First),
            _ => query.order_by_with_nulls(column, Order::Asc, NullOrdering::Last),
        };
        let query = match &self.column {
            None => query,
            Some((column, order)) => by_column(query, *column, order),
        };
        query.order_by(Expr::col((Entity, Column::Id)), Order::Asc)
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
