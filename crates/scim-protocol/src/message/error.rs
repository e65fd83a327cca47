//! RFC 7644 §3.12.

use serde_json::{Map, Value, json};

use crate::{Fault, urn};

/// The body of an error answer; it carries the RFC's members and no others, because strict clients refuse more.
pub fn error(fault: &Fault) -> Value {
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!([urn::ERROR]));
    body.insert("status".to_owned(), Value::String(fault.status.to_string()));
    if let Some(kind) = fault.scim_type {
        body.insert("scimType".to_owned(), Value::from(kind.as_str()));
    }
    body.insert("detail".to_owned(), Value::from(fault.detail.as_str()));
    Value::Object(body)
}
