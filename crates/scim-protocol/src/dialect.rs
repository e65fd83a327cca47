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
use crate::schema::Schema;

/// Rewrites the body of a POST or PUT.
pub fn document(resource_type: &ResourceType, body: &mut Value) {
    let Value::Object(members) = body else { return };
    drop_adscim_group_schema(members);
    attributes(resource_type, members);
}

/// Rewrites a PATCH.
pub fn patch(resource_type: &ResourceType, request: &mut PatchRequest) {
    let operations = std::mem::take(&mut request.operations);
    request.operations = operations
        .into_iter()
        .flat_map(|it| removal_by_value_list(resource_type, it))
        .collect();
    for operation in &mut request.operations {
        path_filter(resource_type, operation);
        patch_operation(resource_type, operation);
    }
}

/// Rewrites a filter of a query.
pub fn filter(resource_type: &ResourceType, filter: &mut Filter) {
    boolean_as_text_in_filter(filter, &|path| resource_type.locate(path).map(|located| located.leaf()));
}

fn patch_operation(resource_type: &ResourceType, operation: &mut Operation) {
    let Some(value) = &mut operation.value else { return };
    match &operation.path {
        None => whole_resource(resource_type, value),
        Some(path) => {
            let whole = path.attribute.to_string();
            if let Some(schema) = resource_type.extension(&whole) {
                extension(schema, value);
            } else if resource_type.schema.is(&whole) {
                whole_resource(resource_type, value);
            } else if let Some(located) = resource_type.locate(&path.attribute) {
                value_at(path, &located, value);
            }
        }
    }
}

fn path_filter(resource_type: &ResourceType, operation: &mut Operation) {
    let Some(path) = &mut operation.path else { return };
    if let (Some(filter), Some(located)) = (&mut path.filter, resource_type.locate(&path.attribute)) {
        boolean_as_text_in_filter(filter, &|path| located.attribute.sub(&path.name));
    }
}

fn value_at(path: &Path, located: &Located<'_>, value: &mut Value) {
    match (
        &path.filter,
        path.sub.as_deref().and_then(|sub| located.attribute.sub(sub)),
    ) {
        (_, Some(sub)) => rewrite(sub, value),
        (None, None) => rewrite(located.leaf(), value),
        (Some(_), None) => rewrite_single(located.attribute, value),
    }
}

fn whole_resource(resource_type: &ResourceType, value: &mut Value) {
    if let Value::Object(members) = value {
        attributes(resource_type, members);
    }
}

fn attributes(resource_type: &ResourceType, members: &mut Map<String, Value>) {
    flat_keys(resource_type, members);
    for (name, value) in members.iter_mut() {
        if let Some(schema) = resource_type.extension(name) {
            extension(schema, value);
        } else if let Some(attribute) = resource_type.core_attribute(name) {
            rewrite(attribute, value);
        }
    }
}

fn extension(schema: &Schema, value: &mut Value) {
    for (name, value) in value.as_object_mut().into_iter().flatten() {
        if let Some(attribute) = schema.attribute(name) {
            rewrite(attribute, value);
        }
    }
}

/// Applies the habits of writing values to one attribute and everything in it.
fn rewrite(attribute: &Attribute, value: &mut Value) {
    if attribute.multi_valued {
        one_value_for_many(value);
        for element in value.as_array_mut().into_iter().flatten() {
            rewrite_single(attribute, element);
        }
    } else {
        list_of_one_for_single(value);
        rewrite_single(attribute, value);
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

/// `"manager": "<id>"` for `{"value": "<id>"}`, and `""` for none (client-behaviour.md §4 d, i; entra-i1).
fn bare_value_for_complex(attribute: &Attribute, value: &mut Value) {
    if !attribute.is_complex() {
        return;
    }
    match value {
        Value::String(text) if text.is_empty() => *value = Value::Null,
        Value::String(text) if attribute.sub("value").is_some() => {
            let bare = Value::String(std::mem::take(text));
            *value = Value::Object(Map::from_iter([("value".to_owned(), bare)]));
        }
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

/// One object where a list is due, as hand-written templates send it (client-behaviour.md §6).
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
        let Some(located) = resource_type.locate(&path) else {
            continue;
        };
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
    let key = members
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .cloned()
        .unwrap_or_else(|| name.to_owned());
    let slot = members.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

/// `Remove members` with the members to remove as its value, where SCIM has a filter (client-behaviour.md §4 h;
/// entra-h1). A server that reads it literally empties the group. An empty list removes nobody.
fn removal_by_value_list(resource_type: &ResourceType, operation: Operation) -> Vec<Operation> {
    let Some((path, attribute)) = list_to_remove_from(resource_type, &operation) else {
        return vec![operation];
    };
    let elements = match &operation.value {
        Some(Value::Array(elements)) => elements.as_slice(),
        Some(single @ (Value::Object(_) | Value::String(_))) => std::slice::from_ref(single),
        _ => return vec![operation],
    };
    let is_collection = resource_type.collection.as_ref() == Some(&attribute.name);
    let remove = |element| {
        let filter = Some(element_filter(attribute, is_collection, element)?);
        let path = Some(Path { filter, ..path.clone() });
        Some(Operation {
            index: operation.index,
            kind: OperationKind::Remove,
            path,
            value: None,
        })
    };
    elements
        .iter()
        .map(remove)
        .collect::<Option<Vec<_>>>()
        .unwrap_or_else(|| vec![operation])
}

/// The path and the attribute of a removal that names a whole list of complex values.
fn list_to_remove_from<'o, 't>(
    resource_type: &'t ResourceType,
    operation: &'o Operation,
) -> Option<(&'o Path, &'t Attribute)> {
    let path = operation
        .path
        .as_ref()
        .filter(|path| path.filter.is_none() && operation.kind == OperationKind::Remove)?;
    let located = resource_type.locate(&path.attribute)?;
    let is_list = located.sub.is_none() && located.attribute.multi_valued && located.attribute.is_complex();
    is_list.then_some((path, located.attribute))
}

/// The filter that selects one given element: by its value, and by its type where that may tell two apart; addresses,
/// which have no value, by all the text they hold.
fn element_filter(attribute: &Attribute, is_collection: bool, element: &Value) -> Option<Filter> {
    let equals = |name: &str, text: &str| Filter::Compare {
        path: AttrPath::name(name),
        operator: Operator::Eq,
        value: Literal::Text(text.to_owned()),
    };
    if let Value::String(value) = element {
        return Some(equals("value", value));
    }
    let texts = element
        .as_object()?
        .iter()
        .filter_map(|(name, value)| Some((attribute.sub(name)?, value.as_str()?)));
    let has_value = attribute.sub("value").is_some();
    let counts = |name: &str| !has_value || name == "value" || (name == "type" && !is_collection);
    let texts: Vec<_> = texts.filter(|(sub, _)| counts(&sub.name)).collect();
    if has_value && !texts.iter().any(|(sub, _)| sub.name == "value") {
        return None;
    }
    let mut clauses: Vec<Filter> = texts.into_iter().map(|(sub, text)| equals(&sub.name, text)).collect();
    match clauses.len() {
        0 | 1 => clauses.pop(),
        _ => Some(Filter::And(clauses)),
    }
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
