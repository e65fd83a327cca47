//! `user.groups`: computed from the groups, shown, filtered by, and never written.

use serde_json::json;
use testkit::on_both_databases;

use crate::face::{Face, group, id, path, user};

on_both_databases! { Face:
    users_show_the_groups_they_are_in,
    users_are_found_by_their_groups,
}

async fn users_show_the_groups_they_are_in(face: &Face) {
    let ada = face.new_user("ada").await;
    assert_eq!(face.get(&ada).await.json().get("groups"), None);
    let lab = face.new_group("Lab", &[&ada]).await;
    let shown = face.get(&ada).await.json();
    let expected = json!([{
        "value": id(&lab),
        "display": "Lab",
        "type": "direct",
        "$ref": format!("https://rollcall.example/t/acme/scim/v2{lab}"),
    }]);
    assert_eq!(shown["groups"], expected);
    assert_eq!(face.get("/Users").await.json()["Resources"][0]["groups"], expected);
    let reference = path(shown["groups"][0]["$ref"].as_str().unwrap());
    assert_eq!(face.get(&reference).await.json()["id"], id(&lab));
    // What a user's own version is about does not change with them (decisions.md 9).
    assert_eq!(shown["meta"]["version"], "W/\"1\"");

    face.patch(&lab, json!([{"op": "replace", "path": "displayName", "value": "Workshop"}])).await.is(204);
    assert_eq!(face.get(&ada).await.json()["groups"][0]["display"], "Workshop");
    face.delete(&lab).await.is(204);
    assert_eq!(face.get(&ada).await.json().get("groups"), None);
}

async fn users_are_found_by_their_groups(face: &Face) {
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let lab = face.new_group("Lab", &[&ada, &bob]).await;
    face.new_group("Büro", &[&bob]).await;
    let cases = [
        (format!("groups eq \"{}\"", id(&lab)), vec!["ada", "bob"]),
        (format!("groups.value eq \"{}\"", id(&lab)), vec!["ada", "bob"]),
        (format!("groups.value ne \"{}\"", id(&lab)), vec!["bob"]),
        (format!("groups[value eq \"{}\" and display eq \"lab\"]", id(&lab)), vec!["ada", "bob"]),
        (format!("groups[value eq \"{}\" and display eq \"büro\"]", id(&lab)), vec![]),
        (format!("userName eq \"ada\" and groups eq \"{}\"", id(&lab)), vec!["ada"]),
        ("groups.display eq \"BÜRO\"".to_owned(), vec!["bob"]),
        ("groups.type eq \"direct\"".to_owned(), vec!["ada", "bob"]),
        ("groups.type eq \"indirect\"".to_owned(), vec![]),
        ("not (groups.display sw \"b\")".to_owned(), vec!["ada"]),
        ("groups pr".to_owned(), vec!["ada", "bob"]),
        ("not (groups pr)".to_owned(), vec![]),
        ("groups eq \"nobody\"".to_owned(), vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(face.find("/Users", &filter).await.each("userName"), expected, "{filter}");
    }
}

#[tokio::test]
async fn nobody_joins_a_group_by_writing_to_the_user() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[]).await;
    let groups = json!([{"value": id(&lab)}]);
    face.put(&ada, user(json!({"userName": "ada", "groups": groups}))).await.is(200);
    face.patch(&ada, json!([{"op": "add", "value": {"groups": groups}}])).await.is(200);
    let detail =
        face.patch(&ada, json!([{"op": "add", "path": "groups", "value": groups}])).await.fails(400, "mutability");
    assert!(detail.contains("groups"), "{detail}");
    assert_eq!(face.get(&ada).await.json().get("groups"), None);
    assert_eq!(face.get(&lab).await.json().get("members"), None);
}

#[tokio::test]
async fn entra_asks_whether_somebody_is_in_a_group_in_either_order() {
    let face = Face::sqlite().await;
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let lab = face.new_group("Lab", &[&ada]).await;
    for (who, total) in [(&ada, 1), (&bob, 0)] {
        let (group, member) = (format!("id eq \"{}\"", id(&lab)), format!("members eq \"{}\"", id(who)));
        for filter in [format!("{group} and {member}"), format!("{member} and {group}")] {
            let found = face.get(&format!("/Groups?attributes=id&filter={}", crate::face::encoded(&filter))).await;
            assert_eq!(found.total(), total, "{filter}");
            if total == 1 {
                let expected = group_id_only(&lab);
                assert_eq!(found.json()["Resources"], json!([expected]));
            }
        }
    }
}

fn group_id_only(lab: &str) -> serde_json::Value {
    group(json!({"id": id(lab)}))
}
