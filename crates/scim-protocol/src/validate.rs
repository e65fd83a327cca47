//! From a client's document to a [`Resource`]: names in the schema's case, values of the schema's types, nothing the
//! client may not write.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::attribute::{Attribute, Mutability};
use crate::reader::Reader;
use crate::resource::Resource;
use crate::resource_type::ResourceType;
use crate::secret::Secret;
use crate::value::is_unassigned;
use crate::{Fault, Reason};

/// A checked document, and what of it had no place.
#[derive(Clone, Debug, PartialEq)]
pub struct Validated {
    pub resource: Resource,
    /// The elements of the type's [collection](ResourceType::collection); none when the document does not name it.
    pub collection: Option<Vec<Value>>,
    /// Attributes that no schema knows, as the client spelled them.
    pub ignored: Vec<String>,
    /// The write-only value, which is in no document.
    pub password: Option<Secret>,
}

/// Checks a whole document, as POST and PUT carry it. Read-only attributes are dropped (RFC 7644 §3.3, §3.5.1), unknown
/// ones are dropped and named; a write-only one is set apart.
///
/// # Errors
/// 400 `invalidSyntax` when it is no object, names an attribute twice or lacks a proper `schemas`; 400 `invalidValue`
/// when a value is not of its attribute's type or a required one is missing.
pub fn document(resource_type: &ResourceType, document: Value) -> Result<Validated, Fault> {
    let Value::Object(members) = document else {
        return Err(Fault::invalid_syntax("a resource is a JSON object"));
    };
    check_schemas(resource_type, &members)?;
    let mut reader = Reader::default();
    let mut attributes = reader.attributes(resource_type, members)?;
    let collection = match resource_type.collection.as_ref().and_then(|name| attributes.shift_remove(name)) {
        Some(Value::Array(elements)) => Some(elements),
        _ => None,
    };
    require(resource_type, &attributes)?;
    let ignored = each_once(reader.ignored);
    Ok(Validated { resource: Resource::trusted(attributes), collection, ignored, password: reader.password })
}

/// RFC 7643 §3: not empty, no duplicates, the base schema and known extensions only.
fn check_schemas(resource_type: &ResourceType, members: &Map<String, Value>) -> Result<(), Fault> {
    let given = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let urns: Option<Vec<&str>> =
        given.and_then(Value::as_array).map(|urns| urns.iter().filter_map(Value::as_str).collect());
    let Some(urns) = urns.filter(|urns| !urns.is_empty()) else {
        let base = &resource_type.schema.id;
        return Err(Fault::invalid_syntax(format!("\"schemas\" is required and names \"{base}\"")));
    };
    if !urns.iter().any(|urn| resource_type.schema.is(urn)) {
        let base = &resource_type.schema.id;
        return Err(Fault::invalid_value(format!("\"schemas\" does not name \"{base}\"")));
    }
    for (index, urn) in urns.iter().enumerate() {
        if !resource_type.schema.is(urn) && resource_type.extension(urn).is_none() {
            return Err(Fault::invalid_value(format!(
                "\"schemas\" names \"{urn}\", which {} does not have",
                resource_type.name
            )));
        }
        if urns.iter().take(index).any(|earlier| earlier.eq_ignore_ascii_case(urn)) {
            return Err(Fault::invalid_value(format!("\"schemas\" names \"{urn}\" twice")));
        }
    }
    Ok(())
}

/// The names without repetition: every member of a group may carry the same one.
pub(crate) fn each_once(mut names: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// That everything required is there and says something (RFC 7643 §2.2).
///
/// # Errors
/// 400 `invalidValue` naming what is missing.
pub fn require(resource_type: &ResourceType, attributes: &Map<String, Value>) -> Result<(), Fault> {
    required(&resource_type.schema.attributes, attributes, "")?;
    for extension in &resource_type.extensions {
        let urn = &extension.schema.id;
        match attributes.get(urn).and_then(Value::as_object) {
            Some(members) => required(&extension.schema.attributes, members, &format!("{urn}:"))?,
            None if extension.required => {
                let fault = Fault::invalid_value(format!("\"{urn}\" is required"));
                return Err(fault.because(Reason::Required));
            }
            None => {}
        }
    }
    Ok(())
}

/// That what can be set only once keeps its value (RFC 7643 §2.2, RFC 7644 §3.5.1). Elements of multi-valued attributes
/// come and go as a whole, so they are not looked into.
///
/// # Errors
/// 400 `mutability` naming what would change.
pub fn keep_immutable(
    resource_type: &ResourceType,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<(), Fault> {
    immutable(&resource_type.schema.attributes, (before, Some(after)), "")?;
    for extension in &resource_type.extensions {
        let urn = &extension.schema.id;
        let Some(before) = before.get(urn).and_then(Value::as_object) else {
            continue;
        };
        let after = after.get(urn).and_then(Value::as_object);
        immutable(&extension.schema.attributes, (before, after), &format!("{urn}:"))?;
    }
    Ok(())
}

fn immutable(
    declared: &[Attribute],
    (before, after): (&Map<String, Value>, Option<&Map<String, Value>>),
    prefix: &str,
) -> Result<(), Fault> {
    for attribute in declared {
        let Some(value) = before.get(&attribute.name) else {
            continue;
        };
        let kept = after.and_then(|after| after.get(&attribute.name));
        if attribute.mutability == Mutability::Immutable && kept != Some(value) {
            let place = format!("{prefix}{}", attribute.name);
            return Err(Fault::mutability(format!("\"{place}\" has a value and cannot be changed")));
        }
        if let Value::Object(node) = value {
            let kept = kept.and_then(Value::as_object);
            immutable(&attribute.sub_attributes, (node, kept), &format!("{prefix}{}.", attribute.name))?;
        }
    }
    Ok(())
}

fn required(declared: &[Attribute], members: &Map<String, Value>, prefix: &str) -> Result<(), Fault> {
    for attribute in declared {
        let value = members.get(&attribute.name);
        let missing = match value {
            None => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(other) => is_unassigned(other),
        };
        let place = format!("{prefix}{}", attribute.name);
        if attribute.required && missing && !attribute.is_read_only() {
            let fault = Fault::invalid_value(format!("\"{place}\" is required and must not be empty"));
            return Err(fault.because(Reason::Required));
        }
        for item in value.map(each_object).unwrap_or_default() {
            required(&attribute.sub_attributes, item, &format!("{place}."))?;
        }
    }
    Ok(())
}

fn each_object(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_object).collect(),
        other => other.as_object().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ScimType, urn};

    fn read(body: Value) -> Result<Validated, Fault> {
        document(&ResourceType::user(), body)
    }

    #[test]
    fn names_become_canonical_and_read_only_or_unassigned_attributes_disappear() {
        let read = read(json!({
            "SCHEMAS": [urn::USER], "id": "x", "USERNAME": "ada", "Name": {"GIVENNAME": "Ada", "nope": 1},
            "emails": [{"TYPE": "work", "value": "a@x"}, {"type": "work", "value": "a@x", "display": "again"}],
            "groups": [{"value": "g"}], "title": null, "roles": [], "password": "secret", "meta": {"version": "1"},
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user": {"Department": "Lab", "manager": {"$ref": "x", "displayName": "y"}},
            "shoeSize": 43,
        }))
        .unwrap();
        assert_eq!(
            Value::Object(read.resource.into_attributes()),
            json!({
                "userName": "ada", "name": {"givenName": "Ada"}, "emails": [{"type": "work", "value": "a@x"}],
                urn::ENTERPRISE_USER: {"department": "Lab"},
            })
        );
        assert_eq!(read.ignored, ["name.nope", "shoeSize"]);
    }

    #[test]
    fn values_of_the_wrong_type_are_refused_by_name() {
        for (name, value) in [
            ("userName", json!(5)),
            ("active", json!("yes")),
            ("emails", json!("a@x")),
            ("name", json!("Ada")),
            ("x509Certificates", json!([{"value": "not base64!"}])),
            ("emails", json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}])),
        ] {
            let fault = read(json!({"schemas": [urn::USER], "userName": "a", name: value})).unwrap_err();
            assert!(fault.detail.contains(name), "{fault}");
        }
    }

    #[test]
    fn required_attributes_must_say_something() {
        for name in [json!(null), json!(""), json!("  ")] {
            assert!(read(json!({"schemas": [urn::USER], "userName": name})).is_err());
        }
        assert!(document(&ResourceType::group(), json!({"schemas": [urn::GROUP]})).is_err());
    }

    #[test]
    fn schemas_must_name_the_base_and_nothing_foreign() {
        for schemas in
            [json!([]), json!("x"), json!([urn::GROUP]), json!([urn::USER, urn::USER]), json!([urn::USER, "urn:x:y"])]
        {
            assert!(read(json!({"schemas": schemas, "userName": "a"})).is_err(), "{schemas}");
        }
        assert!(read(json!({"userName": "a"})).is_err());
    }

    #[test]
    fn an_attribute_given_in_two_spellings_is_refused() {
        let fault = read(json!({"schemas": [urn::USER], "userName": "a", "title": "x", "TITLE": "y"})).unwrap_err();
        assert_eq!(fault.scim_type, Some(ScimType::InvalidSyntax));
    }
}
