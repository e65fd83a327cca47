//! Versions: `ETag`, `If-Match`, `If-None-Match` (RFC 7644 §3.14, decisions.md 9).

use actix_web::http::Method;
use actix_web::http::header::{HeaderValue, IF_MATCH, IF_NONE_MATCH};
use futures_util::future::join_all;
use scim_protocol::urn;
use serde_json::{Value, json};
use testkit::on_both_databases;

use crate::face::{Answer, Face, elements, group, id, patch_op, user};

on_both_databases! { Face:
    of_writes_for_one_version_one_wins,
    writes_without_a_condition_all_arrive,
    of_group_writes_for_one_version_one_wins,
    a_304_is_never_wrong_about_groups,
}

async fn seen(face: &Face, path: &str, tag: &str) -> Answer {
    face.ask(Method::GET, path).header((IF_NONE_MATCH, tag)).send().await
}

fn title(title: &str) -> Value {
    patch_op(&json!([{"op": "replace", "path": "title", "value": title}]))
}

#[tokio::test]
async fn what_was_seen_is_not_sent_again() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let first = face.get(&ada).await;
    let same = seen(&face, &ada, &first.etag()).await.is(304);
    assert_eq!(same.etag(), first.etag());
    for tag in ["\"1\"", "*", "W/\"7\", W/\"1\""] {
        seen(&face, &ada, tag).await.is(304);
    }
    for tag in ["W/\"2\"", "W/\"1-0123456789abcdef\"", "\"\"", "1", ""] {
        seen(&face, &ada, tag).await.is(200);
    }
    face.ask(Method::PATCH, &ada).json(&title("x")).send().await.is(200);
    seen(&face, &ada, &first.etag()).await.is(200);
}

async fn a_304_is_never_wrong_about_groups(face: &Face) {
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[]).await;
    let lab_patch = |operation: Value| face.patch(&lab, json!([operation]));
    let mut tags = vec![face.get(&ada).await.etag()];
    let changes = [
        json!({"op": "add", "path": "members", "value": elements(&[&ada])}),
        json!({"op": "replace", "path": "displayName", "value": "Workshop"}),
    ];
    for change in changes {
        lab_patch(change.clone()).await.is(204);
        for tag in &tags {
            seen(face, &ada, tag).await.is(200);
        }
        let now = face.get(&ada).await;
        assert!(!tags.contains(&now.etag()), "{change}");
        seen(face, &ada, &now.etag()).await.is(304);
        tags.push(now.etag());
    }
    lab_patch(json!({"op": "remove", "path": "members"})).await.is(204);
    seen(face, &ada, &tags[1]).await.is(200);
    seen(face, &ada, &tags[2]).await.is(200);
    let alone = face.get(&ada).await;
    assert_eq!((alone.etag(), alone.json().get("groups")), (tags[0].clone(), None));
}

#[tokio::test]
async fn the_tag_of_an_answer_without_groups_is_the_version() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    face.new_group("Lab", &[&ada]).await;
    for query in ["?attributes=userName", "?excludedAttributes=groups", "?attributes=meta.version"] {
        assert_eq!(face.get(&format!("{ada}{query}")).await.etag(), "W/\"1\"", "{query}");
    }
    let with_groups = face.get(&ada).await.etag();
    assert_ne!(with_groups, "W/\"1\"");
    for query in ["?attributes=groups", "?attributes=groups.display", "?excludedAttributes=groups.value"] {
        assert_eq!(face.get(&format!("{ada}{query}")).await.etag(), with_groups, "{query}");
    }
}

#[tokio::test]
async fn the_tag_of_an_answer_with_groups_allows_writes() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[&ada]).await;
    let tag = face.get(&ada).await.etag();
    // The membership is not the client's to write here, so its change is no conflict.
    face.patch(&lab, json!([{"op": "replace", "path": "displayName", "value": "Workshop"}])).await.is(204);
    let saved = face.ask(Method::PATCH, &ada).header((IF_MATCH, tag.as_str())).json(&title("x")).send().await.is(200);
    assert_eq!(saved.etag(), face.get(&ada).await.etag());
    face.ask(Method::PATCH, &ada).header((IF_MATCH, tag)).json(&title("y")).send().await.is(412);
}

#[tokio::test]
async fn a_stale_version_is_refused_and_changes_nothing() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[&ada]).await;
    face.ask(Method::PATCH, &ada).json(&title("new")).send().await.is(200);
    face.patch(&lab, json!([{"op": "replace", "path": "displayName", "value": "Workshop"}])).await.is(204);
    let (user_before, group_before) = (face.get(&ada).await.json(), face.get(&lab).await.json());
    let facts = face.facts();
    let not_ascii = HeaderValue::from_bytes(b"\"\xff\"").unwrap();
    let stale = ["W/\"1\"", "\"1\"", "W/\"3\"", "W/\"1-0123456789abcdef\"", "nonsense", "\"\"", ""]
        .map(HeaderValue::from_static);
    for tag in stale.into_iter().chain([not_ascii]) {
        for (path, body) in [(&ada, user(json!({"userName": "b"}))), (&lab, group(json!({"displayName": "b"})))] {
            let ask = |method: Method| face.ask(method, path).header((IF_MATCH, tag.clone()));
            ask(Method::PUT).json(&body).send().await.is(412);
            ask(Method::PATCH)
                .json(&patch_op(&json!([{"op": "add", "value": {"externalId": "x"}}])))
                .send()
                .await
                .is(412);
            ask(Method::DELETE).send().await.is(412);
        }
    }
    assert_eq!(face.get(&ada).await.json(), user_before);
    assert_eq!(face.get(&lab).await.json(), group_before);
    assert_eq!(face.facts(), facts);
    insta::assert_json_snapshot!(face.ask(Method::DELETE, &ada).header((IF_MATCH, "W/\"1\"")).send().await.readable());
}

#[tokio::test]
async fn the_right_version_any_version_and_one_of_several_are_accepted() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    for (tag, version) in [("W/\"1\"", 2), ("\"2\"", 3), ("*", 4), ("W/\"9\", W/\"4\"", 5)] {
        let ask = face.ask(Method::PATCH, &ada).header((IF_MATCH, tag)).json(&title(tag));
        assert_eq!(ask.send().await.is(200).etag(), format!("W/\"{version}\""));
    }
    face.ask(Method::DELETE, &ada).header((IF_MATCH, "W/\"5\"")).send().await.is(204);
    let gone = face.ask(Method::PUT, &ada).header((IF_MATCH, "*")).json(&user(json!({"userName": "x"})));
    gone.send().await.is(404);
}

async fn of_writes_for_one_version_one_wins(face: &Face) {
    let ada = face.new_user("ada").await;
    let writes = (0..6).map(|number| {
        let body = title(&format!("{number}"));
        face.ask(Method::PATCH, &ada).header((IF_MATCH, "W/\"1\"")).json(&body).send()
    });
    let answers = join_all(writes).await;
    assert_eq!(statuses(&answers), [200, 412, 412, 412, 412, 412]);
    let winner = answers.into_iter().find(|answer| answer.status == 200).unwrap();
    assert_eq!(face.get(&ada).await.json(), winner.json());
}

async fn of_group_writes_for_one_version_one_wins(face: &Face) {
    let lab = face.new_group("Lab", &[]).await;
    let mut people = Vec::new();
    for number in 0..4 {
        people.push(face.new_user(&format!("user-{number}")).await);
    }
    let writes = people.iter().map(|person| {
        let body = patch_op(&json!([{"op": "add", "path": "members", "value": elements(&[person])}]));
        face.ask(Method::PATCH, &lab).header((IF_MATCH, "W/\"1\"")).json(&body).send()
    });
    assert_eq!(statuses(&join_all(writes).await), [204, 412, 412, 412]);
    let after = face.get(&lab).await;
    assert_eq!((after.etag().as_str(), after.json()["members"].as_array().unwrap().len()), ("W/\"2\"", 1));
}

async fn writes_without_a_condition_all_arrive(face: &Face) {
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[]).await;
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(face.new_user(&format!("user-{number}")).await);
    }
    let mails = (0..5).map(|number| {
        let mail = json!([{"type": format!("t{number}"), "value": format!("{number}@x")}]);
        face.patch(&ada, json!([{"op": "add", "path": "emails", "value": mail}]))
    });
    let joins = people
        .iter()
        .map(|person| face.patch(&lab, json!([{"op": "add", "path": "members", "value": elements(&[person])}])));
    let (mails, joins) = (join_all(mails).await, join_all(joins).await);
    assert_eq!(statuses(&mails), [200; 5]);
    assert_eq!(statuses(&joins), [204; 5]);
    assert_eq!(face.get(&ada).await.json()["emails"].as_array().unwrap().len(), 5);
    assert_eq!(face.get(&lab).await.json()["members"].as_array().unwrap().len(), 5);
    assert_eq!(face.get(&ada).await.etag(), "W/\"6\"");
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn a_group_changes_its_version_with_its_members() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[]).await;
    let first = face.get(&lab).await.etag();
    face.patch(&lab, json!([{"op": "add", "path": "members", "value": elements(&[&ada])}])).await.is(204);
    let changed = seen(&face, &lab, &first).await.is(200);
    assert_eq!(changed.json()["members"][0]["value"], id(&ada));
    assert_eq!(changed.json()["schemas"], json!([urn::GROUP]));
    seen(&face, &lab, &changed.etag()).await.is(304);
}
