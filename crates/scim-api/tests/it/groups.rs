//! `/Groups`: names and members.

use scim_protocol::urn;
use serde_json::{Value, json};
use testkit::on_both_databases;

use crate::face::{Face, Options, elements, group, id, path, user};

on_both_databases! { Face:
    a_member_that_does_not_exist_is_refused_by_name_and_nothing_is_applied,
    taking_out_who_is_not_in_changes_nothing,
    deleting_a_user_takes_it_out_of_its_groups,
    deleting_a_group_takes_it_out_of_the_groups_around_it,
    put_without_members_clears_them,
    thousands_of_members_come_in_one_patch,
}

const NOBODY: &str = "019b76da-a800-7000-8000-00000000ffff";

fn add(paths: &[&str]) -> Value {
    json!({"op": "add", "path": "members", "value": elements(paths)})
}

async fn members(face: &Face, path: &str) -> Vec<String> {
    let body = face.get(path).await.is(200).json();
    let members = body["members"].as_array().cloned().unwrap_or_default();
    members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_group_shows_who_is_in_it_with_addresses_that_lead_there() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let inner = face.new_group("Inner", &[]).await;
    let body = json!({"displayName": "Lab", "externalId": "G-1", "members": elements(&[&ada, &inner])});
    let created = face.post("/Groups", group(body)).await.is(201);
    insta::assert_json_snapshot!(created.readable());
    for member in created.json()["members"].as_array().unwrap() {
        let found = face.get(&path(member["$ref"].as_str().unwrap())).await.is(200).json();
        assert_eq!((&found["id"], &found["meta"]["resourceType"]), (&member["value"], &member["type"]));
    }
    assert_eq!(created.header("etag"), created.json()["meta"]["version"].as_str());
    let json = created.json();
    assert_eq!(face.get(&created.created()).await.json(), json);
}

#[tokio::test]
async fn patch_answers_204_unless_attributes_are_asked_for() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[]).await;
    let silent = face.patch(&lab, json!([add(&[&ada])])).await.is(204);
    assert_eq!(silent.etag(), face.get(&lab).await.etag());
    assert_eq!(silent.etag(), "W/\"2\"");
    let rename = |name: &str| json!([{"op": "replace", "path": "displayName", "value": name}]);
    let asked = face.patch(&format!("{lab}?attributes=displayName"), rename("A")).await.is(200).json();
    assert_eq!(asked, json!({"schemas": [urn::GROUP], "id": id(&lab), "displayName": "A"}));
    let asked = face.patch(&format!("{lab}?attributes=members.value"), rename("B")).await.is(200).json();
    assert_eq!(asked["members"], json!([{"value": id(&ada)}]));
    let without = face.patch(&format!("{lab}?excludedAttributes=members"), rename("C")).await.is(200).json();
    assert_eq!((&without["displayName"], without.get("members")), (&json!("C"), None));
}

#[tokio::test]
async fn members_are_left_out_where_they_are_excluded() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[&ada]).await;
    let query = "excludedAttributes=members";
    let of_many = face.get(&format!("/Groups?{query}")).await.is(200).json();
    let of_one = face.get(&format!("{lab}?{query}")).await.is(200).json();
    assert_eq!(of_one.get("members"), None);
    assert_eq!(of_many["Resources"], json!([of_one]));
    let replaced = group(json!({"displayName": "Lab", "members": elements(&[&ada])}));
    assert_eq!(face.put(&format!("{lab}?{query}"), replaced).await.is(200).json(), of_one);
    assert_eq!(members(&face, &lab).await, [id(&ada)]);
}

async fn a_member_that_does_not_exist_is_refused_by_name_and_nothing_is_applied(face: &Face) {
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[]).await;
    let facts = face.facts();
    let itself = id(&lab);
    for stranger in [NOBODY, "nobody", itself] {
        let with_stranger = json!([{"value": id(&ada)}, {"value": stranger}]);
        let body = group(json!({"displayName": "New", "members": with_stranger}));
        let operations = json!([
            {"op": "replace", "path": "displayName", "value": "New"},
            {"op": "add", "path": "members", "value": with_stranger},
        ]);
        let mut answers = vec![face.put(&lab, body.clone()).await, face.patch(&lab, operations).await];
        if stranger != itself {
            answers.push(face.post("/Groups", body).await);
        }
        for answer in answers {
            let detail = answer.fails(400, "invalidValue");
            assert!(detail.contains(stranger), "{detail}");
        }
    }
    assert_eq!(face.get("/Groups").await.each("displayName"), ["Lab"]);
    assert_eq!(members(face, &lab).await, Vec::<String>::new());
    assert_eq!(face.get(&lab).await.etag(), "W/\"1\"");
    assert_eq!(face.facts(), facts);
}

#[tokio::test]
async fn a_member_that_names_nobody_is_refused() {
    let face = Face::sqlite().await;
    for member in
        [json!({"type": "User"}), json!({"value": ""}), json!({"value": 5}), json!(5), json!("nobody"), json!([])]
    {
        let body = group(json!({"displayName": "Lab", "members": [member, {"value": NOBODY}]}));
        face.post("/Groups", body).await.fails(400, "invalidValue");
    }
    assert_eq!(face.get("/Groups").await.total(), 0);
}

async fn taking_out_who_is_not_in_changes_nothing(face: &Face) {
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let lab = face.new_group("Lab", &[&ada]).await;
    let before = face.get(&lab).await.json();
    let facts = face.facts();
    face.world.clock.advance_seconds(60);
    for absent in [id(&bob), NOBODY, "nobody", id(&lab)] {
        let path = format!("members[value eq \"{absent}\"]");
        face.patch(&lab, json!([{"op": "remove", "path": path}])).await.is(204);
        let listed = json!([{"op": "Remove", "path": "members", "value": [{"value": absent}]}]);
        face.patch(&lab, listed).await.is(204);
    }
    face.patch(&lab, json!([add(&[&ada])])).await.is(204);
    face.patch(&lab, json!([{"op": "remove", "path": "members", "value": []}])).await;
    assert_eq!(face.get(&lab).await.json(), before);
    assert_eq!(face.facts(), facts);
}

async fn put_without_members_clears_them(face: &Face) {
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let lab = face.new_group("Lab", &[&ada]).await;
    let body = |paths: &[&str]| group(json!({"displayName": "Lab", "members": elements(paths)}));
    face.put(&lab, body(&[&bob])).await.is(200);
    assert_eq!(members(face, &lab).await, [id(&bob)]);
    let (version, facts) = (face.get(&lab).await.etag(), face.facts());
    assert_eq!(face.put(&lab, body(&[&bob])).await.is(200).etag(), version);
    assert_eq!(face.facts(), facts);
    let cleared = face.put(&lab, group(json!({"displayName": "Lab"}))).await.is(200).json();
    assert_eq!(cleared.get("members"), None);
    assert_eq!(members(face, &lab).await, Vec::<String>::new());
}

#[tokio::test]
async fn members_come_and_go_in_the_order_of_the_operations() {
    let face = Face::sqlite().await;
    let (ada, bob, cyd) = (face.new_user("ada").await, face.new_user("bob").await, face.new_user("cyd").await);
    let lab = face.new_group("Lab", &[&ada]).await;
    let remove = |path: &str| json!({"op": "remove", "path": format!("members[value eq \"{}\"]", id(path))});
    face.patch(&lab, json!([add(&[&bob, &cyd]), remove(&ada), remove(&bob)])).await.is(204);
    assert_eq!(members(&face, &lab).await, [id(&cyd)]);
    face.patch(&lab, json!([{"op": "replace", "path": "members", "value": elements(&[&ada])}, add(&[&bob])]))
        .await
        .is(204);
    assert_eq!(members(&face, &lab).await, [id(&ada), id(&bob)]);
    face.patch(&lab, json!([{"op": "remove", "path": "members[type eq \"User\"]"}])).await.is(204);
    assert_eq!(members(&face, &lab).await, Vec::<String>::new());
    face.patch(&lab, json!([add(&[&ada]), {"op": "remove", "path": "members"}])).await.is(204);
    assert_eq!(members(&face, &lab).await, Vec::<String>::new());
}

async fn deleting_a_user_takes_it_out_of_its_groups(face: &Face) {
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let both = face.new_group("Both", &[&ada, &bob]).await;
    let other = face.new_group("Other", &[&bob]).await;
    let (both_before, other_before) = (face.get(&both).await, face.get(&other).await);
    face.world.clock.advance_seconds(60);
    face.delete(&ada).await.is(204);
    let after = face.get(&both).await;
    assert_eq!(members(face, &both).await, [id(&bob)]);
    assert_ne!(after.etag(), both_before.etag());
    assert_ne!(after.json()["meta"]["lastModified"], both_before.json()["meta"]["lastModified"]);
    assert_eq!(face.get(&other).await.json(), other_before.json());
    let filter = format!("members eq \"{}\"", id(&ada));
    assert_eq!(face.find("/Groups", &filter).await.total(), 0);
}

async fn deleting_a_group_takes_it_out_of_the_groups_around_it(face: &Face) {
    let ada = face.new_user("ada").await;
    let inner = face.new_group("Inner", &[&ada]).await;
    let outer = face.new_group("Outer", &[&inner, &ada]).await;
    face.delete(&inner).await.is(204);
    face.get(&inner).await.is(404);
    assert_eq!(members(face, &outer).await, [id(&ada)]);
    assert_eq!(face.get(&ada).await.json()["groups"].as_array().unwrap().len(), 1);
}

async fn thousands_of_members_come_in_one_patch(face: &Face) {
    let cx = face.world.cx(&face.tenant);
    let mut people = Vec::new();
    for number in 0..1_200 {
        people.push(format!("/Users/{}", face.world.user(&cx, &format!("user-{number}")).await.stored.id));
    }
    let paths: Vec<&str> = people.iter().map(String::as_str).collect();
    let lab = face.new_group("Lab", &[]).await;
    face.patch(&lab, json!([add(&paths)])).await.is(204);
    assert_eq!(members(face, &lab).await.len(), 1_200);
    let leave = json!([{"op": "Remove", "path": "members", "value": elements(&paths[1..])}]);
    face.patch(&lab, leave).await.is(204);
    assert_eq!(members(face, &lab).await, [id(paths[0])]);
}

#[tokio::test]
async fn group_names_are_unique_only_where_the_tenant_wants_it() {
    let free = Face::sqlite().await;
    free.new_group("Lab", &[]).await;
    free.new_group("LAB", &[]).await;

    let mut options = Options::default();
    options.rules.unique_group_names = true;
    let strict = Face::with(options).await;
    strict.new_group("Lab", &[]).await;
    let other = strict.new_group("Other", &[]).await;
    let taken = group(json!({"displayName": "LAB"}));
    let detail = strict.post("/Groups", taken.clone()).await.fails(409, "uniqueness");
    assert!(detail.contains("displayName"), "{detail}");
    strict.put(&other, taken).await.fails(409, "uniqueness");
    let rename = json!([{"op": "replace", "path": "displayName", "value": "lab"}]);
    strict.patch(&other, rename).await.fails(409, "uniqueness");
    // Users may share a display name all the same.
    for name in ["a", "b"] {
        strict.post("/Users", user(json!({"userName": name, "displayName": "Lab"}))).await.is(201);
    }
}

#[tokio::test]
async fn a_group_has_to_have_a_name() {
    let face = Face::sqlite().await;
    let lab = face.new_group("Lab", &[]).await;
    for body in [json!({}), json!({"displayName": ""}), json!({"displayName": null}), json!({"displayName": " "})] {
        let detail = face.post("/Groups", group(body.clone())).await.fails(400, "invalidValue");
        assert!(detail.contains("displayName"), "{detail}");
        face.put(&lab, group(body)).await.fails(400, "invalidValue");
    }
    let detail = face.patch(&lab, json!([{"op": "remove", "path": "displayName"}])).await.fails(400, "mutability");
    assert!(detail.starts_with("Operations[0]"), "{detail}");
    face.patch(&lab, json!([{"op": "replace", "path": "displayName", "value": ""}])).await.fails(400, "invalidValue");
}
