//! Which attributes a request brought, for the setup guide to show what of the mapping was seen.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::health::ExternalIds;

/// What is looked for: the attributes of the guide's mappings, named as in Entra's. Anything else that clients send is not
/// kept, since it may be any number of names, and hold somebody's address in a filter.
pub const MAPPED: [&str; 11] = [
    "userName",
    "externalId",
    "active",
    "title",
    "displayName",
    "members",
    "emails[type eq \"work\"].value",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    "phoneNumbers[type eq \"work\"].value",
];

/// Members of one object that are looked at.
const MOST: usize = 60;

/// What a request brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenAttributes {
    /// Those of [`MAPPED`] that came with a value.
    pub names: Vec<&'static str>,
    pub external_ids: Option<ExternalIds>,
    /// What a resource that is to be made calls itself.
    pub name: Option<String>,
}

/// The [`MAPPED`] attributes of a resource or of the operations of a PATCH that came with a value.
pub fn attributes_of(body: &Value) -> SeenAttributes {
    let mut names = BTreeSet::new();
    let Some(members) = body.as_object() else { return SeenAttributes::default() };
    let operations = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("Operations"));
    match operations.and_then(|(_, value)| value.as_array()) {
        Some(operations) => {
            operations.iter().filter_map(Value::as_object).for_each(|one| of_operation(one, &mut names));
        }
        None => of_members("", members, &mut names),
    }
    let text = |wanted: &str| {
        let found = members.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.and_then(|(_, value)| value.as_str()).filter(|text| !text.is_empty())
    };
    SeenAttributes {
        external_ids: text("externalId").map(ExternalIds::of),
        name: text("displayName")
            .or_else(|| text("userName"))
            .map(|name| name.chars().filter(|each| !each.is_control()).take(200).collect()),
        names: MAPPED.into_iter().filter(|mapped| names.iter().any(|name| name.eq_ignore_ascii_case(mapped))).collect(),
    }
}

fn of_operation(operation: &Map<String, Value>, names: &mut BTreeSet<String>) {
    let member =
        |wanted: &str| operation.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
    let (path, value) = (member("path").and_then(Value::as_str), member("value"));
    match (path, value) {
        (Some(path), Some(value)) if !is_empty(value) && is_readable(path) => {
            names.insert(path.to_owned());
        }
        (None, Some(Value::Object(members))) => of_members("", members, names),
        _ => {}
    }
}

fn of_members(before: &str, members: &Map<String, Value>, names: &mut BTreeSet<String>) {
    for (name, value) in members.iter().take(MOST) {
        if is_empty(value) || name.eq_ignore_ascii_case("schemas") || !is_readable(name) {
            continue;
        }
        match value {
            Value::Object(inner) => {
                let separator = if name.starts_with("urn:") { ':' } else { '.' };
                of_members(&format!("{before}{name}{separator}"), inner, names);
            }
            Value::Array(elements) if elements.iter().any(Value::is_object) => {
                for element in elements.iter().take(MOST).filter_map(Value::as_object) {
                    names.insert(of_element(before, name, element));
                }
            }
            _ => {
                names.insert(format!("{before}{name}"));
            }
        }
    }
}

/// `emails[type eq "work"].value`; members of a group have no type that tells anything.
fn of_element(before: &str, name: &str, element: &Map<String, Value>) -> String {
    match element.get("type").and_then(Value::as_str) {
        Some(kind) if name != "members" && is_readable(kind) => format!("{before}{name}[type eq \"{kind}\"].value"),
        _ => format!("{before}{name}"),
    }
}

fn is_readable(name: &str) -> bool {
    name.len() <= 200 && !name.chars().any(char::is_control)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attributes_are_named_as_in_entras_mappings() {
        let user = json!({
            "schemas": ["x"], "userName": "ana", "title": "", "name": {"givenName": "Ana"},
            "emails": [{"type": "work", "value": "a@b.example"}], "externalId": "3f2b7c9e-0000-4000-8000-000000000000",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Sales"},
        });
        let seen = attributes_of(&user);
        assert_eq!(seen.names, ["userName", "externalId", "emails[type eq \"work\"].value", "name.givenName"]);
        assert_eq!((seen.external_ids, seen.name.as_deref()), (Some(ExternalIds::ObjectIds), Some("ana")));
        let patch = json!({"Operations": [{"op": "Add", "path": "title", "value": "Chief"}, {"op": "replace", "value": {"active": false}}]});
        assert_eq!(attributes_of(&patch).names, ["active", "title"]);
    }

    #[test]
    fn nothing_is_kept_of_names_that_clients_make_up() {
        for path in ["emails[value eq \"ana@x.example\"].display", "badge.colour", "urn:x:User:shoeSize", "TITLE"] {
            let patch = json!({"Operations": [{"op": "add", "path": path, "value": "x"}]});
            let kept: &[&str] = if path == "TITLE" { &["title"] } else { &[] };
            assert_eq!(attributes_of(&patch).names, kept, "{path}");
        }
    }
}
