//! Every route and how to ask for it.

use std::fmt;

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Answer, BULK_REQUEST, Caller, PATCH_OP, SEARCH_REQUEST, USER, group, user};

/// One request.
pub struct Row {
    pub method: Method,
    /// The row of `scim_api::ROUTES` it is for; none for addresses that stand in no route.
    pub route: Option<&'static str>,
    pub path: String,
    pub body: Option<Value>,
    /// What a caller who may be here gets.
    pub let_in: u16,
}

impl Row {
    fn of(method: Method, route: &'static str, path: &str, let_in: u16) -> Self {
        Self { method, route: Some(route), path: path.to_owned(), body: None, let_in }
    }

    fn outside(method: Method, path: &str, let_in: u16) -> Self {
        Self { route: None, ..Self::of(method, "", path, let_in) }
    }

    fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Whether the request is about one user or group.
    pub fn names_a_resource(&self) -> bool {
        self.route == Some("/{endpoint}/{id}")
    }

    pub async fn send(&self, caller: &Caller) -> Answer {
        caller.send(&self.method, &self.path, self.body.as_ref()).await
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// All rows, about this user and this group; deletions come last.
pub fn rows(user_id: &str, group_id: &str) -> Vec<Row> {
    let mut rows = discovery();
    rows.extend(everything());
    rows.extend(nowhere(user_id));
    // A name that nobody has had, since the same rows may be sent again about others.
    rows.extend(resources("Users", user_id, user(&format!("grace-{user_id}"))));
    rows.extend(resources("Groups", group_id, group("Navy", &[])));
    rows
}

fn discovery() -> Vec<Row> {
    vec![
        Row::of(Method::GET, "/ServiceProviderConfig", "/ServiceProviderConfig", 200),
        Row::of(Method::GET, "/ResourceTypes", "/ResourceTypes", 200),
        Row::of(Method::GET, "/ResourceTypes/{id}", "/ResourceTypes/User", 200),
        Row::of(Method::GET, "/Schemas", "/Schemas", 200),
        Row::of(Method::GET, "/Schemas/{id}", &format!("/Schemas/{USER}"), 200),
    ]
}

/// What is about resources of all types.
fn everything() -> Vec<Row> {
    let search = json!({"schemas": [SEARCH_REQUEST], "count": 1});
    let bulk = json!({"schemas": [BULK_REQUEST], "Operations": []});
    let mut rows = vec![
        Row::of(Method::GET, "", "", 200),
        Row::of(Method::GET, "/", "/", 200),
        Row::of(Method::POST, "/.search", "/.search", 200).with(search.clone()),
        Row::of(Method::POST, "/{endpoint}/.search", "/Users/.search", 200).with(search),
        Row::of(Method::POST, "/Bulk", "/Bulk", 200).with(bulk),
    ];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    rows.extend(methods.map(|method| Row::of(method, "/Me", "/Me", 501)));
    rows
}

/// What is not there or not allowed; strangers must not learn even that.
fn nowhere(user_id: &str) -> Vec<Row> {
    vec![
        Row::outside(Method::PUT, "", 405),
        Row::outside(Method::GET, "/Bulk", 405),
        Row::outside(Method::GET, "/Nonsense", 404),
        Row::outside(Method::GET, "/Users/1/2", 404),
        Row::outside(Method::PUT, "/Users", 405),
        Row::outside(Method::POST, &format!("/Users/{user_id}"), 405),
        Row::outside(Method::DELETE, "/Schemas", 405),
        Row::outside(Method::OPTIONS, "/Users", 405),
        Row::outside(Method::GET, "/Users?filter=nonsense", 400),
        Row::outside(Method::POST, "/Users", 400).with(json!("nonsense")),
    ]
}

fn resources(endpoint: &str, id: &str, new: Value) -> Vec<Row> {
    let (all, one) = (format!("/{endpoint}"), format!("/{endpoint}/{id}"));
    let patch = json!({"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "externalId", "value": "e-1"}]});
    let patched = if endpoint == "Groups" { 204 } else { 200 };
    vec![
        Row::of(Method::GET, "/{endpoint}", &all, 200),
        Row::of(Method::POST, "/{endpoint}", &all, 201).with(new.clone()),
        Row::of(Method::GET, "/{endpoint}/{id}", &one, 200),
        Row::of(Method::PATCH, "/{endpoint}/{id}", &one, patched).with(patch),
        Row::of(Method::PUT, "/{endpoint}/{id}", &one, 200).with(renamed(new)),
        Row::of(Method::DELETE, "/{endpoint}/{id}", &one, 204),
    ]
}

fn renamed(mut new: Value) -> Value {
    for name in ["userName", "displayName"] {
        if let Some(Value::String(name)) = new.get_mut(name) {
            name.push_str(" Hopper");
        }
    }
    new
}
