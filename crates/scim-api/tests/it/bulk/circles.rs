//! Operations that name each other in a circle (RFC 7644 §3.7.1).

use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{bulk, detail, new_group, new_user, patch, place, statuses};
use crate::face::{ENTERPRISE, Face, id};

on_both_databases! { Face:
    people_who_manage_each_other_are_made,
    groups_within_each_other_are_refused_and_leave_nothing,
    a_patch_that_closes_a_circle_of_groups_is_refused,
}

fn managed(name: &str, manager: &str) -> Value {
    new_user(name, json!({ENTERPRISE: {"manager": {"value": format!("bulkId:{manager}")}}}))
}

async fn people_who_manage_each_other_are_made(face: &Face) {
    let circles: [&[(&str, &str)]; 3] =
        [&[("narcissus", "narcissus")], &[("ada", "bob"), ("bob", "ada")], &[("x", "y"), ("y", "z"), ("z", "x")]];
    for circle in circles {
        let operations: Vec<Value> = circle.iter().map(|(name, manager)| managed(name, manager)).collect();
        let results = bulk(face, json!(operations)).await;
        assert!(results.iter().all(|result| result["status"] == "201"), "{results:?}");
        for ((_, manager), result) in circle.iter().zip(&results) {
            let at = circle.iter().position(|(name, _)| name == manager).unwrap();
            let found = face.get(&place(result)).await.is(200).json();
            assert_eq!(found[ENTERPRISE]["manager"]["value"], id(&place(&results[at])), "{found}");
        }
    }
}

/// Groups cannot be within each other, so that here the reference cannot be resolved.
async fn groups_within_each_other_are_refused_and_leave_nothing(face: &Face) {
    let facts = face.facts();
    let circles: [&[(&str, &str)]; 3] =
        [&[("a", "a")], &[("a", "b"), ("b", "a")], &[("a", "b"), ("b", "c"), ("c", "a")]];
    for circle in circles {
        let operations = circle.iter().map(|(name, member)| new_group(name, &[&format!("bulkId:{member}")]));
        let results = bulk(face, json!(operations.collect::<Vec<_>>())).await;
        assert!(results.iter().any(|result| result["status"] == "409"), "{results:?}");
        assert!(results.iter().all(|result| result["status"] != "201"), "{results:?}");
        assert_eq!(face.get("/Groups").await.total(), 0);
    }
    assert_eq!(face.facts(), facts);
}

/// Of a circle that is fine, what is wrong with one operation is no matter of the circle.
#[tokio::test]
async fn what_is_wrong_beside_the_circle_is_said_as_it_is() {
    let face = Face::sqlite().await;
    let mut ada = managed("ada", "bob");
    ada["data"]["userName"] = json!("");
    let results = bulk(&face, json!([ada, managed("bob", "ada")])).await;
    let bob = results.iter().find(|result| result["bulkId"] == "bob").unwrap();
    let ada = results.iter().find(|result| result["bulkId"] == "ada").unwrap();
    assert_eq!((&ada["status"], &ada["response"]["scimType"]), (&json!("400"), &json!("invalidValue")));
    assert!(detail(ada).contains("userName"), "{ada}");
    // It was made before it was known that its manager would not be.
    assert_eq!(bob["status"], "201");
}

async fn a_patch_that_closes_a_circle_of_groups_is_refused(face: &Face) {
    let add = json!({"op": "add", "path": "members", "value": [{"value": "bulkId:outer"}]});
    let results = bulk(
        face,
        json!([new_group("outer", &["bulkId:inner"]), new_group("inner", &[]), patch("/Groups/bulkId:inner", add)]),
    )
    .await;
    assert_eq!(statuses(&results), ["201", "201", "400"]);
    let inner = face.get(&place(&results[1])).await.is(200);
    assert_eq!((inner.etag().as_str(), inner.json().get("members")), ("W/\"1\"", None));
}
