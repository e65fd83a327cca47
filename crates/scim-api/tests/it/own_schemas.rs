//! Schemas and resource types of a tenant's own (RFC 7643 §3.2, §3.3).

mod declaring;
mod devices;
mod uniqueness;
mod values;

use domain::Error;
use domain::context::OpContext;
use scim_protocol::declaration::{Declaration, DeclaredExtension};
use scim_protocol::urn;
use serde_json::{Value, json};

use crate::face::{Face, user};

const EMPLOYEE: &str = "urn:example:acme:params:scim:schemas:1.0:Employee";
const DEVICE: &str = "urn:ietf:params:scim:schemas:core:2.0:Device";
const BLE: &str = "urn:example:acme:params:scim:schemas:1.0:Ble";

/// An attribute of every kind.
fn employee() -> Value {
    json!({"id": EMPLOYEE, "name": "Employee", "description": "Who works here.", "attributes": [
        {"name": "badge", "type": "string", "uniqueness": "server"},
        {"name": "code", "type": "string", "uniqueness": "global", "caseExact": true},
        {"name": "remote", "type": "boolean"},
        {"name": "floor", "type": "integer"},
        {"name": "share", "type": "decimal"},
        {"name": "startedAt", "type": "dateTime"},
        {"name": "tags", "type": "string", "multiValued": true},
        {"name": "desk", "type": "complex", "subAttributes": [
            {"name": "room", "type": "string"},
            {"name": "height", "type": "integer"},
        ]},
        {"name": "tools", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value", "type": "string"},
            {"name": "type", "type": "string", "canonicalValues": ["hand", "power"]},
            {"name": "primary", "type": "boolean"},
        ]},
        {"name": "hiredBy", "type": "string", "mutability": "immutable"},
        {"name": "rank", "type": "integer", "mutability": "readOnly"},
        {"name": "notes", "type": "string", "returned": "request"},
        {"name": "grade", "type": "string", "returned": "never"},
    ]})
}

fn extension(extends: &str, required: bool, schema: Value) -> Declaration {
    let schema = serde_json::from_value(schema).unwrap();
    Declaration::Extension(DeclaredExtension { extends: extends.to_owned(), required, schema })
}

fn device() -> Value {
    json!({
        "name": "Device", "endpoint": "/Devices", "description": "Things with an address.",
        "schema": {"id": DEVICE, "name": "Device", "attributes": [
            {"name": "displayName", "type": "string", "required": true},
            {"name": "serial", "type": "string", "uniqueness": "server", "required": true},
            {"name": "slots", "type": "integer"},
            {"name": "active", "type": "boolean"},
            {"name": "owner", "type": "complex", "subAttributes": [
                {"name": "value", "type": "string"},
                {"name": "$ref", "type": "reference", "referenceTypes": ["User"]},
            ]},
        ]},
        "schemaExtensions": [{"required": false, "schema": {"id": BLE, "name": "BLE", "attributes": [
            {"name": "mac", "type": "string", "required": true},
            {"name": "versions", "type": "string", "multiValued": true},
        ]}}],
    })
}

fn resource_type(declared: Value) -> Declaration {
    Declaration::ResourceType(serde_json::from_value(declared).unwrap())
}

async fn declare(face: &Face, declared: Declaration) -> Result<(), Error> {
    face.world.declarations.declare(&now(face).await, declared).await
}

async fn withdraw(face: &Face, name: &str) -> Result<Declaration, Error> {
    face.world.declarations.withdraw(&now(face).await, name).await
}

/// At work in the tenant as it is now, as the command line is.
async fn now(face: &Face) -> OpContext {
    face.world.cx(&face.world.tenants.get(&face.tenant.slug).await.unwrap())
}

/// Users here are employees from now on.
async fn with_employees(face: &Face) {
    declare(face, extension("User", false, employee())).await.unwrap();
}

async fn with_devices(face: &Face) {
    declare(face, resource_type(device())).await.unwrap();
}

/// Somebody with this extension.
fn worker(name: &str, extension: Value) -> Value {
    let mut body = user(json!({"userName": name, EMPLOYEE: extension}));
    body["schemas"] = json!([urn::USER, EMPLOYEE]);
    body
}

fn thing(attributes: Value) -> Value {
    let mut body = attributes;
    body["schemas"] = if body.get(BLE).is_some() { json!([DEVICE, BLE]) } else { json!([DEVICE]) };
    body
}
