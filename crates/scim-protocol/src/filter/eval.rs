//! A [`Condition`] asked of one document. This is the meaning of a filter; SQL has to agree with it.

use serde_json::{Map, Value};

use super::ast::Operator;
use super::condition::{Condition, Operand};
use crate::attribute::AttributeType;
use crate::resource_type::Field;
use crate::value::{self, compare_numbers, fold};

impl Condition {
    /// Whether a canonical document matches.
    pub fn matches(&self, document: &Map<String, Value>) -> bool {
        match self {
            Self::Present(field) => field.values(document).iter().any(|value| is_present(value)),
            Self::Compare { field, operator: Operator::Ne, value } => {
                let values = field.compared(document);
                values.is_empty() || values.iter().any(|found| !holds(field, found, Operator::Eq, value))
            }
            Self::Compare { field, operator, value } => {
                field.compared(document).iter().any(|found| holds(field, found, *operator, value))
            }
            Self::Element { field, condition } => {
                field.values(document).iter().filter_map(|value| value.as_object()).any(|item| condition.matches(item))
            }
            Self::And(terms) => terms.iter().all(|term| term.matches(document)),
            Self::Or(terms) => terms.iter().any(|term| term.matches(document)),
            Self::Not(inner) => !inner.matches(document),
        }
    }
}

const FALSE: &Value = &Value::Bool(false);

impl Field {
    /// Whether it marks one value of several as the primary one.
    pub fn is_primary_mark(&self) -> bool {
        self.kind == AttributeType::Boolean && self.sub.as_deref().unwrap_or(&self.name) == "primary"
    }

    /// The values as they compare: an element without the mark of the primary one is not it (RFC 7643 §2.4).
    fn compared<'d>(&self, document: &'d Map<String, Value>) -> Vec<&'d Value> {
        if !self.is_primary_mark() {
            return self.values(document);
        }
        match &self.sub {
            None => vec![document.get(&self.name).unwrap_or(FALSE)],
            Some(sub) => {
                let elements = Self { sub: None, ..self.clone() };
                elements.values(document).into_iter().map(|element| element.get(sub).unwrap_or(FALSE)).collect()
            }
        }
    }

    /// The values at this place, those of multi-valued attributes one by one; none when it is unassigned.
    pub fn values<'d>(&self, document: &'d Map<String, Value>) -> Vec<&'d Value> {
        let home = match &self.extension {
            None => Some(document),
            Some(urn) => document.get(urn).and_then(Value::as_object),
        };
        let elements = elements(home.and_then(|home| home.get(&self.name)));
        match &self.sub {
            None => elements,
            Some(sub) => elements.into_iter().flat_map(|item| self::elements(item.get(sub))).collect(),
        }
    }
}

fn elements(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(other) => vec![other],
    }
}

/// RFC 7644 §3.4.2.2: `pr` asks for a non-empty value, or a non-empty node for complex attributes.
fn is_present(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().any(is_present),
        Value::String(text) => !text.is_empty(),
        other => !value::is_unassigned(other),
    }
}

fn holds(field: &Field, found: &Value, operator: Operator, wanted: &Operand) -> bool {
    match (found, wanted) {
        (Value::Bool(found), Operand::Bool(wanted)) => ordered(operator, Some(found.cmp(wanted))),
        (Value::Number(found), Operand::Number(wanted)) => ordered(operator, compare_numbers(found, wanted)),
        (Value::String(found), Operand::Instant(wanted)) => {
            ordered(operator, value::instant(found).map(|found| found.cmp(wanted)))
        }
        (Value::String(found), Operand::Text(wanted)) if field.case_exact => text_holds(found, operator, wanted),
        (Value::String(found), Operand::Text(wanted)) => text_holds(&fold(found), operator, &fold(wanted)),
        _ => false,
    }
}

fn text_holds(found: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Co => found.contains(wanted),
        Operator::Sw => found.starts_with(wanted),
        Operator::Ew => found.ends_with(wanted),
        _ => ordered(operator, Some(found.cmp(wanted))),
    }
}

fn ordered(operator: Operator, ordering: Option<std::cmp::Ordering>) -> bool {
    let Some(ordering) = ordering else { return false };
    match operator {
        Operator::Eq => ordering.is_eq(),
        Operator::Ne => ordering.is_ne(),
        Operator::Gt => ordering.is_gt(),
        Operator::Ge => ordering.is_ge(),
        Operator::Lt => ordering.is_lt(),
        Operator::Le => ordering.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::filter::parse;
    use crate::resource_type::ResourceType;

    fn matches(filter: &str) -> bool {
        let document = json!({
            "userName": "Bjensen@Example.com", "externalId": "Abc", "active": true, "title": "",
            "name": {"familyName": "O'Malley"},
            "emails": [{"type": "work", "value": "b@example.com", "primary": true}, {"type": "home", "value": "b@home.example"}],
            "meta": {"lastModified": "2026-01-01T00:00:00Z"},
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Lab", "manager": {"value": "m-1"}},
        });
        let condition = parse(filter).unwrap().check(&ResourceType::user()).unwrap();
        condition.matches(document.as_object().unwrap())
    }

    #[test]
    fn what_matches() {
        for filter in [
            r#"userName eq "BJENSEN@example.COM""#,
            r#"externalId eq "Abc""#,
            r#"emails eq "B@EXAMPLE.com""#,
            r#"emails[type eq "work" and primary eq true]"#,
            r#"emails[type eq "home" and primary eq false]"#,
            "emails.primary eq false",
            r#"emails[type eq "work"].value sw "b@""#,
            r#"emails.type eq "home""#,
            r#"meta.lastModified ge "2025-12-31T23:00:00-01:00""#,
            r#"manager eq "m-1""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department co "A""#,
            r#"nickName ne "x" and not (nickName pr) and nickName eq null"#,
            r#"emails ne "b@example.com""#,
            "name pr and emails pr and not (title pr)",
        ] {
            assert!(matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_does_not_match() {
        for filter in [
            r#"externalId eq "abc""#,
            r#"emails[type eq "home" and primary eq true]"#,
            r#"emails[type eq "work" and primary eq false]"#,
            "phoneNumbers.primary eq false",
            r#"emails[type eq "work" and value eq "b@home.example"]"#,
            r#"nickName co "x" or nickName eq "x""#,
            r#"meta.lastModified gt "2026-01-01T00:00:00Z""#,
            r#"manager eq "M-1""#,
            "addresses pr",
        ] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for filter in [
            r#"nope eq "x""#,
            "userName eq 5",
            "active gt true",
            r#"active co "t""#,
            r#"x509Certificates.value gt "x""#,
            r#"name eq "x""#,
            r#"userName[type eq "x"]"#,
            r#"emails[nope eq "x"]"#,
            r#"meta.created eq "yesterday""#,
            r#"password eq "x""#,
            r#"meta.location eq "x""#,
            "userName gt null",
            r#"urn:example:User:x eq "y""#,
        ] {
            let fault = parse(filter).unwrap().check(&ResourceType::user()).unwrap_err();
            assert_eq!(fault.scim_type, Some(crate::ScimType::InvalidFilter), "{filter}");
        }
    }
}
