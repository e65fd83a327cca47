//! One user whom many change at once.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::on_both_databases;

use super::at_once::{Request, at_once};
use super::company::{Company, user_path};
use crate::caller::{Answer, USER};
use crate::served::Served;

const ROUNDS: usize = 5;

on_both_databases! { Served:
    sixteen_attributes_that_are_changed_at_once_are_all_changed,
    what_everybody_wants_that_is_so_already_moves_no_version,
    what_changes_nothing_moves_no_version_while_others_switch,
}

async fn sixteen_attributes_that_are_changed_at_once_are_all_changed(served: &Served) {
    let company = Company::of(served).await;
    let path = user_path(&company.people("ada", 1).await[0]);
    for round in 0..ROUNDS {
        let values = values(round);
        let change = |(attribute, value): &(&str, Value)| Request::patch(&company.caller, &path, set(attribute, value));
        for answer in at_once(values.iter().map(change).collect()).await {
            answer.expect(200);
        }
        let shown = company.caller.get(&path).await.expect(200).json();
        for (attribute, value) in &values {
            assert_eq!(at(&shown, attribute), value, "{attribute}: {shown}");
        }
        assert_eq!(version(&shown), 1 + values.len() * (round + 1), "{shown}");
    }
}

/// Sixteen attributes and a value for each, which is another one in each round.
fn values(round: usize) -> Vec<(&'static str, Value)> {
    let simple = ["userName", "externalId", "displayName", "nickName", "title", "userType", "name.givenName"];
    let more = ["name.middleName", "name.familyName", "name.formatted", "name.honorificPrefix"];
    let text = |attribute| (attribute, json!(format!("{attribute} {round}")));
    let mut values: Vec<_> = simple.into_iter().chain(more).map(text).collect();
    values.push(("profileUrl", json!(format!("https://acme.example/{round}"))));
    values.push(("active", json!(round.is_multiple_of(2))));
    values.push(("emails", json!([{"value": format!("ada-{round}@acme.example"), "type": "work"}])));
    values.push(("phoneNumbers", json!([{"value": format!("+1 555 {round}"), "type": "work"}])));
    values.push(("addresses", json!([{"locality": format!("Town {round}"), "type": "work"}])));
    assert_eq!(values.len(), 16);
    values
}

async fn what_everybody_wants_that_is_so_already_moves_no_version(served: &Served) {
    let company = Company::of(served).await;
    let created = ada(&company).await;
    let path = user_path(&created.id());
    let same = json!([{"op": "Replace", "path": "active", "value": "True"}, {"op": "add", "path": "displayName", "value": "Ada"}]);
    for answer in at_once((0..16).map(|_| Request::patch(&company.caller, &path, same.clone())).collect()).await {
        assert_eq!(answer.expect(200).json(), created.json());
    }
    assert_eq!(company.caller.get(&path).await.expect(200).json(), created.json());
}

async fn what_changes_nothing_moves_no_version_while_others_switch(served: &Served) {
    let company = Company::of(served).await;
    let path = user_path(&ada(&company).await.id());
    for _ in 0..ROUNDS {
        let no_op = |_| Request::patch(&company.caller, &path, set("displayName", &json!("Ada")));
        let switch = |number| Request::patch(&company.caller, &path, set("active", &json!(number % 2 == 0)));
        let answers = at_once((0..8).map(no_op).chain((0..8).map(switch)).collect()).await;
        expect_alternation(&answers);
    }
    expect_alternation(&[company.caller.get(&path).await]);
}

/// A new user who is active.
async fn ada(company: &Company) -> Answer {
    let ada = json!({"schemas": [USER], "userName": "ada", "displayName": "Ada", "active": true});
    company.caller.post("/Users", &ada).await.expect(201)
}

/// Active in version 1, and then in every other version: each was made by a patch that changed something.
fn expect_alternation(answers: &[Answer]) {
    let mut seen = BTreeMap::new();
    for answer in answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        let shown = answer.json();
        seen.insert(version(&shown), shown["active"].as_bool().unwrap());
    }
    for (version, active) in &seen {
        assert_eq!(*active, version % 2 == 1, "{seen:?}");
    }
}

fn set(attribute: &str, value: &Value) -> Value {
    json!([{"op": "replace", "path": attribute, "value": value}])
}

/// What a document has at a path of attributes.
fn at<'d>(document: &'d Value, path: &str) -> &'d Value {
    path.split('.').fold(document, |value, name| &value[name])
}

fn version(shown: &Value) -> usize {
    let tag = shown["meta"]["version"].as_str().unwrap();
    tag.trim_start_matches("W/").trim_matches('"').parse().unwrap()
}
