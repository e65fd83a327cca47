//! Groups in groups: who is in a group by way of another, and no group in itself.

use actix_web::http::Method;
use actix_web::http::header::IF_NONE_MATCH;
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::on_both_databases;

use crate::face::{BASE, Face, elements, group, id, path};

on_both_databases! { Face:
    users_show_what_they_are_in_by_way_of_other_groups,
    users_are_found_by_groups_around_their_own,
    a_group_reached_in_two_ways_is_shown_once,
    a_group_is_never_in_itself,
    of_parallel_changes_that_close_a_circle_one_is_refused,
    of_parallel_changes_that_close_a_longer_circle_one_is_refused,
    without_the_group_in_the_middle_the_outer_ones_are_lost,
    the_tag_of_a_user_follows_its_indirect_groups,
}

fn add(paths: &[&str]) -> Value {
    json!([{"op": "add", "path": "members", "value": elements(paths)}])
}

fn remove(path: &str) -> Value {
    json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", id(path))}])
}

/// Groups each of which is in the next; the innermost first.
async fn nest(face: &Face, names: &[&str], innermost: &[&str]) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for name in names {
        let path = match paths.last() {
            None => face.new_group(name, innermost).await,
            Some(inner) => face.new_group(name, &[inner]).await,
        };
        paths.push(path);
    }
    paths
}

/// Name and kind of each group of a user, by name.
async fn groups(face: &Face, user: &str) -> Vec<(String, String)> {
    let body = face.get(user).await.is(200).json();
    let text = |group: &Value, name: &str| group[name].as_str().unwrap().to_owned();
    let groups = body["groups"].as_array().cloned().unwrap_or_default();
    let mut groups: Vec<_> = groups.iter().map(|group| (text(group, "display"), text(group, "type"))).collect();
    groups.sort();
    groups
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
}

async fn users_show_what_they_are_in_by_way_of_other_groups(face: &Face) {
    let ada = face.new_user("ada").await;
    let nested = nest(face, &["Team", "Department", "Company"], &[&ada]).await;
    let other = nest(face, &["Empty", "Around"], &[]).await;
    let shown = face.get(&ada).await.is(200).json();
    let element = |path: &str, name: &str, kind: &str| json!({"value": id(path), "display": name, "type": kind, "$ref": format!("{BASE}{path}")});
    let expected = json!([
        element(&nested[0], "Team", "direct"),
        element(&nested[1], "Department", "indirect"),
        element(&nested[2], "Company", "indirect"),
    ]);
    assert_eq!(shown["groups"], expected);
    for group in shown["groups"].as_array().unwrap() {
        let found = face.get(&path(group["$ref"].as_str().unwrap())).await.is(200).json();
        assert_eq!(found["displayName"], group["display"]);
    }
    // A list shows the same, and nobody is in a group because of its name.
    assert_eq!(face.get("/Users").await.json()["Resources"][0]["groups"], expected);
    assert_eq!(face.find("/Users", "userName eq \"ada\"").await.json()["Resources"][0]["groups"], expected);
    assert_eq!(face.get("/Users?sortBy=title").await.json()["Resources"][0]["groups"], expected);
    let member = face.get(&nested[2]).await.json()["members"].clone();
    assert_eq!(member, json!([{"value": id(&nested[1]), "type": "Group", "$ref": format!("{BASE}{}", nested[1])}]));
    face.patch(&other[0], add(&[&ada])).await.is(204);
    assert_eq!(groups(face, &ada).await.len(), 5);
    face.patch(&other[0], remove(&ada)).await.is(204);
    assert_eq!(groups(face, &ada).await.len(), 3);
}

async fn users_are_found_by_groups_around_their_own(face: &Face) {
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    face.new_user("cyd").await;
    let nested = nest(face, &["Team", "Department", "Company"], &[&ada]).await;
    face.patch(&nested[2], add(&[&bob])).await.is(204);
    let (team, department, company) = (id(&nested[0]), id(&nested[1]), id(&nested[2]));
    for (filter, expected) in [
        (format!("groups.value eq \"{team}\""), vec!["ada"]),
        (format!("groups.value eq \"{department}\""), vec!["ada"]),
        (format!("groups.value eq \"{company}\""), vec!["ada", "bob"]),
        (format!("groups eq \"{company}\" and userName sw \"b\""), vec!["bob"]),
        (format!("groups[value eq \"{company}\" and type eq \"indirect\"]"), vec!["ada"]),
        (format!("groups[value eq \"{company}\" and type eq \"direct\"]"), vec!["bob"]),
        (format!("not (groups.value eq \"{department}\")"), vec!["bob", "cyd"]),
        (format!("groups eq \"{team}\" or groups eq \"{company}\""), vec!["ada", "bob"]),
        ("groups.display eq \"COMPANY\"".to_owned(), vec!["ada", "bob"]),
        ("groups.type eq \"indirect\"".to_owned(), vec!["ada"]),
        ("groups.type eq \"direct\"".to_owned(), vec!["ada", "bob"]),
        ("not (groups pr)".to_owned(), vec!["cyd"]),
    ] {
        let found = face.find("/Users", &filter).await;
        assert_eq!(found.json()["totalResults"], expected.len(), "{filter}");
        assert_eq!(found.each("userName"), expected, "{filter}");
    }
    // A group's own members are those in it and no others.
    let filter = format!("members.value eq \"{}\"", id(&ada));
    assert_eq!(face.find("/Groups", &filter).await.each("displayName"), ["Team"]);
}

async fn a_group_reached_in_two_ways_is_shown_once(face: &Face) {
    let ada = face.new_user("ada").await;
    let (left, right) = (face.new_group("Left", &[&ada]).await, face.new_group("Right", &[&ada]).await);
    let top = face.new_group("Top", &[&left, &right]).await;
    let both = [("Left", "direct"), ("Right", "direct"), ("Top", "indirect")];
    assert_eq!(groups(face, &ada).await, pairs(&both));
    // Who is in a group itself is not in it by way of others.
    face.patch(&top, add(&[&ada])).await.is(204);
    assert_eq!(groups(face, &ada).await, pairs(&both.map(|(name, _)| (name, "direct"))));
    face.patch(&top, remove(&ada)).await.is(204);
    face.patch(&top, remove(&left)).await.is(204);
    assert_eq!(groups(face, &ada).await, pairs(&both));
    face.patch(&top, remove(&right)).await.is(204);
    assert_eq!(groups(face, &ada).await, pairs(&both[..2]));
}

async fn a_group_is_never_in_itself(face: &Face) {
    let ada = face.new_user("ada").await;
    for length in [1, 2, 5] {
        let names: Vec<String> = (0..length).map(|number| format!("{length}-{number}")).collect();
        let nested = nest(face, &names.iter().map(String::as_str).collect::<Vec<_>>(), &[]).await;
        let (inner, outer) = (&nested[0], &nested[length - 1]);
        let before = face.get("/Groups").await.json();
        let journal = facts(face).await;
        let put = group(json!({"displayName": "New", "members": elements(&[&ada, outer])}));
        let rename = json!([
            {"op": "replace", "path": "displayName", "value": "New"},
            {"op": "add", "path": "members", "value": elements(&[&ada, outer])},
        ]);
        let replace = json!([{"op": "replace", "path": "members", "value": elements(&[outer])}]);
        for refused in [
            face.put(inner, put).await,
            face.patch(inner, rename).await,
            face.patch(inner, replace).await,
            face.patch(&format!("{inner}?attributes=displayName"), add(&[outer])).await,
        ] {
            let detail = refused.fails(400, "invalidValue");
            assert!(detail.contains(id(outer)), "{detail}");
        }
        assert_eq!(face.get("/Groups").await.json(), before, "{length}");
        assert_eq!(facts(face).await, journal);
    }
}

/// Those that another way of writing than that of single changes has told as well.
async fn facts(face: &Face) -> usize {
    face.world.number_facts().await;
    face.world.journal.facts_after(&face.tenant.scope(), 0, 1_000).await.unwrap().len()
}

async fn close_in_parallel(face: &Face, groups: &[String]) {
    let around = groups.iter().zip(groups.iter().cycle().skip(1));
    let writes = around.map(|(outer, inner)| {
        let face = &face;
        async move { face.patch(outer, add(&[inner])).await }
    });
    let answers = join_all(writes).await;
    let refused = answers.iter().filter(|answer| answer.status == 400).count();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| [204, 400].contains(status)), "{statuses:?}");
    // One refusal is enough to leave no circle.
    assert_eq!(refused, 1, "{statuses:?}");
    let mut links = 0;
    for path in groups {
        links += face.get(path).await.json()["members"].as_array().map_or(0, Vec::len);
    }
    assert_eq!(links, groups.len() - 1);
}

async fn of_parallel_changes_that_close_a_circle_one_is_refused(face: &Face) {
    for round in 0..20 {
        let pair = [face.new_group(&format!("a{round}"), &[]).await, face.new_group(&format!("b{round}"), &[]).await];
        close_in_parallel(face, &pair).await;
    }
}

async fn of_parallel_changes_that_close_a_longer_circle_one_is_refused(face: &Face) {
    for round in 0..10 {
        let mut ring = Vec::new();
        for name in ["a", "b", "c", "d"] {
            ring.push(face.new_group(&format!("{name}{round}"), &[]).await);
        }
        close_in_parallel(face, &ring).await;
    }
}

async fn without_the_group_in_the_middle_the_outer_ones_are_lost(face: &Face) {
    let ada = face.new_user("ada").await;
    let nested = nest(face, &["Team", "Department", "Company"], &[&ada]).await;
    face.world.clock.advance_seconds(60);
    let before = face.get(&nested[2]).await;
    face.delete(&nested[1]).await.is(204);
    assert_eq!(groups(face, &ada).await, pairs(&[("Team", "direct")]));
    let after = face.get(&nested[2]).await;
    assert_eq!(after.json().get("members"), None);
    assert_ne!(after.etag(), before.etag());
    let filter = format!("groups.value eq \"{}\"", id(&nested[2]));
    assert_eq!(face.find("/Users", &filter).await.total(), 0);
    // What was a circle then is none now.
    face.patch(&nested[0], add(&[&nested[2]])).await.is(204);
    assert_eq!(groups(face, &ada).await, pairs(&[("Team", "direct")]));
}

async fn the_tag_of_a_user_follows_its_indirect_groups(face: &Face) {
    let ada = face.new_user("ada").await;
    let team = face.new_group("Team", &[&ada]).await;
    let company = face.new_group("Company", &[]).await;
    let mut tags = vec![face.get(&ada).await.etag()];
    let changes = [
        (&company, add(&[&team])),
        (&company, json!([{"op": "replace", "path": "displayName", "value": "Firm"}])),
        (&company, add(&[&ada])),
    ];
    for (path, change) in changes {
        face.patch(path, change).await.is(204);
        for tag in &tags {
            face.ask(Method::GET, &ada).header((IF_NONE_MATCH, tag.as_str())).send().await.is(200);
        }
        let now = face.get(&ada).await.etag();
        face.ask(Method::GET, &ada).header((IF_NONE_MATCH, now.as_str())).send().await.is(304);
        tags.push(now);
    }
    face.patch(&company, remove(&ada)).await.is(204);
    face.patch(&company, remove(&team)).await.is(204);
    // As it was: the same answer has the same tag.
    assert_eq!(face.get(&ada).await.etag(), tags[0]);
}
