//! Requests of which nothing is done.

use actix_web::http::Method;
use scim_protocol::urn;
use serde_json::{Value, json};

use super::{bulk, message, new_user, send};
use crate::face::{Face, user};

fn many(count: usize) -> Value {
    (0..count).map(|number| new_user(&format!("user-{number}"), json!({}))).collect()
}

#[tokio::test]
async fn too_many_operations_are_refused_by_the_published_number() {
    let face = Face::sqlite().await;
    let published = face.get("/ServiceProviderConfig").await.json()["bulk"].clone();
    assert_eq!(published, json!({"supported": true, "maxOperations": 50, "maxPayloadSize": 100_000}));
    let refused = send(&face, many(51)).await.is(413).json();
    assert!(refused["detail"].as_str().unwrap().contains("50"), "{refused}");
    assert_eq!((face.get("/Users").await.total(), face.facts()), (0, 0));
    assert_eq!(bulk(&face, many(50)).await.len(), 50);
    assert_eq!(face.get("/Users").await.total(), 50);
}

#[tokio::test]
async fn too_large_a_body_is_refused_by_the_published_number() {
    let face = Face::sqlite().await;
    let of_size = |size: usize| {
        let body = message(json!([new_user("ada", json!({"title": ""}))])).to_string();
        let filler = "x".repeat(size - body.len());
        body.replace("\"title\":\"\"", &format!("\"title\":\"{filler}\""))
    };
    let ask =
        |body: String| face.ask(Method::POST, "/Bulk").header(("content-type", "application/scim+json")).bytes(body);
    let refused = ask(of_size(100_001)).send().await.is(413).json();
    assert!(refused["detail"].as_str().unwrap().contains("100000"), "{refused}");
    assert_eq!((face.get("/Users").await.total(), face.facts()), (0, 0));
    ask(of_size(100_000)).send().await.is(200);
}

#[tokio::test]
async fn nothing_to_do_is_done() {
    let face = Face::sqlite().await;
    assert_eq!(bulk(&face, json!([])).await, Vec::<Value>::new());
}

/// What has no shape is refused as a whole, before anything is done.
#[tokio::test]
async fn what_is_no_bulk_request_is_refused_whole() {
    let face = Face::sqlite().await;
    let good = new_user("good", json!({}));
    let data = user(json!({"userName": "x"}));
    for bad in [
        json!([]),
        json!("x"),
        json!({"Operations": [good]}),
        json!({"schemas": [urn::PATCH_OP], "Operations": [good]}),
        json!({"schemas": [urn::BULK_REQUEST]}),
        json!({"schemas": [urn::BULK_REQUEST], "Operations": good}),
        json!({"schemas": [urn::BULK_REQUEST], "failOnErrors": -1, "Operations": [good]}),
        json!({"schemas": [urn::BULK_REQUEST], "failOnErrors": "1", "Operations": [good]}),
        message(json!([good, 7])),
        message(json!([good, {"method": "GET", "path": "/Users"}])),
        message(json!([good, {"method": "POST", "path": "/Users", "data": data}])),
        message(json!([good, {"method": "POST", "path": "/Users", "bulkId": "", "data": data}])),
        message(json!([good, {"method": "POST", "path": "/Users", "bulkId": 7, "data": data}])),
        message(json!([good, {"method": "POST", "bulkId": "x", "data": data}])),
        message(json!([good, {"path": "/Users", "bulkId": "x", "data": data}])),
        message(json!([good, good])),
    ] {
        let refused = face.post("/Bulk", bad.clone()).await.is(400).json();
        assert!(refused["scimType"].is_string(), "{bad}: {refused}");
    }
    assert_eq!((face.get("/Users").await.total(), face.facts()), (0, 0));
}

#[tokio::test]
async fn the_operation_that_is_none_is_named() {
    let face = Face::sqlite().await;
    let detail = send(&face, json!([new_user("good", json!({})), 7])).await.fails(400, "invalidSyntax");
    assert!(detail.contains("Operations[1]"), "{detail}");
}

#[tokio::test]
async fn only_post_is_answered() {
    let face = Face::sqlite().await;
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(face.ask(method, "/Bulk").send().await.is(405).header("allow"), Some("POST"));
    }
    face.stranger(Method::POST, "/t/acme/scim/v2/Bulk").json(&message(many(1))).send().await.is(401);
    assert_eq!(face.get("/Users").await.total(), 0);
}

/// One operation cannot reach another tenant or a message by its path.
#[tokio::test]
async fn a_path_leads_nowhere_but_to_resources() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let absolute = format!("{}{ada}", crate::face::BASE);
    for path in ["", "/", "//Users", "/Bulk", "/Me", "/.search", "/t/zoo/scim/v2/Users", &absolute, &format!("{ada}/x")]
    {
        let result = bulk(&face, json!([{"method": "DELETE", "path": path}])).await.remove(0);
        assert_eq!(result["status"], "404", "{path}: {result}");
    }
    face.get(&ada).await.is(200);
}
