//! What identity providers ask while they provision people (Entra ID's initial and incremental cycles).

use std::collections::BTreeMap;

use scim_protocol::urn::{GROUP, PATCH_OP, USER};
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

/// The person with this id.
pub fn get(id: &str) -> Request {
    request("GET", format!("/Users/{id}"), None)
}

/// The person with this id comes or goes.
pub fn set_active(id: &str, active: bool) -> Request {
    let operation = json!({"op": "Replace", "path": "active", "value": active});
    let body = json!({"schemas": [PATCH_OP], "Operations": [operation]});
    request("PATCH", format!("/Users/{id}"), Some(body))
}

/// Is there any group of this name? Without its members.
pub fn find_group(name: &str) -> Request {
    let pairs = [("filter", format!("displayName eq \"{name}\"")), ("excludedAttributes", "members".to_owned())];
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    Request { query: Some(Query::Pairs(pairs.collect())), ..request("GET", "/Groups".to_owned(), None) }
}

/// A group of this name that nobody is in.
pub fn create_group(name: &str) -> Request {
    let body = json!({"schemas": [GROUP], "displayName": name, "externalId": name});
    request("POST", "/Groups".to_owned(), Some(body))
}

/// The group with this id, and who is in it.
pub fn get_group(id: &str) -> Request {
    request("GET", format!("/Groups/{id}"), None)
}

/// One more in the group with this id.
pub fn add_member(id: &str, person: &str) -> Request {
    let operation = json!({"op": "Add", "path": "members", "value": [{"value": person}]});
    let body = json!({"schemas": [PATCH_OP], "Operations": [operation]});
    request("PATCH", format!("/Groups/{id}"), Some(body))
}

/// The end of the group with this id.
pub fn delete_group(id: &str) -> Request {
    request("DELETE", format!("/Groups/{id}"), None)
}

/// The end of the person with this id.
pub fn delete(id: &str) -> Request {
    request("DELETE", format!("/Users/{id}"), None)
}

fn request(method: &str, path: String, body: Option<Value>) -> Request {
    let headers = BTreeMap::from([("User-Agent".to_owned(), Some(AGENT.to_owned()))]);
    Request { method: method.to_owned(), path, query: None, headers, body }
}
