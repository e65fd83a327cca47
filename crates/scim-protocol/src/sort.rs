//! Sorting a list (RFC 7644 §3.4.2.3).

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attribute::AttributeType;
use crate::element::is_primary;
use crate::resource_type::Field;
use crate::value::{compare_numbers, fold, instant};

/// Of a text, so many bytes count: keys stand in cursors, and cursors in addresses. An index keeps less of it, so that no
/// index takes a key for the whole of a longer text.
const LONGEST: usize = 300;

/// What one resource is sorted by. Resources without a value come last when ascending and first when descending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SortKey {
    Text(String),
    Number(serde_json::Number),
    Bool(bool),
    Instant(i64),
    Missing,
}

impl SortKey {
    /// The key of a document: the primary value of a multi-valued attribute, or its first.
    pub fn of(field: &Field, document: &Map<String, Value>) -> Self {
        let home = Field { sub: None, ..field.clone() };
        let values = home.values(document);
        let chosen = values.iter().find(|value| is_primary(value)).or(values.first()).copied();
        let value = match (&field.sub, chosen) {
            (Some(sub), Some(element)) => element.get(sub),
            (_, chosen) => chosen,
        };
        match value {
            Some(Value::String(text)) if field.kind == AttributeType::DateTime => {
                instant(text).map_or(Self::Missing, Self::Instant)
            }
            Some(Value::String(text)) if field.case_exact => Self::Text(beginning(text).to_owned()),
            Some(Value::String(text)) => Self::Text(beginning(&fold(text)).to_owned()),
            Some(Value::Number(number)) => Self::Number(number.clone()),
            Some(Value::Bool(flag)) => Self::Bool(*flag),
            _ => Self::Missing,
        }
    }

    /// Values of different types, which several resource types may have by one name, are in order of their types.
    const fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Number(_) => 1,
            Self::Instant(_) => 2,
            Self::Text(_) => 3,
            Self::Missing => 4,
        }
    }

    /// Ascending order.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Number(left), Self::Number(right)) => compare_numbers(left, right).unwrap_or(Ordering::Equal),
            (Self::Bool(left), Self::Bool(right)) => left.cmp(right),
            (Self::Instant(left), Self::Instant(right)) => left.cmp(right),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// As much of a text as counts, cut between characters.
fn beginning(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|index| text.is_char_boundary(*index));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::path::AttrPath;
    use crate::resource_type::ResourceType;

    fn key(path: &str, document: &Value) -> SortKey {
        let user = ResourceType::user();
        let field = user.locate(&AttrPath::parse(path).unwrap()).unwrap().field();
        SortKey::of(&field, document.as_object().unwrap())
    }

    #[test]
    fn the_primary_value_counts_or_the_first() {
        let mails = json!({"emails": [{"value": "B@x"}, {"value": "A@x", "primary": true}]});
        assert_eq!(key("emails.value", &mails), SortKey::Text("a@x".to_owned()));
        assert_eq!(key("emails.value", &json!({"emails": [{"value": "B@x"}]})), SortKey::Text("b@x".to_owned()));
        assert_eq!(key("name.givenName", &json!({"name": {"givenName": "É"}})), SortKey::Text("é".to_owned()));
    }

    #[test]
    fn of_a_long_text_the_beginning_counts() {
        let long = |end: &str| key("title", &json!({"title": format!("{}{end}", "ü".repeat(200))}));
        assert_eq!(long("a"), long("b"));
        assert_eq!(long("a"), SortKey::Text("ü".repeat(150)));
    }

    #[test]
    fn what_is_missing_comes_last() {
        let mut keys =
            [key("title", &json!({})), key("title", &json!({"title": "b"})), key("title", &json!({"title": "A"}))];
        keys.sort_by(SortKey::compare);
        assert_eq!(keys, [SortKey::Text("a".to_owned()), SortKey::Text("b".to_owned()), SortKey::Missing]);
    }
}
