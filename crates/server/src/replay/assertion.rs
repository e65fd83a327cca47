//! Assertions about the JSON body of an answer.

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::quote;

/// A JSON pointer and what must hold there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Assertion {
    /// The JSON pointer.
    pub pointer: String,
    /// What must hold there.
    pub claim: Claim,
    /// The fixture author's remark.
    pub note: Option<String>,
}

/// What must hold at a pointer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Deep equality.
    Equals(Value),
    /// The same string in any case.
    EqualsCi(String),
    /// Anything else, or nothing.
    NotEquals(Value),
    /// True: there and not null. False: missing or null.
    Present(bool),
    /// True: missing, null, `""`, `[]` or `{}`. False: anything else.
    Empty(bool),
    /// The length of an array; 0 also means missing.
    Count(usize),
    /// A number not smaller than this.
    AtLeast(Number),
    /// A number not greater than this.
    AtMost(Number),
    /// The array holds an element that equals this, or an object with at least these members.
    Has(Value),
    /// The array holds no such element.
    HasNot(Value),
    /// A string in which the regular expression is found.
    Matches(String),
}

impl TryFrom<Map<String, Value>> for Assertion {
    type Error = serde_json::Error;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, Self::Error> {
        let pointer = String::deserialize(members.remove("ptr").unwrap_or_default())?;
        let note = Option::deserialize(members.remove("note").unwrap_or_default())?;
        let claim = Claim::deserialize(Value::Object(members))?;
        Ok(Self { pointer, claim, note })
    }
}

impl From<Assertion> for Map<String, Value> {
    fn from(assertion: Assertion) -> Self {
        let claim = serde_json::to_value(assertion.claim);
        let mut members = match claim {
            Ok(Value::Object(members)) => members,
            Ok(_) | Err(_) => Self::new(),
        };
        members.insert("ptr".to_owned(), assertion.pointer.into());
        members.insert("note".to_owned(), assertion.note.into());
        members
    }
}

impl Assertion {
    /// What differs, as one sentence; nothing when the assertion holds. Takes the body, if it is JSON.
    pub fn difference(&self, body: Option<&Value>) -> Option<String> {
        let found = body.and_then(|body| body.pointer(&self.pointer));
        let wanted = self.claim.unmet(found)?;
        let pointer = if self.pointer.is_empty() { "the body" } else { &self.pointer };
        let note = self.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        Some(format!("{pointer} is {}, expected {wanted}{note}", quote::found(found)))
    }
}

impl Claim {
    /// What was wanted, when the value found does not meet it.
    fn unmet(&self, found: Option<&Value>) -> Option<String> {
        (!self.holds(found)).then(|| self.wanted())
    }

    fn holds(&self, found: Option<&Value>) -> bool {
        match self {
            Self::Equals(value) => found.is_some_and(|found| same(found, value)),
            Self::NotEquals(value) => !found.is_some_and(|found| same(found, value)),
            Self::EqualsCi(text) => string(found).is_some_and(|found| found.to_lowercase() == text.to_lowercase()),
            Self::Present(wanted) => found.is_some_and(|found| !found.is_null()) == *wanted,
            Self::Empty(wanted) => found.is_none_or(is_empty) == *wanted,
            Self::Count(count) => {
                found.map_or(*count == 0, |found| found.as_array().is_some_and(|a| a.len() == *count))
            }
            Self::AtLeast(least) => number(found).zip(least.as_f64()).is_some_and(|(found, least)| found >= least),
            Self::AtMost(most) => number(found).zip(most.as_f64()).is_some_and(|(found, most)| found <= most),
            Self::Has(value) => has(found, value),
            Self::HasNot(value) => !has(found, value),
            Self::Matches(pattern) => {
                let pattern = Regex::new(pattern).ok();
                string(found).zip(pattern).is_some_and(|(found, pattern)| pattern.is_match(found))
            }
        }
    }

    fn wanted(&self) -> String {
        match self {
            Self::Equals(value) => quote::json(value),
            Self::NotEquals(value) => format!("anything but {}", quote::json(value)),
            Self::EqualsCi(text) => format!("{} in any case", quote::text(text)),
            Self::Present(true) => "a value".to_owned(),
            Self::Present(false) => "no value (missing or null)".to_owned(),
            Self::Empty(true) => "nothing (missing, null, \"\", [] or {})".to_owned(),
            Self::Empty(false) => "something that is not empty".to_owned(),
            Self::Count(0) => "an empty array or nothing".to_owned(),
            Self::Count(1) => "an array of 1 element".to_owned(),
            Self::Count(count) => format!("an array of {count} elements"),
            Self::AtLeast(least) => format!("a number of at least {least}"),
            Self::AtMost(most) => format!("a number of at most {most}"),
            Self::Has(value) => format!("an array that holds {}", quote::json(value)),
            Self::HasNot(value) => format!("an array that does not hold {}", quote::json(value)),
            Self::Matches(pattern) => format!("a text that matches {pattern}"),
        }
    }
}

fn string(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

fn number(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_f64)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn has(found: Option<&Value>, value: &Value) -> bool {
    let items = found.and_then(Value::as_array);
    items.is_some_and(|items| items.iter().any(|item| same(item, value) || includes(item, value)))
}

/// Whether an object has at least the members of another.
fn includes(item: &Value, wanted: &Value) -> bool {
    let Some((item, wanted)) = item.as_object().zip(wanted.as_object()) else {
        return false;
    };
    wanted.iter().all(|(name, value)| item.get(name).is_some_and(|member| same(member, value)))
}

/// Deep equality in which 1 and 1.0 are the same number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || ((left.is_f64() || right.is_f64()) && left.as_f64() == right.as_f64())
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(members), Value::Object(others)) => members.len() == others.len() && includes(left, right),
        _ => left == right,
    }
}

#[cfg(test)]
mod tests;
