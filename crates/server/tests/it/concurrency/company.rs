//! A tenant with people and groups, and its client.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::at_once::{Request, at_once};
use crate::caller::{Answer, Caller, group, user};
use crate::served::Served;

pub struct Company {
    pub caller: Caller,
    pub token: String,
}

impl Company {
    pub async fn of(served: &Served) -> Self {
        let (_, token) = served.open_tenant("acme").await;
        Self { caller: served.caller("acme", &token), token }
    }

    /// The ids of new users.
    pub async fn people(&self, name: &str, count: usize) -> Vec<String> {
        let post = |number| Request::post(&self.caller, "/Users", user(&format!("{name}-{number}")));
        ids(at_once((0..count).map(post).collect()).await)
    }

    /// The ids of new groups, each with these members.
    pub async fn groups(&self, name: &str, count: usize, members: &[String]) -> Vec<String> {
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        let post = |number| Request::post(&self.caller, "/Groups", group(&format!("{name}-{number}"), &members));
        ids(at_once((0..count).map(post).collect()).await)
    }

    /// The id of a new group.
    pub async fn group(&self, name: &str, members: &[String]) -> String {
        self.groups(name, 1, members).await.remove(0)
    }

    /// Who is in a group; nobody may be in it twice.
    pub async fn members(&self, group: &str) -> BTreeSet<String> {
        let shown = self.caller.get(&group_path(group)).await.expect(200).json();
        let listed = values(&shown["members"]);
        let members: BTreeSet<String> = listed.iter().cloned().collect();
        assert_eq!(members.len(), listed.len(), "{shown}");
        members
    }

    /// The groups that a user shows.
    pub async fn groups_of(&self, user: &str) -> BTreeSet<String> {
        let shown = self.caller.get(&user_path(user)).await.expect(200).json();
        values(&shown["groups"]).into_iter().collect()
    }

    /// Exactly these are in the group; each of them is somebody and knows it.
    pub async fn expect_members(&self, group: &str, people: &[String]) {
        let members = self.members(group).await;
        assert_eq!(members, people.iter().cloned().collect());
        for member in members {
            assert!(self.groups_of(&member).await.contains(group), "{member} does not list {group}");
        }
    }

    pub fn add(&self, group: &str, members: &[String]) -> Request {
        Request::patch(&self.caller, &group_path(group), adding(members))
    }

    pub fn remove(&self, group: &str, members: &[String]) -> Request {
        Request::patch(&self.caller, &group_path(group), removing(members))
    }
}

pub fn user_path(id: &str) -> String {
    format!("/Users/{id}")
}

pub fn group_path(id: &str) -> String {
    format!("/Groups/{id}")
}

/// One operation for all of them.
pub fn adding(members: &[String]) -> Value {
    let elements: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!([{"op": "add", "path": "members", "value": elements}])
}

/// An operation for each.
pub fn removing(members: &[String]) -> Value {
    let operation = |id| json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")});
    members.iter().map(operation).collect()
}

/// Fails unless everything was done.
pub fn expect_done(answers: Vec<Answer>) {
    for answer in answers {
        assert!([200, 204].contains(&answer.status), "{answer:?}");
    }
}

fn ids(created: Vec<Answer>) -> Vec<String> {
    created.into_iter().map(|answer| answer.expect(201).id()).collect()
}

fn values(elements: &Value) -> Vec<String> {
    let elements = elements.as_array().into_iter().flatten();
    elements.map(|element| element["value"].as_str().unwrap().to_owned()).collect()
}
