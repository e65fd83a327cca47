//! Conditions → SQL. What has an index is answered by the database; the rest is for the evaluator (decisions.md 5).

use domain::ids::ResourceId;
use domain::value_index::IndexState;
use scim_protocol::attribute::AttributeType;
use scim_protocol::filter::{Condition, Operand, Operator};
use scim_protocol::resource_type::{Field, ResourceType};
use scim_protocol::value::fold;
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, DbBackend, QueryFilter, QuerySelect};
use serde_json::Number;
use uuid::Uuid;

use super::dialect;
use super::entity::{member, resource, resource_value};
use super::key;
use super::repo::nesting;
use super::scope::{Door, statement};
use super::search::{Indexed, key_column, moment_column};

/// What the database can say about a condition.
#[derive(Clone, Debug)]
pub struct Narrowed {
    pub set: Set,
    /// Whether the set holds nothing else.
    pub exactness: Exactness,
    /// Whether it holds hardly more than one resource, so that nothing else is worth asking for.
    pub is_point: bool,
    /// Whether an index gives it by a value, so that few are looked at.
    pub is_by_value: bool,
}

/// Resources that a condition may be true of: at least all that it is true of.
#[derive(Clone, Debug)]
pub enum Set {
    /// Those of which an expression over the resource's own row is true.
    Rows(Expr),
    /// Those whose ids a statement gives, in its one column.
    Ids(Box<SelectStatement>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Exactness {
    Exact,
    /// As long as the key of none of them is cut, which this expression over the set's own table tells.
    UnlessCut(Expr),
    Candidates,
}

impl Set {
    /// As an expression over the resource's row. `id IN (subquery)`, never a correlated `EXISTS` (dependencies.md §0.6).
    pub fn expr(self) -> Expr {
        match self {
            Self::Rows(expr) => expr,
            Self::Ids(ids) => Expr::col((resource::Entity, resource::Column::Id)).in_subquery(*ids),
        }
    }
}

impl Narrowed {
    fn exactly(set: Set) -> Self {
        Self { set, exactness: Exactness::Exact, is_point: false, is_by_value: false }
    }

    fn candidates(set: Set) -> Self {
        Self { set, exactness: Exactness::Candidates, is_point: false, is_by_value: false }
    }

    fn point(self) -> Self {
        Self { is_point: true, ..self.by_value() }
    }

    fn by_value(self) -> Self {
        Self { is_by_value: true, ..self }
    }

    fn is_exact(&self) -> bool {
        self.exactness == Exactness::Exact
    }

    fn but_only(self, exact: bool) -> Self {
        match exact && self.is_exact() {
            true => self,
            false => Self { exactness: Exactness::Candidates, ..self },
        }
    }
}

/// A question about resources of one type of one tenant.
pub struct Narrowing<'q> {
    pub door: Door,
    pub backend: DbBackend,
    pub resource_type: &'q ResourceType,
    pub indexed: &'q [Indexed],
    /// Whether parts of texts may be looked for in whole indexes.
    pub may_scan: bool,
}

/// Where a field's keys are.
enum Place<'q> {
    Column(resource::Column),
    Side(&'q Indexed),
}

impl<'q> Narrowing<'q> {
    /// The part of a condition the database can answer; none when it would have to look at everything.
    pub fn narrow(&self, condition: &Condition) -> Option<Narrowed> {
        match condition {
            Condition::And(terms) => Self::all(terms.iter().map(|term| self.narrow(term)).collect()),
            Condition::Or(terms) => Self::any(terms.iter().map(|term| self.narrow(term)).collect()),
            Condition::Element { field, condition } => self.element(field, condition),
            Condition::Compare { field, operator, value } => self.compare(field, *operator, value),
            Condition::Present(field) => self.present(field),
            Condition::Not(_) => None,
        }
    }

    /// Where a term finds hardly anybody, the others are asked of those alone.
    fn all(parts: Vec<Option<Narrowed>>) -> Option<Narrowed> {
        let (count, has_point) = (parts.len(), parts.iter().flatten().any(|part| part.is_point));
        let used: Vec<Narrowed> = parts.into_iter().flatten().filter(|part| part.is_point || !has_point).collect();
        let exact = used.len() == count && used.iter().all(Narrowed::is_exact);
        let is_by_value = used.iter().any(|part| part.is_by_value);
        let set = used.into_iter().map(|part| part.set.expr()).reduce(ExprTrait::and)?;
        let narrowed = if exact { Narrowed::exactly(Set::Rows(set)) } else { Narrowed::candidates(Set::Rows(set)) };
        Some(Narrowed { is_point: has_point, is_by_value, ..narrowed })
    }

    fn any(parts: Vec<Option<Narrowed>>) -> Option<Narrowed> {
        if parts.is_empty() {
            return Some(Narrowed::exactly(Set::Rows(nothing())).point());
        }
        let parts: Vec<Narrowed> = parts.into_iter().collect::<Option<_>>()?;
        let (exact, is_point) = (parts.iter().all(Narrowed::is_exact), parts.iter().all(|part| part.is_point));
        let is_by_value = parts.iter().all(|part| part.is_by_value);
        let set = parts.into_iter().map(|part| part.set.expr()).reduce(ExprTrait::or)?;
        let narrowed = if exact { Narrowed::exactly(Set::Rows(set)) } else { Narrowed::candidates(Set::Rows(set)) };
        Some(Narrowed { is_point, is_by_value, ..narrowed })
    }

    /// One element has to satisfy everything inside. Of several things that have to be true together the side table
    /// cannot tell whether they are of the same element.
    fn element(&self, field: &Field, condition: &Condition) -> Option<Narrowed> {
        let outer = |sub: &Field| Field {
            sub: Some(sub.name.clone()),
            kind: sub.kind,
            case_exact: sub.case_exact,
            ..field.clone()
        };
        match condition {
            Condition::And(terms) => {
                let parts = terms.iter().map(|term| self.element(field, term)).collect();
                Self::all(parts).map(|narrowed| narrowed.but_only(terms.len() == 1))
            }
            Condition::Or(terms) => Self::any(terms.iter().map(|term| self.element(field, term)).collect()),
            Condition::Compare { field: sub, operator, value } => self.compare(&outer(sub), *operator, value),
            Condition::Present(sub) => self.present(&outer(sub)),
            Condition::Element { .. } | Condition::Not(_) => None,
        }
    }

    fn place(&self, field: &Field) -> Option<Place<'q>> {
        let column = key_column(self.resource_type, field);
        let side =
            || self.indexed.iter().find(|indexed| indexed.field == *field && indexed.state == IndexState::Complete);
        column.map(Place::Column).or_else(|| side().map(Place::Side))
    }

    /// The resources of which a value at this place has a key that satisfies something; each of them once.
    fn with_key(&self, place: &Place<'_>, operator: Operator, satisfies: impl Fn(Expr) -> Expr) -> Set {
        match place {
            Place::Column(column) => Set::Rows(satisfies(Expr::col((resource::Entity, *column)))),
            Place::Side(indexed) => {
                use resource_value::Column;
                let key = Expr::col((resource_value::Entity, Column::Key));
                let ids = self.door.select::<resource_value::Entity>();
                let ids = ids.filter(Column::Kind.eq(self.resource_type.name.as_str()));
                let ids = ids.filter(Column::Path.eq(indexed.path.as_str())).filter(satisfies(key));
                let ids = ids.select_only().column(Column::ResourceId);
                Set::Ids(Box::new(statement(if operator == Operator::Eq { ids } else { ids.distinct() })))
            }
        }
    }

    fn compare(&self, field: &Field, operator: Operator, value: &Operand) -> Option<Narrowed> {
        if let Some(narrowed) = self.relation(field, operator, value) {
            return Some(narrowed);
        }
        if let (Operand::Instant(micros), Some(column)) = (value, moment_column(field)) {
            let sql = ordered(Expr::col((resource::Entity, column)), operator, *micros)?;
            return Some(Narrowed::exactly(Set::Rows(sql)));
        }
        let place = self.place(field)?;
        match value {
            Operand::Text(text) if field.case_exact => self.text(&place, operator, text),
            Operand::Text(text) => self.text(&place, operator, &fold(text)),
            // What is not there differs too, and is in no index.
            Operand::Instant(_) if operator == Operator::Ne => None,
            Operand::Instant(micros) => Some(Narrowed::exactly(self.keyed(&place, operator, key::moment(*micros)))),
            Operand::Number(number) => self.number(&place, operator, number),
            // An element without the mark is not the primary one, and in no index.
            Operand::Bool(false) if field.is_primary_mark() => None,
            Operand::Bool(flag) if operator == Operator::Eq => {
                Some(Narrowed::exactly(self.keyed(&place, operator, key::flag(*flag))))
            }
            Operand::Bool(_) => None,
        }
    }

    fn keyed(&self, place: &Place<'_>, operator: Operator, wanted: String) -> Set {
        self.with_key(place, operator, |key| ordered(key, operator, wanted.clone()).unwrap_or_else(nothing))
    }

    /// `text` is folded already where the field compares without case.
    fn text(&self, place: &Place<'_>, operator: Operator, text: &str) -> Option<Narrowed> {
        match operator {
            Operator::Eq => {
                let narrowed = Narrowed::exactly(self.keyed(place, operator, key::exact(text))).by_value();
                Some(if Self::is_selective(place) { narrowed.point() } else { narrowed })
            }
            Operator::Sw => {
                let (from, below) = key::range(text)?;
                Some(Narrowed::exactly(self.with_key(place, operator, |key| {
                    let sql = key.clone().gte(from.as_str());
                    below.iter().fold(sql, |sql, below| sql.and(key.clone().lt(below.as_str())))
                })))
            }
            Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => {
                key::is_short(text).then(|| Narrowed::exactly(self.keyed(place, operator, text.to_owned())))
            }
            Operator::Co | Operator::Ew => self.may_scan.then(|| self.part(place, operator, text)),
            Operator::Ne => None,
        }
    }

    /// A part of a value is looked for in all keys of the index, which is much quicker than in all documents.
    fn part(&self, place: &Place<'_>, operator: Operator, text: &str) -> Narrowed {
        let is_cut = |key: Expr| dialect::length(self.backend, key).gt(i64::try_from(key::PREFIX).unwrap_or(i64::MAX));
        let set = self.with_key(place, operator, |key| {
            let found = match operator {
                Operator::Ew => dialect::ends_with(self.backend, key.clone(), text),
                _ => dialect::contains(self.backend, key.clone(), text),
            };
            found.or(is_cut(key))
        });
        let key = match place {
            Place::Column(column) => Expr::col((resource::Entity, *column)),
            Place::Side(_) => Expr::col((resource_value::Entity, resource_value::Column::Key)),
        };
        Narrowed { set, exactness: Exactness::UnlessCut(is_cut(key)), is_point: false, is_by_value: false }
    }

    /// Neighbours of large whole numbers share a key, so what is found is tested once more.
    fn number(&self, place: &Place<'_>, operator: Operator, number: &Number) -> Option<Narrowed> {
        let operator = match operator {
            Operator::Gt => Operator::Ge,
            Operator::Lt => Operator::Le,
            other => other,
        };
        let wanted = key::number(number)?;
        matches!(operator, Operator::Eq | Operator::Ge | Operator::Le)
            .then(|| Narrowed::candidates(self.keyed(place, operator, wanted)))
    }

    /// Whether one key stands for hardly more than one resource.
    fn is_selective(place: &Place<'_>) -> bool {
        match place {
            Place::Column(column) => !matches!(column, resource::Column::DisplayKey),
            Place::Side(indexed) => indexed.path == "emails.value",
        }
    }

    /// RFC 7644 §3.4.2.2: an empty text is not present.
    fn present(&self, field: &Field) -> Option<Narrowed> {
        if field.kind == AttributeType::Complex {
            return None;
        }
        let place = self.place(field)?;
        Some(Narrowed::exactly(self.with_key(&place, Operator::Gt, |key| key.gt(""))))
    }

    /// Ids and memberships, which are not in documents.
    fn relation(&self, field: &Field, operator: Operator, value: &Operand) -> Option<Narrowed> {
        let Operand::Text(text) = value else { return None };
        if operator != Operator::Eq || field.extension.is_some() {
            return None;
        }
        let id = own_id(text);
        let set = match (field.name.as_str(), field.sub.as_deref()) {
            ("id", None) => {
                let column = Expr::col((resource::Entity, resource::Column::Id));
                return Some(Narrowed::exactly(Set::Rows(id.map_or_else(nothing, |id| column.eq(id)))).point());
            }
            ("groups", Some("value")) => self.related(
                id,
                |id| {
                    let groups = nesting::below(self.door, id);
                    dialect::one_of_found(self.backend, member::Column::GroupId.into_expr(), groups)
                },
                member::Column::MemberId,
            ),
            ("members", Some("value")) => {
                self.related(id, |id| member::Column::MemberId.eq(id), member::Column::GroupId)
            }
            _ => return None,
        };
        Some(Narrowed::exactly(set).by_value())
    }

    fn related(&self, id: Option<Uuid>, given: impl FnOnce(Uuid) -> Expr, wanted: member::Column) -> Set {
        let Some(id) = id else { return Set::Rows(nothing()) };
        let ids = self.door.select::<member::Entity>().filter(given(id)).select_only().column(wanted);
        Set::Rows(Set::Ids(Box::new(statement(ids))).expr())
    }

    /// The paths a condition asks about that could be indexed and are not.
    pub fn unindexed(&self, condition: &Condition) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_unindexed(None, condition, &mut paths);
        paths
    }

    fn collect_unindexed(&self, parent: Option<&Field>, condition: &Condition, paths: &mut Vec<String>) {
        match condition {
            Condition::And(terms) | Condition::Or(terms) => {
                for term in terms {
                    self.collect_unindexed(parent, term, paths);
                }
            }
            Condition::Not(inner) => self.collect_unindexed(parent, inner, paths),
            Condition::Element { field, condition } => self.collect_unindexed(Some(field), condition, paths),
            Condition::Compare { operator: Operator::Ne, .. } => {}
            Condition::Compare { field, .. } | Condition::Present(field) => {
                let field = match parent {
                    None => field.clone(),
                    Some(parent) => Field {
                        sub: Some(field.name.clone()),
                        kind: field.kind,
                        case_exact: field.case_exact,
                        ..parent.clone()
                    },
                };
                let known = self.indexed.iter().any(|indexed| indexed.field == field);
                if !known && self.place(&field).is_none() && can_be_indexed(&field) {
                    paths.push(field.path());
                }
            }
        }
    }
}

/// What the document holds can be; what the server makes and what is kept beside it is not in the document.
fn can_be_indexed(field: &Field) -> bool {
    let is_made = ["id", "meta", "schemas", "groups", "members"].contains(&field.name.as_str());
    field.kind != AttributeType::Complex && (field.extension.is_some() || !is_made)
}

fn ordered<V: Into<sea_orm::sea_query::Value>>(column: Expr, operator: Operator, wanted: V) -> Option<Expr> {
    let wanted = Expr::val(wanted);
    match operator {
        Operator::Eq => Some(column.eq(wanted)),
        Operator::Ne => Some(column.ne(wanted)),
        Operator::Gt => Some(column.gt(wanted)),
        Operator::Ge => Some(column.gte(wanted)),
        Operator::Lt => Some(column.lt(wanted)),
        Operator::Le => Some(column.lte(wanted)),
        Operator::Co | Operator::Sw | Operator::Ew => None,
    }
}

fn nothing() -> Expr {
    Expr::cust("1 = 0")
}

/// An id as it is written in answers; `id` is caseExact.
fn own_id(text: &str) -> Option<Uuid> {
    let id: ResourceId = text.parse().ok()?;
    (id.to_string() == text).then_some(id.0)
}
