//! One user, as the client that makes and changes it knows it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::caller::USER;

/// How sure it is that something has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It was asked for, and the answer has not come.
    Sent,
    Acknowledged,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    /// Known when the creation was acknowledged.
    pub id: Option<String>,
    /// The revision that it has at least.
    pub least: usize,
    /// The revision that it has at most.
    pub most: usize,
    /// The last revision that was ever sent.
    pub last: usize,
    /// By the group's id.
    pub joined: BTreeMap<String, Word>,
    pub deleted: Option<Word>,
    /// Patches that were acknowledged; as many as `last` were sent.
    pub patches: usize,
    /// Whether something was sent since all was last compared.
    pub is_touched: bool,
}

impl Person {
    pub fn new(name: String) -> Self {
        let (joined, deleted) = (BTreeMap::new(), None);
        Self { name, id: None, least: 0, most: 0, last: 0, joined, deleted, patches: 0, is_touched: true }
    }

    pub fn path(&self) -> Option<String> {
        self.id.as_ref().map(|id| format!("/Users/{id}"))
    }

    /// Whether the client may count on it.
    pub fn is_here(&self) -> bool {
        self.id.is_some() && self.deleted.is_none()
    }

    pub fn document(&self, revision: usize) -> Value {
        let mut document = self.changing(revision);
        document["schemas"] = json!([USER]);
        document["userName"] = json!(self.name);
        document["name"] = json!({"givenName": self.name, "familyName": "Lovelace"});
        document
    }

    /// What a patch changes: all at once, or nothing.
    pub fn changing(&self, revision: usize) -> Value {
        json!({
            "title": revision.to_string(),
            "active": revision.is_multiple_of(2),
            "externalId": self.external_id(revision),
            "emails": [{"value": self.email(revision), "type": "work", "primary": true}],
        })
    }

    pub fn external_id(&self, revision: usize) -> String {
        format!("{}-{revision}", self.name)
    }

    pub fn email(&self, revision: usize) -> String {
        format!("{}-{revision}@acme.example", self.name)
    }

    /// The revision that is shown, when all of it is.
    pub fn try_revision_of(&self, shown: &Value) -> Option<usize> {
        let revision = shown["title"].as_str()?.parse().ok()?;
        let document = self.document(revision);
        document.as_object()?.iter().all(|(attribute, value)| &shown[attribute] == value).then_some(revision)
    }

    /// The revision that is shown, all of it.
    #[track_caller]
    pub fn revision_of(&self, shown: &Value) -> usize {
        let revision = shown["title"].as_str().unwrap().parse().unwrap();
        for (attribute, value) in self.document(revision).as_object().unwrap() {
            assert_eq!(&shown[attribute], value, "{attribute}: {shown} {self:?}");
        }
        revision
    }
}
