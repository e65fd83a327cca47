//! Known client habits, rewritten to plain SCIM before anything else sees them; what goes back is always strict SCIM.
//!
//! Each habit is one small function that names its evidence: a section of `client-behaviour.md` and a conversation in
//! the corpus that fails without it. The engine behind stays strict.

use serde_json::{Map, Value};

use crate::Fault;
use crate::attribute::{Attribute, AttributeType};
use crate::filter::{Condition, Filter, Literal, Operator};
use crate::once::given_twice;
use crate::patch::{Operation, OperationKind, PatchRequest};
use crate::path::{AttrPath, Path};
use crate::reader::is_computed_reference;
use crate::resource_type::{Located, ResourceType};
use crate::schema::Schema;

/// Rewrites the body of a POST or PUT.
///
/// # Errors
/// 400 `invalidSyntax` when a rewritten name is given in its plain form too.
pub fn document(resource_type: &ResourceType, body: &mut Value) -> Result<(), Fault> {
    let Value::Object(members) = body else { return Ok(()) };
    drop_adscim_group_schema(members);
    attributes(resource_type, members)
}

/// Rewrites a PATCH.
///
/// # Errors
/// As [`document`], naming the operation.
pub fn patch(resource_type: &ResourceType, request: &mut PatchRequest) -> Result<(), Fault> {
    let operations = std::mem::take(&mut request.operations);
    request.operations = operations.into_iter().flat_map(|it| removal_by_value_list(resource_type, it)).collect();
    for operation in &mut request.operations {
        path_filter(resource_type, operation);
        let index = operation.index;
        patch_operation(resource_type, operation).map_err(|fault| fault.at(&format!("Operations[{index}]")))?;
    }
    Ok(())
}

/// Rewrites a filter of a query.
pub fn filter(resource_type: &ResourceType, filter: &mut Filter) {
    boolean_as_text_in_filter(filter, &|path| resource_type.locate(path).map(|located| located.leaf()));
}

fn patch_operation(resource_type: &ResourceType, operation: &mut Operation) -> Result<(), Fault> {
    let Some(value) = &mut operation.value else { return Ok(()) };
    let Some(path) = &operation.path else {
        return whole_resource(resource_type, value);
    };
    let whole = path.attribute.to_string();
    if resource_type.schema.is(&whole) {
        return whole_resource(resource_type, value);
    }
    if let Some(schema) = resource_type.extension(&whole) {
        extension(schema, value);
    } else if let Some(located) = resource_type.locate(&path.attribute) {
        value_at(path, &located, value);
    }
    Ok(())
}

fn path_filter(resource_type: &ResourceType, operation: &mut Operation) {
    let Some(path) = &mut operation.path else { return };
    if let (Some(filter), Some(located)) = (&mut path.filter, resource_type.locate(&path.attribute)) {
        boolean_as_text_in_filter(filter, &|path| located.attribute.sub(&path.name));
    }
}

fn value_at(path: &Path, located: &Located<'_>, value: &mut Value) {
    match (&path.filter, path.sub.as_deref().and_then(|sub| located.attribute.sub(sub))) {
        (_, Some(sub)) => rewrite(sub, value),
        (None, None) => rewrite(located.leaf(), value),
        (Some(_), None) => rewrite_single(located.attribute, value),
    }
}

fn whole_resource(resource_type: &ResourceType, value: &mut Value) -> Result<(), Fault> {
    match value {
        Value::Object(members) => attributes(resource_type, members),
        _ => Ok(()),
    }
}

fn attributes(resource_type: &ResourceType, members: &mut Map<String, Value>) -> Result<(), Fault> {
    flat_keys(resource_type, members)?;
    for (name, value) in members.iter_mut() {
        if let Some(schema) = resource_type.extension(name) {
            extension(schema, value);
        } else if let Some(attribute) = resource_type.core_attribute(name) {
            rewrite(attribute, value);
        }
    }
    Ok(())
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
    reference_for_value(attribute, value);
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

/// `{"$ref": "…/Users/<id>"}` for `{"value": "<id>"}`: RFC 7643 §2.4 lets either say whom it means, and scim2-tester sends
/// the one alone.
fn reference_for_value(attribute: &Attribute, value: &mut Value) {
    let has_both = attribute.sub("value").is_some() && attribute.sub("$ref").is_some_and(is_computed_reference);
    let Some(members) = value.as_object_mut().filter(|_| has_both) else { return };
    let is_said = members.iter().any(|(name, value)| name.eq_ignore_ascii_case("value") && !value.is_null());
    let reference = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("$ref")).and_then(|(_, it)| it.as_str());
    let id = reference.and_then(|reference| reference.rsplit('/').next()).map(str::to_owned);
    if let Some(id) = id.filter(|id| !id.is_empty() && !is_said) {
        members.retain(|name, _| !name.eq_ignore_ascii_case("value"));
        members.insert("value".to_owned(), Value::String(id));
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
fn flat_keys(resource_type: &ResourceType, members: &mut Map<String, Value>) -> Result<(), Fault> {
    let mut flat = Vec::new();
    let mut plain = Map::with_capacity(members.len());
    for (key, value) in std::mem::take(members) {
        match behind_flat_key(resource_type, &key) {
            Some(located) => flat.push((key, located, value)),
            None => drop(plain.insert(key, value)),
        }
    }
    for (key, located, value) in flat {
        nest(&mut plain, &located, value).ok_or_else(|| given_twice(&key))?;
    }
    *members = plain;
    Ok(())
}

/// What a key stands for that names its attribute by a path.
fn behind_flat_key<'t>(resource_type: &'t ResourceType, key: &str) -> Option<Located<'t>> {
    if !key.contains(['.', ':']) || resource_type.extension(key).is_some() {
        return None;
    }
    let located = resource_type.locate(&AttrPath::parse(key).ok()?)?;
    (located.sub.is_none() || !located.attribute.multi_valued).then_some(located)
}

/// Puts a value where it belongs; none when something is there already.
fn nest(members: &mut Map<String, Value>, located: &Located<'_>, value: Value) -> Option<()> {
    let home = match located.extension {
        None => members,
        Some(schema) => object_at(members, &schema.id)?,
    };
    let (home, name) = match located.sub {
        None => (home, &located.attribute.name),
        Some(sub) => (object_at(home, &located.attribute.name)?, &sub.name),
    };
    if name_in(home, name).is_some() {
        return None;
    }
    home.insert(name.clone(), value);
    Some(())
}

/// The object kept under a name in any case, made when there is none; none when something else is kept there.
fn object_at<'m>(members: &'m mut Map<String, Value>, name: &str) -> Option<&'m mut Map<String, Value>> {
    let key = name_in(members, name).unwrap_or_else(|| name.to_owned());
    let slot = members.entry(key).or_insert(Value::Null);
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

/// How a name is spelled here; the canonical spelling, which is the frequent one, is found without a search.
fn name_in(members: &Map<String, Value>, name: &str) -> Option<String> {
    match members.contains_key(name) {
        true => Some(name.to_owned()),
        false => members.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned(),
    }
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
        Some(Operation { index: operation.index, kind: OperationKind::Remove, path, value: None })
    };
    elements.iter().map(remove).collect::<Option<Vec<_>>>().unwrap_or_else(|| vec![operation])
}

/// The path and the attribute of a removal that names a whole list of complex values.
fn list_to_remove_from<'o, 't>(
    resource_type: &'t ResourceType,
    operation: &'o Operation,
) -> Option<(&'o Path, &'t Attribute)> {
    let path =
        operation.path.as_ref().filter(|path| path.filter.is_none() && operation.kind == OperationKind::Remove)?;
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
    let texts = element.as_object()?.iter().filter_map(|(name, value)| Some((attribute.sub(name)?, value.as_str()?)));
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

/// `meta.location eq "…/Users/<id>"`: where a resource lives follows from its id and from where it is asked for, so that it
/// is kept nowhere. `home` is the address of the type, with a slash.
fn address_for_id(resource_type: &ResourceType, home: &str, filter: &mut Filter) {
    let is_location = |path: &AttrPath| {
        let sub = path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case("location"));
        let is_core = path.urn.as_deref().is_none_or(|urn| resource_type.schema.is(urn));
        is_core && sub && path.name.eq_ignore_ascii_case("meta")
    };
    match filter {
        Filter::And(terms) | Filter::Or(terms) => {
            for term in terms {
                address_for_id(resource_type, home, term);
            }
        }
        Filter::Not(inner) => address_for_id(resource_type, home, inner),
        Filter::Present(path) if is_location(path) => *path = AttrPath::name("id"),
        Filter::Compare { path, operator: Operator::Eq | Operator::Ne, value } if is_location(path) => {
            if let Literal::Text(address) = value {
                // An address of somewhere else is nobody's, as the empty id is.
                *address = address.strip_prefix(home).unwrap_or_default().to_owned();
            }
            *path = AttrPath::name("id");
        }
        Filter::Present(_) | Filter::Compare { .. } | Filter::Element { .. } => {}
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Reads, rewrites and checks the filter of a query to this base URL, once for each of the types that it is about.
///
/// # Errors
/// As [`crate::filter::parse`] and [`Filter::check_among`].
pub fn query_filters(types: &[&ResourceType], base_url: &str, text: &str) -> Result<Vec<Condition>, Fault> {
    let parsed = crate::filter::parse(text)?;
    let check = |resource_type: &&ResourceType| {
        let mut rewritten = parsed.clone();
        filter(resource_type, &mut rewritten);
        address_for_id(resource_type, &format!("{base_url}{}/", resource_type.endpoint), &mut rewritten);
        rewritten.check_among(resource_type, types)
    };
    types.iter().map(check).collect()
}
