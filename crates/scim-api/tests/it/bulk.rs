//! `/Bulk` (RFC 7644 §3.7): many operations in one request, each a change of its own.

mod circles;
mod operations;
mod references;
mod refusals;

use serde_json::{Value, json};

use crate::face::{Answer, BASE, Face, group, patch_op, path, user};
use scim_protocol::urn;

fn message(operations: Value) -> Value {
    json!({"schemas": [urn::BULK_REQUEST], "Operations": operations})
}

async fn send(face: &Face, operations: Value) -> Answer {
    face.post("/Bulk", message(operations)).await
}

/// The results, which keep the promises that every result keeps.
async fn bulk(face: &Face, operations: Value) -> Vec<Value> {
    results(&send(face, operations).await.is(200))
}

fn results(answer: &Answer) -> Vec<Value> {
    let body = answer.json();
    assert_eq!(body["schemas"], json!([urn::BULK_RESPONSE]));
    let results = body["Operations"].as_array().unwrap().clone();
    results.iter().for_each(check);
    results
}

/// RFC 7644 §3.7: the status is a string, whatever failed says why, and whatever was done says where and in which version.
fn check(result: &Value) {
    let status: u16 = result["status"].as_str().unwrap_or_else(|| panic!("{result}")).parse().unwrap();
    assert!(result["method"].is_string(), "{result}");
    if status >= 400 {
        let response = &result["response"];
        assert_eq!(response["schemas"], json!([urn::ERROR]), "{result}");
        assert_eq!(response["status"], result["status"], "{result}");
        assert!(!response["detail"].as_str().unwrap().is_empty(), "{result}");
        assert!(result.get("version").is_none(), "{result}");
    } else {
        assert!(result["location"].as_str().unwrap().starts_with(BASE), "{result}");
        assert_eq!(result.get("response"), None, "{result}");
        assert_eq!(result.get("version").is_some(), result["method"] != "DELETE", "{result}");
    }
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().unwrap()).collect()
}

/// The path below the base URL of what an operation was about.
fn place(result: &Value) -> String {
    path(result["location"].as_str().unwrap_or_else(|| panic!("{result}")))
}

fn detail(result: &Value) -> &str {
    result["response"]["detail"].as_str().unwrap_or_else(|| panic!("{result}"))
}

fn new_user(bulk_id: &str, attributes: Value) -> Value {
    let mut attributes = attributes;
    if attributes.get("userName").is_none() {
        attributes["userName"] = json!(bulk_id);
    }
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": user(attributes)})
}

/// `members` as they are to stand in `value`.
fn new_group(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|value| json!({"value": value})).collect();
    let data = group(json!({"displayName": bulk_id, "members": members}));
    json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data})
}

fn patch(path: &str, operation: Value) -> Value {
    json!({"method": "PATCH", "path": path, "data": patch_op(&json!([operation]))})
}

async fn members(face: &Face, path: &str) -> Vec<String> {
    let body = face.get(path).await.is(200).json();
    let members = body["members"].as_array().cloned().unwrap_or_default();
    members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
}
