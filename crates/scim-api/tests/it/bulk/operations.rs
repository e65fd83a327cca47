//! What becomes of each operation: order, results, errors among them, and one fact each.

use domain::journal::What;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{bulk, detail, message, new_group, new_user, patch, place, results, statuses};
use crate::face::{Face, id, user};

on_both_databases! { Face:
    every_operation_answers_in_its_place,
    what_fails_says_why_and_stops_nothing,
    each_operation_is_a_fact_of_its_own,
    after_so_many_errors_the_rest_is_left_undone,
    a_version_is_a_condition,
}

async fn every_operation_answers_in_its_place(face: &Face) {
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let cyd = face.new_user("cyd").await;
    let lab = face.new_group("Lab", &[]).await;
    let results = bulk(
        face,
        json!([
            new_user("dan", json!({})),
            {"method": "put", "path": ada, "data": user(json!({"userName": "ada", "title": "Countess"}))},
            patch(&bob, json!({"op": "add", "path": "title", "value": "Builder"})),
            {"method": "DELETE", "path": cyd},
            patch(&lab, json!({"op": "add", "path": "members", "value": [{"value": id(&ada)}]})),
            {"method": "DELETE", "path": bob, "bulkId": "any name, which only POST needs"},
        ]),
    )
    .await;
    // As each would be answered by itself: a group's PATCH has nothing to show.
    assert_eq!(statuses(&results), ["201", "200", "200", "204", "204", "204"]);
    let methods: Vec<&Value> = results.iter().map(|result| &result["method"]).collect();
    assert_eq!(methods, ["POST", "PUT", "PATCH", "DELETE", "PATCH", "DELETE"]);
    let places: Vec<String> = results.iter().skip(1).map(place).collect();
    assert_eq!(places, [&ada, &bob, &cyd, &lab, &bob].map(Clone::clone));
    let bulk_ids: Vec<&Value> = results.iter().map(|result| &result["bulkId"]).collect();
    let none = &Value::Null;
    let named = "any name, which only POST needs";
    assert_eq!(bulk_ids, [&json!("dan"), none, none, none, none, &json!(named)]);

    let dan = face.get(&place(&results[0])).await.is(200);
    assert_eq!((dan.json()["userName"].as_str(), results[0]["version"].as_str()), (Some("dan"), Some("W/\"1\"")));
    for (path, index) in [(&ada, 1), (&lab, 4)] {
        let found = face.get(&format!("{path}?excludedAttributes=groups")).await.is(200);
        assert_eq!(found.json()["meta"]["version"], results[index]["version"]);
        assert_eq!(results[index]["version"], "W/\"2\"");
    }
    assert_eq!(face.get(&ada).await.json()["title"], "Countess");
    face.get(&bob).await.is(404);
    face.get(&cyd).await.is(404);
    assert_eq!(super::members(face, &lab).await, [id(&ada)]);
}

async fn what_fails_says_why_and_stops_nothing(face: &Face) {
    let ada = face.new_user("ada").await;
    let nobody = "/Users/019b76da-a800-7000-8000-00000000ffff";
    let results = bulk(
        face,
        json!([
            new_user("a", json!({"userName": "ADA"})),
            new_user("b", json!({"userName": ""})),
            {"method": "PUT", "path": nobody, "data": user(json!({"userName": "x"}))},
            patch(nobody, json!({"op": "add", "path": "title", "value": "x"})),
            {"method": "DELETE", "path": nobody},
            patch(&ada, json!({"op": "replace", "path": "id", "value": "x"})),
            patch(&ada, json!({"op": "remove"})),
            {"method": "PATCH", "path": ada, "data": {"Operations": 7}},
            {"method": "PATCH", "path": ada},
            {"method": "POST", "path": "/Robots", "bulkId": "c", "data": {}},
            {"method": "DELETE", "path": "/Users"},
            {"method": "DELETE", "path": "/Users/not-an-id"},
            {"method": "POST", "path": ada, "bulkId": "d", "data": user(json!({"userName": "d"}))},
            {"method": "POST", "path": "/Schemas", "bulkId": "e", "data": {}},
            new_group("f", &["nobody"]),
            new_user("last", json!({})),
        ]),
    )
    .await;
    let expected = [
        "409", "400", "404", "404", "404", "400", "400", "400", "400", "404", "404", "404", "405", "404", "400", "201",
    ];
    assert_eq!(statuses(&results), expected);
    let types: Vec<&Value> = results.iter().map(|result| &result["response"]["scimType"]).collect();
    assert_eq!([types[0], types[1], types[5], types[6]], ["uniqueness", "invalidValue", "mutability", "noTarget"]);
    // RFC 7644 §3.7: the address is there but where a POST failed.
    for result in &results[..15] {
        assert_eq!(result.get("location").is_some(), result["method"] != "POST", "{result}");
    }
    assert_eq!(place(&results[2]), nobody);
    assert_eq!(face.get("/Users").await.each("userName"), ["ada", "last"]);
    assert_eq!(face.get(&ada).await.etag(), "W/\"1\"");
    assert_eq!(face.get("/Groups").await.total(), 0);
}

async fn each_operation_is_a_fact_of_its_own(face: &Face) {
    let ada = face.new_user("ada").await;
    let before = journal(face).await.len();
    let results = bulk(
        face,
        json!([
            new_user("bob", json!({})),
            {"method": "PUT", "path": ada, "data": user(json!({"userName": "ada", "title": "Countess"}))},
            new_user("taken", json!({"userName": "ada"})),
            patch(&ada, json!({"op": "add", "path": "nickName", "value": "A"})),
            // Changes nothing, so that nothing happened.
            patch(&ada, json!({"op": "add", "path": "nickName", "value": "A"})),
            {"method": "DELETE", "path": ada},
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["201", "200", "409", "200", "200", "204"]);
    let told = journal(face).await.split_off(before);
    let whats: Vec<What> = told.iter().map(|(what, _, _)| *what).collect();
    assert_eq!(whats, [What::Created, What::Replaced, What::Patched, What::Deleted]);
    let subjects: Vec<&str> = told.iter().map(|(_, subject, _)| subject.as_str()).collect();
    let bob = place(&results[0]);
    assert_eq!(subjects, [id(&bob), id(&ada), id(&ada), id(&ada)]);
    // All by one request, which the log can be asked about.
    assert!(told.iter().all(|(_, _, request)| *request == told[0].2), "{told:?}");
}

/// What, whom and by which request.
async fn journal(face: &Face) -> Vec<(What, String, String)> {
    face.world.number_facts().await;
    let facts = face.world.journal.facts_after(&face.tenant.scope(), 0, 1_000).await.unwrap();
    let subject = |fact: &domain::journal::NumberedFact| fact.subject.id().map(|id| id.to_string()).unwrap_or_default();
    facts.iter().map(|fact| (fact.what, subject(fact), fact.request_id.clone())).collect()
}

async fn after_so_many_errors_the_rest_is_left_undone(face: &Face) {
    face.new_user("ada").await;
    let taken = |bulk_id: &str| new_user(bulk_id, json!({"userName": "ada"}));
    let operations =
        json!([new_user("b", json!({})), taken("c"), new_user("d", json!({})), taken("e"), new_user("f", json!({}))]);
    let ask = async |limit: Value| {
        let mut message = message(operations.clone());
        message["failOnErrors"] = limit;
        results(&face.post("/Bulk", message).await.is(200))
    };
    // What was done before stays done (RFC 7644 §3.7.3).
    assert_eq!(statuses(&ask(json!(1)).await), ["201", "409"]);
    assert_eq!(face.get("/Users").await.each("userName"), ["ada", "b"]);
    let facts = face.facts();
    assert_eq!(statuses(&ask(json!(2)).await), ["409", "409"]);
    assert_eq!(face.facts(), facts);
    assert_eq!(statuses(&ask(json!(3)).await), ["409", "409", "201", "409"]);
    assert_eq!(statuses(&ask(Value::Null).await), ["409", "409", "409", "409", "201"]);
    assert_eq!(face.get("/Users").await.each("userName"), ["ada", "b", "d", "f"]);
}

async fn a_version_is_a_condition(face: &Face) {
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let title = |title: &str| patch(&ada, json!({"op": "replace", "path": "title", "value": title}));
    let on = |version: &str, mut operation: Value| {
        operation["version"] = json!(version);
        operation
    };
    let put = json!({"method": "PUT", "path": ada, "data": user(json!({"userName": "ada"}))});
    let delete = json!({"method": "DELETE", "path": bob});
    let results = bulk(
        face,
        json!([
            on("W/\"7\"", title("a")),
            on("W/\"1\"", title("b")),
            on("W/\"1\"", title("c")),
            on("W/\"1\"", put.clone()),
            on("W/\"2\"", put),
            on("W/\"2\"", delete.clone()),
            on("W/\"1\"", delete),
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["412", "200", "412", "412", "200", "412", "204"]);
    assert_eq!((&results[1]["version"], &results[4]["version"]), (&json!("W/\"2\""), &json!("W/\"3\"")));
    assert_eq!(face.get(&ada).await.json().get("title"), None);
    face.get(&bob).await.is(404);
}

#[tokio::test]
async fn later_operations_see_what_earlier_ones_did() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let results = bulk(
        &face,
        json!([
            {"method": "DELETE", "path": ada},
            new_user("again", json!({"userName": "ADA"})),
            new_user("twice", json!({"userName": "ada"})),
            {"method": "DELETE", "path": ada},
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["204", "201", "409", "404"]);
    assert!(detail(&results[2]).contains("userName"), "{results:?}");
}

#[tokio::test]
async fn a_response_reads_like_this() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let operations = json!([
        new_user("qwerty", json!({"userName": "bob"})),
        new_user("taken", json!({"userName": "ada"})),
        {"method": "DELETE", "path": ada},
    ]);
    insta::assert_json_snapshot!(super::send(&face, operations).await.readable());
}
