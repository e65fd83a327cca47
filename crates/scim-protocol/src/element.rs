//! Elements of multi-valued attributes: which are the same, and which is the primary one (RFC 7643 §2.4).

use std::collections::HashMap;

use serde_json::Value;

/// What makes two elements of a multi-valued attribute the same: type and value; where there is no value, all but the
/// mark of the primary one (RFC 7643 §2.4).
#[derive(PartialEq, Eq, Hash)]
enum Identity<'v> {
    Labelled(Option<&'v Value>, &'v Value),
    Members(Vec<(&'v str, &'v Value)>),
    Simple(&'v Value),
}

impl<'v> Identity<'v> {
    fn of(element: &'v Value) -> Self {
        let Value::Object(members) = element else {
            return Self::Simple(element);
        };
        if let Some(value) = members.get("value") {
            return Self::Labelled(members.get("type"), value);
        }
        let members = members.iter().map(|(name, value)| (name.as_str(), value));
        let mut members: Vec<_> = members.filter(|(name, _)| *name != "primary").collect();
        members.sort_by_key(|(name, _)| *name);
        Self::Members(members)
    }
}

/// For each element the place of the first one that is the same.
pub(crate) fn first_equals(elements: &[Value]) -> Vec<usize> {
    let mut first = HashMap::with_capacity(elements.len());
    elements.iter().enumerate().map(|(index, element)| *first.entry(Identity::of(element)).or_insert(index)).collect()
}

pub(crate) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}
