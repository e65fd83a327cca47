//! `$ref`: filled in on the way out, understood on the way in (RFC 7643 §2.3.7, §2.4).

use serde_json::{Value, json};

use crate::face::{BASE, ENTERPRISE, Face, group, id, path, user};

fn managed(name: &str, manager: Value) -> Value {
    user(json!({"userName": name, ENTERPRISE: {"manager": manager}}))
}

#[tokio::test]
async fn a_manager_s_address_is_filled_in_wherever_it_is_shown() {
    let face = Face::sqlite().await;
    let boss = face.new_user("boss").await;
    let created = face.post("/Users", managed("ada", json!({"value": id(&boss)}))).await.is(201);
    let expected = json!({"value": id(&boss), "$ref": format!("{BASE}{boss}")});
    assert_eq!(created.json()[ENTERPRISE]["manager"], expected);
    let ada = created.created();
    let patch = json!([{"op": "add", "path": "title", "value": "x"}]);
    for answer in [
        face.get(&ada).await,
        face.put(&ada, managed("ada", json!({"value": id(&boss)}))).await,
        face.patch(&ada, patch).await,
        face.get(&format!("{ada}?attributes={ENTERPRISE}:manager")).await,
    ] {
        assert_eq!(answer.is(200).json()[ENTERPRISE]["manager"], expected);
    }
    let listed = face.find("/Users", "userName eq \"ada\"").await.json();
    assert_eq!(listed["Resources"][0][ENTERPRISE]["manager"], expected);
    let only = face.get(&format!("{ada}?attributes={ENTERPRISE}:manager.$ref")).await.is(200).json();
    assert_eq!(only[ENTERPRISE]["manager"], json!({"$ref": expected["$ref"]}));
    let found = face.get(&path(expected["$ref"].as_str().unwrap())).await.is(200).json();
    assert_eq!(found["userName"], "boss");
}

#[tokio::test]
async fn a_reference_alone_says_whom_it_means() {
    let face = Face::sqlite().await;
    let (boss, ada) = (face.new_user("boss").await, face.new_user("ada").await);
    for (number, reference) in [format!("{BASE}{boss}"), format!("../{}", &boss[1..]), boss.clone()].iter().enumerate()
    {
        let given = json!({"$ref": reference});
        let name = format!("u{number}");
        let made = face.post("/Users", managed(&name, given.clone())).await.is(201);
        assert_eq!(made.json()[ENTERPRISE]["manager"]["value"], id(&boss), "{reference}");
        let patch = json!([{"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": given}]);
        let patched = face.patch(&ada, patch).await.is(200).json();
        assert_eq!(patched[ENTERPRISE]["manager"]["value"], id(&boss), "{reference}");
        let replaced = face.put(&made.created(), managed(&name, json!({"$REF": reference}))).await.is(200).json();
        assert_eq!(replaced[ENTERPRISE]["manager"]["value"], id(&boss), "{reference}");
    }
}

#[tokio::test]
async fn members_are_named_by_reference_alone() {
    let face = Face::sqlite().await;
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let member = |path: &str| json!({"$ref": format!("{BASE}{path}")});
    let members = async |path: &str| {
        let body = face.get(path).await.is(200).json();
        let members = body["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let lab = face.post("/Groups", group(json!({"displayName": "Lab", "members": [member(&ada)]}))).await.created();
    assert_eq!(members(&lab).await, [id(&ada)]);
    face.patch(&lab, json!([{"op": "add", "path": "members", "value": [member(&bob)]}])).await.is(204);
    assert_eq!(members(&lab).await, [id(&ada), id(&bob)]);
    face.put(&lab, group(json!({"displayName": "Lab", "members": [member(&bob)]}))).await.is(200);
    assert_eq!(members(&lab).await, [id(&bob)]);
    face.patch(&lab, json!([{"op": "replace", "value": {"members": [member(&ada)]}}])).await.is(204);
    assert_eq!(members(&lab).await, [id(&ada)]);
}

/// The value counts; an address that says something else is corrected.
#[tokio::test]
async fn a_reference_that_contradicts_the_value_is_corrected() {
    let face = Face::sqlite().await;
    let (boss, eve) = (face.new_user("boss").await, face.new_user("eve").await);
    let manager = json!({"value": id(&boss), "$ref": format!("{BASE}{eve}")});
    let made = face.post("/Users", managed("ada", manager.clone())).await.is(201).json();
    assert_eq!(made[ENTERPRISE]["manager"]["$ref"], format!("{BASE}{boss}"));
    let lab = face.post("/Groups", group(json!({"displayName": "Lab", "members": [manager]}))).await.is(201).json();
    assert_eq!(lab["members"], json!([{"value": id(&boss), "type": "User", "$ref": format!("{BASE}{boss}")}]));
}

#[tokio::test]
async fn a_manager_from_elsewhere_has_no_address_here() {
    let face = Face::sqlite().await;
    let made = face.post("/Users", managed("ada", json!({"value": "26118915"}))).await.is(201).json();
    assert_eq!(made[ENTERPRISE]["manager"], json!({"value": "26118915"}));
}
