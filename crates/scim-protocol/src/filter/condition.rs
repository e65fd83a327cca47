//! A filter checked against a resource type: every name known, every value of a type its attribute compares with.

use serde_json::Number;

use super::ast::{Filter, Literal, Operator};
use crate::Fault;
use crate::attribute::{Attribute, AttributeType, Returned};
use crate::path::AttrPath;
use crate::resource_type::{Field, Located, ResourceType};
use crate::value;

/// A value of the attribute's own type.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Text(String),
    Number(Number),
    Bool(bool),
    /// Microseconds since 1970.
    Instant(i64),
}

/// What a resource must be to match. Fields inside [`Condition::Element`] name sub-attributes of the element.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Compare { field: Field, operator: Operator, value: Operand },
    Present(Field),
    Element { field: Field, condition: Box<Condition> },
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
}

impl Filter {
    /// Checks the filter against a resource type.
    ///
    /// # Errors
    /// 400 `invalidFilter` for an attribute the type does not have, a value of the wrong type, an ordering of booleans or
    /// binaries, or an attribute that may not be asked for.
    pub fn check(&self, resource_type: &ResourceType) -> Result<Condition, Fault> {
        self.check_among(resource_type, &[])
    }

    /// Checks the filter of a question about several types against one of them. What only others have has no value here
    /// (RFC 7644 §3.4.2.1).
    ///
    /// # Errors
    /// As [`Filter::check`].
    pub fn check_among(&self, resource_type: &ResourceType, others: &[&ResourceType]) -> Result<Condition, Fault> {
        convert(self, &|path| match resource_type.locate(path) {
            Some(located) => askable(path, located).map(Some),
            None if others.iter().any(|other| other.locate(path).is_some()) => Ok(None),
            None => Err(unknown(path, &resource_type.name)),
        })
    }

    /// Whether it asks about something that is never returned, such as a password.
    pub fn asks_for_secret(&self, resource_type: &ResourceType) -> bool {
        match self {
            Self::And(terms) | Self::Or(terms) => terms.iter().any(|term| term.asks_for_secret(resource_type)),
            Self::Not(inner) => inner.asks_for_secret(resource_type),
            Self::Compare { path, .. } | Self::Present(path) | Self::Element { path, .. } => {
                resource_type.locate(path).is_some_and(|located| is_secret(&located))
            }
        }
    }

    /// Checks a filter that stands in brackets behind a complex attribute.
    ///
    /// # Errors
    /// As [`Filter::check`].
    pub fn check_element(&self, attribute: &Attribute) -> Result<Condition, Fault> {
        convert(self, &|path| element_field(attribute, path).map(Some))
    }
}

/// Gives the field of a path, and its attribute where elements of it may be selected; nothing for what has no value.
type Resolve<'r, 't> = &'r dyn Fn(&AttrPath) -> Result<Option<(Field, Option<&'t Attribute>)>, Fault>;

fn is_secret(located: &Located<'_>) -> bool {
    [located.attribute, located.leaf()].iter().any(|attribute| attribute.returned == Returned::Never)
}

fn unknown(path: &AttrPath, what: &str) -> Fault {
    Fault::invalid_filter(format!("{what} has no attribute \"{path}\""))
}

/// What is never returned must not be found out by asking either.
fn secret(path: &AttrPath) -> Fault {
    Fault::invalid_filter(format!("\"{path}\" cannot be filtered by"))
}

/// The field to compare, and the attribute itself when elements of it may be selected.
fn askable<'t>(path: &AttrPath, located: Located<'t>) -> Result<(Field, Option<&'t Attribute>), Fault> {
    if is_secret(&located) {
        return Err(secret(path));
    }
    if located.field().is_core("meta", Some("location")) {
        return Err(Fault::invalid_filter("\"meta.location\" can be compared with eq and ne only; filter by \"id\""));
    }
    let selectable = (located.sub.is_none() && located.attribute.is_complex()).then_some(located.attribute);
    Ok((located.field(), selectable))
}

fn element_field<'t>(attribute: &'t Attribute, path: &AttrPath) -> Result<(Field, Option<&'t Attribute>), Fault> {
    let sub = match (&path.urn, &path.sub) {
        (None, None) => attribute.sub(&path.name),
        _ => None,
    };
    let sub = sub.ok_or_else(|| unknown(path, &format!("\"{}\"", attribute.name)))?;
    if sub.returned == Returned::Never {
        return Err(secret(path));
    }
    if attribute.name == "meta" && sub.name == "location" {
        return Err(Fault::invalid_filter("\"meta.location\" is compared outside of brackets"));
    }
    let field =
        Field { extension: None, name: sub.name.clone(), sub: None, kind: sub.kind, case_exact: sub.case_exact };
    Ok((field, None))
}

fn convert(filter: &Filter, resolve: Resolve<'_, '_>) -> Result<Condition, Fault> {
    let each = |terms: &[Filter]| terms.iter().map(|term| convert(term, resolve)).collect::<Result<Vec<_>, _>>();
    match filter {
        Filter::And(terms) => each(terms).map(Condition::And),
        Filter::Or(terms) => each(terms).map(Condition::Or),
        Filter::Not(inner) => Ok(Condition::Not(Box::new(convert(inner, resolve)?))),
        Filter::Present(path) => Ok(resolve(path)?.map_or(Condition::NEVER, |(field, _)| Condition::Present(field))),
        Filter::Element { path, filter } => {
            let Some((field, attribute)) = resolve(path)? else { return Ok(Condition::NEVER) };
            let attribute = attribute
                .ok_or_else(|| Fault::invalid_filter(format!("\"{path}\" has no sub-attributes to filter by")))?;
            Ok(Condition::Element { field, condition: Box::new(filter.check_element(attribute)?) })
        }
        Filter::Compare { path, operator, value } => {
            let Some((field, attribute)) = resolve(path)? else {
                let wanted = if *value == Literal::Null { Operator::Eq } else { Operator::Ne };
                return Ok(if *operator == wanted { Condition::ALWAYS } else { Condition::NEVER });
            };
            let field = by_value(path, field, attribute)?;
            compare(path, field, *operator, value)
        }
    }
}

/// A complex attribute compares by its `value` (RFC 7644 §3.4.2.2: `emails` means `emails.value`).
fn by_value(path: &AttrPath, field: Field, attribute: Option<&Attribute>) -> Result<Field, Fault> {
    let Some(attribute) = attribute else { return Ok(field) };
    let value = attribute
        .sub("value")
        .ok_or_else(|| Fault::invalid_filter(format!("\"{path}\" is complex; name one of its sub-attributes")))?;
    Ok(Field { sub: Some(value.name.clone()), kind: value.kind, case_exact: value.case_exact, ..field })
}

fn compare(path: &AttrPath, field: Field, operator: Operator, literal: &Literal) -> Result<Condition, Fault> {
    if *literal == Literal::Null {
        return match operator {
            Operator::Eq => Ok(Condition::Not(Box::new(Condition::Present(field)))),
            Operator::Ne => Ok(Condition::Present(field)),
            _ => Err(Fault::invalid_filter(format!("\"{path}\": null can be compared with eq and ne only"))),
        };
    }
    let value = operand(&field, literal).ok_or_else(|| {
        Fault::invalid_filter(format!(
            "\"{path}\" is of type {} and cannot be compared with {literal}",
            kind_name(field.kind)
        ))
    })?;
    if !allows(&field, operator) {
        let (name, kind) = (operator.as_str(), kind_name(field.kind));
        return Err(Fault::invalid_filter(format!("\"{path}\" is of type {kind} and cannot be compared with {name}")));
    }
    Ok(Condition::Compare { field, operator, value })
}

fn operand(field: &Field, literal: &Literal) -> Option<Operand> {
    match (field.kind, literal) {
        (AttributeType::Boolean, Literal::Bool(flag)) => Some(Operand::Bool(*flag)),
        (AttributeType::Integer | AttributeType::Decimal, Literal::Number(number)) => {
            Some(Operand::Number(number.clone()))
        }
        (AttributeType::DateTime, Literal::Text(text)) => value::instant(text).map(Operand::Instant),
        (AttributeType::String | AttributeType::Reference | AttributeType::Binary, Literal::Text(text)) => {
            Some(Operand::Text(text.clone()))
        }
        _ => None,
    }
}

/// RFC 7644 §3.4.2.2: no ordering of booleans and binaries; parts are looked for in text only.
fn allows(field: &Field, operator: Operator) -> bool {
    match operator {
        Operator::Eq | Operator::Ne => true,
        Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => {
            !matches!(field.kind, AttributeType::Boolean | AttributeType::Binary)
        }
        Operator::Co | Operator::Sw | Operator::Ew => {
            matches!(field.kind, AttributeType::String | AttributeType::Reference)
        }
    }
}

fn kind_name(kind: AttributeType) -> &'static str {
    match kind {
        AttributeType::String => "string",
        AttributeType::Boolean => "boolean",
        AttributeType::Decimal => "decimal",
        AttributeType::Integer => "integer",
        AttributeType::DateTime => "dateTime",
        AttributeType::Binary => "binary",
        AttributeType::Reference => "reference",
        AttributeType::Complex => "complex",
    }
}

impl Condition {
    pub const NEVER: Self = Self::Or(Vec::new());
    pub const ALWAYS: Self = Self::And(Vec::new());

    /// How many comparisons it is made of.
    pub fn terms(&self) -> usize {
        self.count(&|_| true)
    }

    /// How many of them look for a part of a text.
    pub fn parts(&self) -> usize {
        self.count(&|it| matches!(it, Self::Compare { operator: Operator::Co | Operator::Ew, .. }))
    }

    fn count(&self, counts: &dyn Fn(&Self) -> bool) -> usize {
        match self {
            Self::And(terms) | Self::Or(terms) => terms.iter().map(|term| term.count(counts)).sum(),
            Self::Not(inner) => inner.count(counts),
            Self::Element { condition, .. } => condition.count(counts),
            Self::Compare { .. } | Self::Present(_) => usize::from(counts(self)),
        }
    }

    /// Whether any field in the condition is the named core attribute or one of its sub-attributes.
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Self::Compare { field, .. } | Self::Present(field) | Self::Element { field, .. } => {
                field.extension.is_none() && field.name == name
            }
            Self::And(terms) | Self::Or(terms) => terms.iter().any(|term| term.mentions(name)),
            Self::Not(inner) => inner.mentions(name),
        }
    }
}
