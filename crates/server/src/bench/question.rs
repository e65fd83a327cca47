//! What identity providers ask while they provision people (Entra ID's incremental cycle).

use std::collections::BTreeMap;

use scim_protocol::urn::{PATCH_OP, USER};
use serde_json::{Map, Value, json};

use crate::replay::scenario::{Query, Request};

const AGENT: &str = concat!("rollcall-bench/", env!("CARGO_PKG_VERSION"));

/// Is there anybody of this name?
pub fn find(user_name: &str) -> Request {
    let filter = json!(format!("userName eq \"{user_name}\""));
    let query = Query::Pairs(Map::from_iter([("filter".to_owned(), filter)]));
    Request { query: Some(query), ..request("GET", "/Users".to_owned(), None) }
}

/// A person of this name.
pub fn create(user_name: &str) -> Request {
    let body = json!({
        "schemas": [USER],
        "userName": user_name,
        "externalId": user_name,
        "active": true,
        "displayName": "Ada Lovelace",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"type": "work", "value": format!("{user_name}@bench.example"), "primary": true}],
    });
    request("POST", "/Users".to_owned(), Some(body))
}

/// Another display name for the person with this id.
pub fn rename(id: &str, display_name: &str) -> Request {
    let operation = json!({"op": "Replace", "path": "displayName", "value": display_name});
    let body = json!({"schemas": [PATCH_OP], "Operations": [operation]});
    request("PATCH", format!("/Users/{id}"), Some(body))
}

/// The end of the person with this id.
pub fn delete(id: &str) -> Request {
    request("DELETE", format!("/Users/{id}"), None)
}

fn request(method: &str, path: String, body: Option<Value>) -> Request {
    let headers = BTreeMap::from([("User-Agent".to_owned(), Some(AGENT.to_owned()))]);
    Request { method: method.to_owned(), path, query: None, headers, body }
}
