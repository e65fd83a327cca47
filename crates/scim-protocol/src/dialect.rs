//! Known client habits, rewritten to plain SCIM before anything else sees them; what goes back is always strict SCIM.
//!
//! Each habit is one small function that names its evidence: a section of `client-behaviour.md` and a conversation in
//! the corpus that fails without it. The engine behind stays strict.

use serde_json::{Map, Value};

use crate::attribute::{Attribute, AttributeType};
use crate::filter::{Condition, Filter, Literal, Operator};
use crate::patch::{Operation, OperationKind, PatchRequest};
use crate::path::{AttrPath, Path};
use crate::resource_type::{Located, ResourceType};

/// Rewrites the body of a POST or PUT.
pub fn document(resource_type: &ResourceType, body: &mut Value) {
    let Value::Object(members) = body else { return };
    drop_adscim_group_schema(members);
    attributes(resource_type, members);
}

/// Rewrites a PATCH.
pub fn patch(resource_type: &ResourceType, request: &mut PatchRequest) {
    let operations = std::mem::take(&mut request.operations);
    request.operations = operations.into_iter().flat_map(removal_by_value_list).collect();
    for operation in &mut request.operations {
        patch_operation(resource_type, operation);
    }
}

/// Rewrites a filter of a query.
pub fn filter(resource_type: &ResourceType, filter: &mut Filter) {
    boolean_as_text_in_filter(filter, &|path| resource_type.locate(path).map(|located| located.leaf()));
}

fn patch_operation(resource_type: &ResourceType, operation: &mut Operation) {
    let Some(path) = &mut operation.path else {
        if let Some(Value::Object(members)) = &mut operation.value {
            attributes(resource_type, members);
        }
        return;
    };
    let Some(located) = resource_type.locate(&path.attribute) else { return };
    if let Some(filter) = &mut path.filter {
        boolean_as_text_in_filter(filter, &|path| located.attribute.sub(&path.name));
    }
    let Some(value) = &mut operation.value else { return };
    match (&path.filter, path.sub.as_deref().and_then(|sub| located.attribute.sub(sub))) {
        (_, Some(sub)) => rewrite(sub, value),
        (None, None) => rewrite(located.leaf(), value),
        (Some(_), None) => rewrite_single(located.attribute, value),
    }
}

fn attributes(resource_type: &ResourceType, members: &mut Map<String, Value>) {
    flat_keys(resource_type, members);
    for (name, value) in members.iter_mut() {
        if let Some(schema) = resource_type.extension(name) {
            for (name, value) in value.as_object_mut().into_iter().flatten() {
                if let Some(attribute) = schema.attribute(name) {
                    rewrite(attribute, value);
                }
            }
        } else if let Some(attribute) = resource_type.core_attribute(name) {
            rewrite(attribute, value);
        }
    }
}

/// Applies the habits of writing values to one attribute and everything in it.
fn rewrite(attribute: &Attribute, value: &mut Value) {
    match attribute.multi_valued {
        true => {
            one_value_for_many(value);
            for element in value.as_array_mut().into_iter().flatten() {
                rewrite_single(attribute, element);
            }
        }
        false => {
            list_of_one_for_single(value);
            rewrite_single(attribute, value);
        }
    }
}

fn rewrite_single(attribute: &Attribute, value: &mut Value) {
    boolean_as_text(attribute, value);
    bare_value_for_complex(attribute, value);
    for (name, value) in value.as_object_mut().into_iter().flatten() {
        if let Some(sub) = attribute.sub(name) {
            rewrite(sub, value);
        }
    }
}

/// Entra still shows this URN in `schemas` of groups (client-behaviour.md §4 b; entra-h5).
fn drop_adscim_group_schema(members: &mut Map<String, Value>) {
    const ADSCIM: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    if let Some(Value::Array(urns)) = members.get_mut("schemas") {
        urns.retain(|urn| urn.as_str() != Some(ADSCIM));
    }
}

/// `"active": "True"` from Entra without its flag (client-behaviour.md §4 b, e; entra-b1, entra-e1). Empty text clears.
fn boolean_as_text(attribute: &Attribute, value: &mut Value) {
    if attribute.kind != AttributeType::Boolean {
        return;
    }
    let rewritten = match value.as_str() {
        Some("") => Value::Null,
        Some(text) => match boolean(text) {
            Some(flag) => Value::Bool(flag),
            None => return,
        },
        None => return,
    };
    *value = rewritten;
}

/// `"manager": "<id>"` for `{"value": "<id>"}`, and `""` for none (client-behaviour.md §4 i; entra-i1).
fn bare_value_for_complex(attribute: &Attribute, value: &mut Value) {
    if !attribute.is_complex() || attribute.sub("value").is_none() {
        return;
    }
    match value {
        Value::String(text) if text.is_empty() => *value = Value::Null,
        Value::String(text) => *value = Value::Object(Map::from_iter([("value".to_owned(), Value::String(std::mem::take(text)))])),
        _ => {}
    }
}

/// `"manager": [{"value": "<id>"}]`, the older form of Entra's manager (client-behaviour.md §4 i; entra-i1).
fn list_of_one_for_single(value: &mut Value) {
    if let Value::Array(elements) = value
        && elements.len() == 1
    {
        *value = elements.remove(0);
    }
}

/// One object where a list is due, as hand-written templates send it (client-behaviour.md §6, OneLogin).
fn one_value_for_many(value: &mut Value) {
    if matches!(value, Value::Object(_) | Value::String(_)) {
        *value = Value::Array(vec![value.take()]);
    }
}

/// Flat keys in an object of attributes: `"name.givenName"`, `"urn:…:User:department"`, as Entra's flag writes them
/// (client-behaviour.md §4 d; entra-d2).
fn flat_keys(resource_type: &ResourceType, members: &mut Map<String, Value>) {
    let flat: Vec<(String, AttrPath)> = members
        .keys()
        .filter(|key| key.contains(['.', ':']) && resource_type.extension(key).is_none())
        .filter_map(|key| Some((key.clone(), AttrPath::parse(key).ok()?)))
        .collect();
    for (key, path) in flat {
        let Some(located) = resource_type.locate(&path) else { continue };
        if located.sub.is_some() && located.attribute.multi_valued {
            continue;
        }
        if let Some(value) = members.shift_remove(&key) {
            nest(members, &located, value);
        }
    }
}

fn nest(members: &mut Map<String, Value>, located: &Located<'_>, value: Value) {
    let home = match located.extension {
        None => Some(members),
        Some(schema) => object_at(members, &schema.id),
    };
    let Some(home) = home else { return };
    match located.sub {
        None => drop(home.insert(located.attribute.name.clone(), value)),
        Some(sub) => {
            if let Some(node) = object_at(home, &located.attribute.name) {
                node.insert(sub.name.clone(), value);
            }
        }
    }
}

/// The object kept under a name in any case, made when there is none.
fn object_at<'m>(members: &'m mut Map<String, Value>, name: &str) -> Option<&'m mut Map<String, Value>> {
    let key = members.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned().unwrap_or_else(|| name.to_owned());
    let slot = members.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

/// `Remove members` with the members to remove as its value, where SCIM has a filter (client-behaviour.md §4 h;
/// entra-h1). A server that reads it literally empties the group. An empty list removes nobody.
fn removal_by_value_list(operation: Operation) -> Vec<Operation> {
    let is_list = |path: &Path| path.filter.is_none() && path.sub.is_none() && path.attribute.sub.is_none();
    let (OperationKind::Remove, Some(path)) = (operation.kind, operation.path.as_ref().filter(|path| is_list(path))) else {
        return vec![operation];
    };
    let elements = match &operation.value {
        Some(Value::Array(elements)) => elements.clone(),
        Some(Value::Object(element)) => vec![Value::Object(element.clone())],
        _ => return vec![operation],
    };
    let value_of = |element: &Value| match element {
        Value::String(value) => Some(value.clone()),
        other => other.get("value").and_then(Value::as_str).map(ToOwned::to_owned),
    };
    let Some(values) = elements.iter().map(value_of).collect::<Option<Vec<_>>>() else {
        return vec![operation];
    };
    let remove = |value: String| {
        let filter = Filter::Compare { path: AttrPath::name("value"), operator: Operator::Eq, value: Literal::Text(value) };
        Operation {
            index: operation.index,
            kind: OperationKind::Remove,
            path: Some(Path { filter: Some(filter), ..path.clone() }),
            value: None,
        }
    };
    values.into_iter().map(remove).collect()
}

/// `roles[primary eq "True"]`: a quoted boolean (client-behaviour.md §4 j; entra-j1).
fn boolean_as_text_in_filter<'t>(filter: &mut Filter, find: &dyn Fn(&AttrPath) -> Option<&'t Attribute>) {
    match filter {
        Filter::And(terms) | Filter::Or(terms) => {
            for term in terms {
                boolean_as_text_in_filter(term, find);
            }
        }
        Filter::Not(inner) => boolean_as_text_in_filter(inner, find),
        Filter::Element { path, filter } => {
            if let Some(attribute) = find(path) {
                boolean_as_text_in_filter(filter, &|path| attribute.sub(&path.name));
            }
        }
        Filter::Compare { path, value, .. } => {
            let is_boolean = find(path).is_some_and(|attribute| attribute.kind == AttributeType::Boolean);
            if let Literal::Text(text) = value
                && let Some(flag) = boolean(text).filter(|_| is_boolean)
            {
                *value = Literal::Bool(flag);
            }
        }
        Filter::Present(_) => {}
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Reads, rewrites and checks the filter of a query in one go.
///
/// # Errors
/// As [`crate::filter::parse`] and [`Filter::check`].
pub fn query_filter(resource_type: &ResourceType, text: &str) -> Result<Condition, crate::Fault> {
    let mut parsed = crate::filter::parse(text)?;
    filter(resource_type, &mut parsed);
    parsed.check(resource_type)
}
