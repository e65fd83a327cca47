//! Conditions → SQL. What has an index is answered by the database; the rest is for the evaluator (decisions.md 5).

use domain::ids::ResourceId;
use scim_protocol::filter::{Condition, Operand, Operator};
use scim_protocol::resource_type::{Field, ResourceType};
use scim_protocol::value::fold;
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::entity::{member, resource, resource_value};
use super::key;
use super::repo::resources::INDEXED_PATHS;
use super::scope::Door;

/// What the database can say about a condition.
#[derive(Debug)]
pub struct Narrowed {
    /// True of every resource that matches, and possibly of others.
    pub sql: Expr,
    /// Whether it is true of no others.
    pub exact: bool,
}

/// The part of a condition the database can answer; none when it would have to look at everything.
pub fn narrow(door: Door, resource_type: &ResourceType, condition: &Condition) -> Option<Narrowed> {
    match condition {
        Condition::And(terms) => {
            let parts: Vec<Option<Narrowed>> = terms.iter().map(|term| narrow(door, resource_type, term)).collect();
            let exact = parts.iter().all(|part| part.as_ref().is_some_and(|part| part.exact));
            let sql = parts.into_iter().flatten().map(|part| part.sql).reduce(ExprTrait::and)?;
            Some(Narrowed { sql, exact })
        }
        Condition::Or(terms) => {
            let parts: Option<Vec<Narrowed>> = terms.iter().map(|term| narrow(door, resource_type, term)).collect();
            let parts = parts?;
            let exact = parts.iter().all(|part| part.exact);
            let sql = parts.into_iter().map(|part| part.sql).reduce(ExprTrait::or)?;
            Some(Narrowed { sql, exact })
        }
        Condition::Element { field, condition } => element(door, resource_type, field, condition),
        Condition::Compare { field, operator, value } => compare(door, resource_type, field, *operator, value),
        Condition::Present(_) | Condition::Not(_) => None,
    }
}

/// One element has to satisfy everything inside; that it has the right `value` is what an index can tell.
fn element(door: Door, resource_type: &ResourceType, field: &Field, condition: &Condition) -> Option<Narrowed> {
    match condition {
        Condition::And(terms) => {
            let narrowed = terms.iter().find_map(|term| element(door, resource_type, field, term))?;
            Some(Narrowed { exact: false, ..narrowed })
        }
        Condition::Compare { field: sub, operator: Operator::Eq, value } if sub.name == "value" => {
            let field =
                Field { sub: Some(sub.name.clone()), kind: sub.kind, case_exact: sub.case_exact, ..field.clone() };
            compare(door, resource_type, &field, Operator::Eq, value)
        }
        _ => None,
    }
}

fn compare(
    door: Door,
    resource_type: &ResourceType,
    field: &Field,
    operator: Operator,
    value: &Operand,
) -> Option<Narrowed> {
    match value {
        Operand::Text(text) => text_condition(door, resource_type, field, operator, text),
        Operand::Instant(micros) => instant_condition(field, operator, *micros),
        Operand::Bool(_) | Operand::Number(_) => None,
    }
}

fn text_condition(
    door: Door,
    resource_type: &ResourceType,
    field: &Field,
    operator: Operator,
    text: &str,
) -> Option<Narrowed> {
    use resource::Column::{DisplayKey, ExternalKey, Id, UniqueKey};
    let is_eq = operator == Operator::Eq;
    if field.extension.is_some() {
        return None;
    }
    match (field.name.as_str(), field.sub.as_deref()) {
        ("id", None) if is_eq => Some(exactly(own_id(text).map_or_else(nothing, |id| Id.eq(id)))),
        ("externalId", None) if is_eq => Some(exactly(ExternalKey.eq(key::exact(text)))),
        ("displayName", None) => folded_column(DisplayKey, operator, text),
        (name, None) if resource_type.unique.as_deref() == Some(name) => folded_column(UniqueKey, operator, text),
        ("groups", Some("value")) if is_eq => {
            Some(exactly(related(door, text, member::Column::GroupId, member::Column::MemberId)))
        }
        ("members", Some("value")) if is_eq => {
            Some(exactly(related(door, text, member::Column::MemberId, member::Column::GroupId)))
        }
        (name, Some(sub)) if is_eq && INDEXED_PATHS.contains(&(name, sub)) => {
            Some(exactly(side_table(door, resource_type, &format!("{name}.{sub}"), &key::folded(text))))
        }
        _ => None,
    }
}

fn exactly(sql: Expr) -> Narrowed {
    Narrowed { sql, exact: true }
}

fn nothing() -> Expr {
    Expr::value(1).eq(0)
}

/// An id as it is written in answers; `id` is caseExact.
fn own_id(text: &str) -> Option<Uuid> {
    let id: ResourceId = text.parse().ok()?;
    (id.to_string() == text).then_some(id.0)
}

fn folded_column(column: resource::Column, operator: Operator, text: &str) -> Option<Narrowed> {
    match operator {
        Operator::Eq => Some(exactly(column.eq(key::folded(text)))),
        Operator::Sw => {
            let (from, below) = key::range(&fold(text))?;
            let sql = column.gte(from);
            Some(exactly(below.into_iter().fold(sql, |sql, below| sql.and(column.lt(below)))))
        }
        _ => None,
    }
}

fn related(door: Door, text: &str, given: member::Column, wanted: member::Column) -> Expr {
    let Some(id) = own_id(text) else { return nothing() };
    let ids = door.select::<member::Entity>().filter(given.eq(id)).select_only().column(wanted);
    in_ids(ids.into_query())
}

fn side_table(door: Door, resource_type: &ResourceType, path: &str, key: &str) -> Expr {
    use resource_value::Column;
    let ids = door
        .select::<resource_value::Entity>()
        .filter(Column::Kind.eq(resource_type.name.as_str()))
        .filter(Column::Path.eq(path))
        .filter(Column::Key.eq(key))
        .select_only()
        .column(Column::ResourceId);
    in_ids(ids.into_query())
}

/// `id IN (subquery)`, never a correlated `EXISTS` (dependencies.md §0.6).
fn in_ids(ids: SelectStatement) -> Expr {
    Expr::col((resource::Entity, resource::Column::Id)).in_subquery(ids)
}

fn instant_condition(field: &Field, operator: Operator, micros: i64) -> Option<Narrowed> {
    let column = match (field.name.as_str(), field.sub.as_deref()) {
        ("meta", Some("lastModified")) => resource::Column::ModifiedUs,
        ("meta", Some("created")) => resource::Column::CreatedUs,
        _ => return None,
    };
    let sql = match operator {
        Operator::Eq => column.eq(micros),
        Operator::Ne => column.ne(micros),
        Operator::Gt => column.gt(micros),
        Operator::Ge => column.gte(micros),
        Operator::Lt => column.lt(micros),
        Operator::Le => column.lte(micros),
        Operator::Co | Operator::Sw | Operator::Ew => return None,
    };
    Some(exactly(sql))
}
