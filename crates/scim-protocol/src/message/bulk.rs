//! RFC 7644 §3.7.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::once::Once;
use crate::{Fault, urn};

/// The word with which a value names a resource that the same request makes (RFC 7644 §3.7.2).
const REFERENCE: &str = "bulkId:";

/// A bulk request whose shape is right; whether each operation can be carried out is for itself to say.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRequest {
    /// After so many errors the rest is left undone.
    pub fail_on_errors: Option<u64>,
    pub operations: Vec<BulkOperation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkMethod {
    Post,
    Put,
    Patch,
    Delete,
}

impl BulkMethod {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkOperation {
    pub method: BulkMethod,
    pub bulk_id: Option<String>,
    /// The version the resource must have, as in `If-Match`.
    pub version: Option<String>,
    /// Relative to the base URL, with a leading slash.
    pub path: String,
    pub data: Value,
}

/// What one operation came to.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkResult {
    pub method: BulkMethod,
    pub bulk_id: Option<String>,
    pub version: Option<String>,
    pub location: Option<String>,
    pub status: u16,
    /// The error body of an operation that failed.
    pub response: Option<Value>,
}

impl BulkRequest {
    /// Reads the message; member names are read in any case.
    ///
    /// # Errors
    /// 400 `invalidSyntax` naming the operation that is none; 400 `invalidValue` for a `bulkId` that is given twice or a
    /// `failOnErrors` that is no number.
    pub fn read(message: Value) -> Result<Self, Fault> {
        let Value::Object(members) = message else {
            return Err(Fault::invalid_syntax("a bulk request is a JSON object"));
        };
        let mut members = folded(members)?;
        let names_message =
            |urns: &[Value]| urns.iter().filter_map(Value::as_str).any(|it| it.eq_ignore_ascii_case(urn::BULK_REQUEST));
        if !matches!(members.remove("schemas"), Some(Value::Array(urns)) if names_message(&urns)) {
            return Err(Fault::invalid_syntax(format!("\"schemas\" must name \"{}\"", urn::BULK_REQUEST)));
        }
        let fail_on_errors = match members.remove("failonerrors") {
            None | Some(Value::Null) => None,
            Some(given) => Some(
                given
                    .as_u64()
                    .filter(|number| *number > 0)
                    .ok_or_else(|| Fault::invalid_value("\"failOnErrors\" is a whole number from 1"))?,
            ),
        };
        let Some(Value::Array(operations)) = members.remove("operations") else {
            return Err(Fault::invalid_syntax("\"Operations\" must be an array"));
        };
        let read = |(index, operation)| {
            BulkOperation::read(operation).map_err(|fault: Fault| fault.at(&format!("Operations[{index}]")))
        };
        let operations = operations.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut seen = BTreeSet::new();
        for bulk_id in operations.iter().filter_map(|operation| operation.bulk_id.as_ref()) {
            if !seen.insert(bulk_id) {
                return Err(Fault::invalid_value(format!("the bulkId \"{bulk_id}\" is given twice")));
            }
        }
        Ok(Self { fail_on_errors, operations })
    }
}

impl BulkRequest {
    /// The places of the operations in the order in which they are to be carried out: as they were given, but those that
    /// make a resource before those that name it (RFC 7644 §3.7.1). Of operations that name each other in a circle, one
    /// has to come before what it names.
    pub fn order(&self) -> Vec<usize> {
        let makers: BTreeMap<&str, usize> = self.makers().collect();
        let needed = |index: usize| -> Vec<usize> {
            let references = self.operations.get(index).map(BulkOperation::references).unwrap_or_default();
            references.iter().filter_map(|name| makers.get(name.as_str()).copied()).collect()
        };
        let (mut order, mut seen) = (Vec::with_capacity(self.operations.len()), BTreeSet::new());
        for first in 0..self.operations.len() {
            if !seen.insert(first) {
                continue;
            }
            let mut path = vec![(first, needed(first).into_iter())];
            while let Some((index, rest)) = path.last_mut() {
                if let Some(next) = rest.find(|next| seen.insert(*next)) {
                    path.push((next, needed(next).into_iter()));
                } else {
                    order.push(*index);
                    path.pop();
                }
            }
        }
        order
    }

    /// Each `bulkId` with the place of the operation that makes its resource.
    pub fn makers(&self) -> impl Iterator<Item = (&str, usize)> {
        let posts = self.operations.iter().enumerate().filter(|(_, operation)| operation.method == BulkMethod::Post);
        posts.filter_map(|(index, operation)| Some((operation.bulk_id.as_deref()?, index)))
    }
}

impl BulkOperation {
    fn read(operation: Value) -> Result<Self, Fault> {
        let Value::Object(members) = operation else {
            return Err(Fault::invalid_syntax("an operation is a JSON object"));
        };
        let mut members = folded(members)?;
        let mut text = |name: &str, folded: &str| match members.remove(folded) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::invalid_syntax(format!("\"{name}\" must be a string"))),
        };
        let method = match text("method", "method")?.map(|method| method.to_ascii_uppercase()).as_deref() {
            Some("POST") => BulkMethod::Post,
            Some("PUT") => BulkMethod::Put,
            Some("PATCH") => BulkMethod::Patch,
            Some("DELETE") => BulkMethod::Delete,
            _ => return Err(Fault::invalid_syntax("\"method\" must be POST, PUT, PATCH or DELETE")),
        };
        let bulk_id = text("bulkId", "bulkid")?;
        let version = text("version", "version")?;
        let path = text("path", "path")?.ok_or_else(|| Fault::invalid_syntax("\"path\" is missing"))?;
        if method == BulkMethod::Post && bulk_id.as_deref().is_none_or(str::is_empty) {
            return Err(Fault::invalid_syntax("\"bulkId\" is missing, which POST needs"));
        }
        Ok(Self { method, bulk_id, version, path, data: members.remove("data").unwrap_or_default() })
    }

    /// The resources of the same request that the operation names in its path and its data, at any depth.
    pub fn references(&self) -> BTreeSet<String> {
        let mut found: BTreeSet<String> =
            self.path.split('/').filter_map(|part| part.strip_prefix(REFERENCE)).map(str::to_owned).collect();
        collect(&self.data, &mut found);
        found
    }

    /// Puts the ids of resources into the places where they are named. Names that mean nothing stay, and are refused as
    /// what they are by whoever reads them.
    pub fn resolve(&mut self, ids: &BTreeMap<String, String>) {
        let parts =
            self.path.split('/').map(|part| match part.strip_prefix(REFERENCE).and_then(|name| ids.get(name)) {
                Some(id) => id.as_str(),
                None => part,
            });
        self.path = parts.collect::<Vec<_>>().join("/");
        replace(&mut self.data, ids);
    }
}

impl BulkResult {
    fn message(self) -> Value {
        let mut message = Map::new();
        message.insert("method".to_owned(), Value::from(self.method.as_str()));
        let texts = [("bulkId", self.bulk_id), ("version", self.version), ("location", self.location)];
        message.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?)))));
        message.extend(self.response.map(|response| ("response".to_owned(), response)));
        message.insert("status".to_owned(), Value::String(self.status.to_string()));
        Value::Object(message)
    }
}

/// The answer: a result for each operation that was tried.
pub fn bulk_response(results: Vec<BulkResult>) -> Value {
    let operations: Vec<Value> = results.into_iter().map(BulkResult::message).collect();
    json!({"schemas": [urn::BULK_RESPONSE], "Operations": operations})
}

/// Names in lower case; two that differ in case alone are one name given twice.
fn folded(members: Map<String, Value>) -> Result<BTreeMap<String, Value>, Fault> {
    let mut once = Once::default();
    let mut folded = BTreeMap::new();
    for (name, value) in members {
        let name = name.to_ascii_lowercase();
        once.give(&name)?;
        folded.insert(name, value);
    }
    Ok(folded)
}

/// The names behind `bulkId:` in a text: all of it, or quoted in the filter of a path.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let whole = text.strip_prefix(REFERENCE).into_iter();
    let quoted = text.split('"').skip(1).step_by(2).filter_map(|quoted| quoted.strip_prefix(REFERENCE));
    whole.chain(quoted)
}

/// A password means itself, whatever it looks like.
fn is_secret(name: &str) -> bool {
    name.eq_ignore_ascii_case("password")
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(names(text).map(str::to_owned)),
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, found)),
        Value::Object(members) => {
            members.iter().filter(|(name, _)| !is_secret(name)).for_each(|(_, member)| collect(member, found));
        }
        _ => {}
    }
}

fn replace(value: &mut Value, ids: &BTreeMap<String, String>) {
    match value {
        Value::String(text) if text.contains(REFERENCE) => {
            let id = |text: &str| text.strip_prefix(REFERENCE).and_then(|name| ids.get(name));
            if let Some(id) = id(text) {
                text.clone_from(id);
                return;
            }
            let parts = text.split('"').zip([false, true].into_iter().cycle());
            let parts = parts.map(|(part, is_quoted)| id(part).filter(|_| is_quoted).map_or(part, String::as_str));
            *text = parts.collect::<Vec<_>>().join("\"");
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| replace(element, ids)),
        Value::Object(members) => {
            members.iter_mut().filter(|(name, _)| !is_secret(name)).for_each(|(_, member)| replace(member, ids));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(path: &str, data: Value) -> BulkOperation {
        let operation = json!({"method": "patch", "path": path, "data": data});
        let request = json!({"schemas": [urn::BULK_REQUEST], "Operations": [operation]});
        BulkRequest::read(request).unwrap().operations.remove(0)
    }

    #[test]
    fn references_are_found_and_put_in_place_wherever_they_stand() {
        let data = json!({
            "members": [{"value": "bulkId:a"}], "urn:x:y": {"manager": {"value": "bulkId:b"}},
            "path": "members[value eq \"bulkId:c\" or value eq \"bulkId:nobody\"]", "title": "no bulkId:a here", "Password": "bulkId:pw",
        });
        let mut operation = operation("/Groups/bulkId:g", data);
        assert_eq!(operation.references(), ["a", "b", "c", "g", "nobody"].map(str::to_owned).into());
        let ids = ["a", "b", "c", "g"].map(|name| (name.to_owned(), name.repeat(3))).into();
        operation.resolve(&ids);
        assert_eq!(operation.path, "/Groups/ggg");
        assert_eq!(
            operation.data,
            json!({
                "members": [{"value": "aaa"}], "urn:x:y": {"manager": {"value": "bbb"}},
                "path": "members[value eq \"ccc\" or value eq \"bulkId:nobody\"]", "title": "no bulkId:a here", "Password": "bulkId:pw",
            })
        );
    }

    #[test]
    fn what_is_named_is_made_first_and_circles_end() {
        let order = |references: &[&[usize]]| {
            let operation = |(index, named): (usize, &&[usize])| {
                let named: Vec<String> = named.iter().map(|name| format!("bulkId:{name}")).collect();
                json!({"method": "POST", "path": "/Users", "bulkId": index.to_string(), "data": named})
            };
            let operations: Vec<Value> = references.iter().enumerate().map(operation).collect();
            BulkRequest::read(json!({"schemas": [urn::BULK_REQUEST], "Operations": operations})).unwrap().order()
        };
        assert_eq!(order(&[&[], &[], &[]]), [0, 1, 2]);
        assert_eq!(order(&[&[2], &[], &[1]]), [1, 2, 0]);
        assert_eq!(order(&[&[1], &[0], &[0, 1]]), [1, 0, 2]);
        assert_eq!(order(&[&[0], &[7]]), [0, 1]);
    }

    #[test]
    fn what_is_no_bulk_request_is_refused() {
        let operations = |operations: Value| json!({"schemas": [urn::BULK_REQUEST], "Operations": operations});
        for bad in [
            json!([]),
            json!({"Operations": []}),
            json!({"schemas": [urn::BULK_REQUEST]}),
            json!({"schemas": [urn::BULK_REQUEST], "Operations": [], "failOnErrors": 0}),
            json!({"schemas": [urn::BULK_REQUEST], "Operations": [], "operations": []}),
            operations(json!([7])),
            operations(json!([{"method": "GET", "path": "/Users"}])),
            operations(json!([{"method": "POST", "path": "/Users"}])),
            operations(json!([{"method": "DELETE"}])),
            operations(
                json!([{"method": "POST", "path": "/Users", "bulkId": "a"}, {"method": "POST", "path": "/Users", "bulkId": "a"}]),
            ),
        ] {
            assert_eq!(BulkRequest::read(bad.clone()).unwrap_err().status, 400, "{bad}");
        }
        assert!(BulkRequest::read(operations(json!([]))).is_ok());
    }
}
