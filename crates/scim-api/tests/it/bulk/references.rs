//! Resources named by `bulkId` before they have an id (RFC 7644 §3.7.2).

use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{bulk, detail, members, new_group, new_user, patch, place, statuses};
use crate::face::{ENTERPRISE, Face, id};

on_both_databases! { Face:
    what_was_made_before_is_named_by_its_bulk_id,
    what_is_made_later_is_named_as_well,
    who_depends_on_a_failure_fails,
}

async fn what_was_made_before_is_named_by_its_bulk_id(face: &Face) {
    let results = bulk(face, json!([new_user("ada", json!({})), new_group("Lab", &["bulkId:ada"])])).await;
    assert_eq!(statuses(&results), ["201", "201"]);
    assert_eq!(members(face, &place(&results[1])).await, [id(&place(&results[0]))]);
    let user = face.get(&place(&results[0])).await.json();
    assert_eq!(user["groups"][0]["value"], id(&place(&results[1])));
}

async fn what_is_made_later_is_named_as_well(face: &Face) {
    let outer = new_group("Outer", &["bulkId:Inner", "bulkId:ada"]);
    let results = bulk(face, json!([outer, new_group("Inner", &["bulkId:ada"]), new_user("ada", json!({}))])).await;
    // In the order of the request, whatever was done first.
    let names: Vec<&Value> = results.iter().map(|result| &result["bulkId"]).collect();
    assert_eq!(names, ["Outer", "Inner", "ada"]);
    assert_eq!(statuses(&results), ["201", "201", "201"]);
    let [outer, inner, ada] = [0, 1, 2].map(|index| place(&results[index]));
    let mut expected = vec![id(&ada).to_owned(), id(&inner).to_owned()];
    expected.sort();
    let mut found = members(face, &outer).await;
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(members(face, &inner).await, [id(&ada)]);
}

#[tokio::test]
async fn a_path_names_what_the_same_request_makes() {
    let face = Face::sqlite().await;
    let add = json!({"op": "add", "path": "members", "value": [{"value": "bulkId:ada"}, {"value": "bulkId:bob"}]});
    let results = bulk(
        &face,
        json!([
            patch("/Groups/bulkId:Lab", add),
            patch("/Groups/bulkId:Lab", json!({"op": "remove", "path": "members[value eq \"bulkId:ada\"]"})),
            new_group("Lab", &[]),
            new_user("ada", json!({})),
            new_user("bob", json!({})),
            {"method": "PUT", "path": "/Users/bulkId:bob", "data": crate::face::user(json!({"userName": "bob", "title": "B"}))},
            {"method": "DELETE", "path": "/Users/bulkId:ada"},
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["204", "204", "201", "201", "201", "200", "204"]);
    let (lab, bob) = (place(&results[2]), place(&results[4]));
    assert_eq!((place(&results[0]), place(&results[5])), (lab.clone(), bob.clone()));
    assert_eq!(members(&face, &lab).await, [id(&bob)]);
    assert_eq!(face.get(&bob).await.json()["title"], "B");
    face.get(&place(&results[3])).await.is(404);
}

#[tokio::test]
async fn an_extension_names_what_the_same_request_makes() {
    let face = Face::sqlite().await;
    let worker = new_user("worker", json!({ENTERPRISE: {"manager": {"value": "bulkId:boss"}}}));
    let by_reference =
        new_user("other", json!({ENTERPRISE: {"manager": {"value": "bulkId:boss"}, "department": "bulkId: no"}}));
    let late = patch(
        "/Users/bulkId:late",
        json!({"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": "bulkId:boss"}),
    );
    let operations = json!([worker, by_reference, late, new_user("boss", json!({})), new_user("late", json!({}))]);
    let results = bulk(&face, operations).await;
    let boss = place(&results[3]);
    for index in [0, 2] {
        let found = face.get(&place(&results[index])).await.is(200).json();
        assert_eq!(found[ENTERPRISE]["manager"]["value"], id(&boss), "{found}");
        assert_eq!(found[ENTERPRISE]["manager"]["$ref"], results[3]["location"], "{found}");
    }
    // A text that begins as a reference does is one, and this names nobody.
    assert_eq!(results[1]["status"], "400");
}

async fn who_depends_on_a_failure_fails(face: &Face) {
    face.new_user("ada").await;
    let facts = face.facts();
    let results = bulk(
        face,
        json!([
            new_group("Lab", &["bulkId:taken"]),
            new_user("taken", json!({"userName": "ada"})),
            new_group("Outer", &["bulkId:Lab"]),
            patch("/Groups/bulkId:Lab", json!({"op": "replace", "path": "displayName", "value": "x"})),
            {"method": "DELETE", "path": "/Groups/bulkId:Lab"},
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["400", "409", "400", "400", "400"]);
    for (index, name) in [(0, "taken"), (2, "Lab"), (3, "Lab"), (4, "Lab")] {
        assert!(detail(&results[index]).contains(&format!("\"{name}\"")), "{results:?}");
    }
    assert_eq!(face.get("/Groups").await.total(), 0);
    assert_eq!(face.facts(), facts);
}

#[tokio::test]
async fn a_bulk_id_that_nobody_has_is_refused_by_name() {
    let face = Face::sqlite().await;
    let results = bulk(
        &face,
        json!([
            new_group("Lab", &["bulkId:nobody"]),
            patch("/Users/bulkId:nobody", json!({"op": "add", "path": "title", "value": "x"})),
            // Only POST makes something.
            {"method": "DELETE", "path": "/Users/019b76da-a800-7000-8000-00000000ffff", "bulkId": "gone"},
            new_group("Late", &["bulkId:gone"]),
            new_user("fine", json!({})),
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["400", "400", "404", "400", "201"]);
    assert!(detail(&results[0]).contains("\"nobody\"") && detail(&results[3]).contains("\"gone\""), "{results:?}");
    assert_eq!(face.get("/Groups").await.total(), 0);
}

#[tokio::test]
async fn ids_never_hold_the_word_with_which_they_are_named() {
    let face = Face::sqlite().await;
    let results = bulk(&face, json!([new_user("ada", json!({"id": "bulkId:ada", "title": "bulkId"}))])).await;
    let ada = face.get(&place(&results[0])).await.is(200).json();
    assert!(!ada["id"].as_str().unwrap().contains("bulkId"), "{ada}");
    assert_eq!(ada["title"], "bulkId");
}
