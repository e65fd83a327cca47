//! Orders that the database can sort by.

use domain::store::{Sort, StoreError};
use scim_protocol::resource_type::ResourceType;
use sea_orm::QueryResult;
use sea_orm::sea_query::{NullOrdering, Order, SelectStatement};

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
    pub fn apply(&self, mut query: SelectStatement) -> SelectStatement {
        if let Some((column, order)) = &self.column {
            let nulls = if *order == Order::Desc { NullOrdering::First } else { NullOrdering::Last };
            query.order_by_with_nulls((Entity, *column), order.clone(), nulls);
        }
        query.order_by((Entity, Column::Id), Order::Asc).take()
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
