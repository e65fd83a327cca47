//! The journal as people read it: the newest first, and only what they ask for.

mod filter;

pub use filter::{AuditFilter, By, Sought, Topic};

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::detail::{Difference, differences};
use crate::ids::ResourceId;
use crate::journal::NumberedFact;
use crate::timestamp::Timestamp;

/// A fact as it is kept. Unlike a [`NumberedFact`] it may be of a newer version: a word that
/// this one does not know is still a word to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// From 1, without a gap.
    pub number: i64,
    pub at: Timestamp,
    /// What happened, as [`What`](crate::journal::What) is written.
    pub what: String,
    /// What it happened to, as [`Subject`](crate::journal::Subject) is written.
    pub subject_kind: String,
    pub subject_id: Option<Uuid>,
    /// Who did it, as [`Actor`](crate::context::Actor) is written.
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub request_id: String,
    /// None when it was erased.
    pub payload: Option<Value>,
}

impl From<NumberedFact> for Entry {
    fn from(fact: NumberedFact) -> Self {
        Self {
            number: fact.number,
            at: fact.at,
            what: fact.what.as_str().to_owned(),
            subject_kind: fact.subject.kind().to_owned(),
            subject_id: fact.subject.id(),
            actor_kind: fact.actor_kind,
            actor_id: fact.actor_id,
            request_id: fact.request_id,
            payload: fact.payload,
        }
    }
}

impl Entry {
    /// Something of the subject as it was; none when it had no such value or the payload was erased.
    pub fn before(&self, name: &str) -> Option<&Value> {
        self.part("before")?.get(name)
    }

    /// Something of the subject as it is since then.
    pub fn after(&self, name: &str) -> Option<&Value> {
        self.part("after")?.get(name)
    }

    /// The text it has since then or had before.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.after(name).and_then(Value::as_str).or_else(|| self.before(name)?.as_str())
    }

    /// What differs, one line a value.
    pub fn differences(&self) -> Vec<Difference> {
        let none = Map::new();
        differences(self.part("before").unwrap_or(&none), self.part("after").unwrap_or(&none))
    }

    /// Who joined the group it is about.
    pub fn joined(&self) -> Vec<ResourceId> {
        self.ids("members_added")
    }

    /// Who left the group it is about.
    pub fn left(&self) -> Vec<ResourceId> {
        self.ids("members_removed")
    }

    /// Attributes that were sent and that no schema knows.
    pub fn ignored(&self) -> Vec<&str> {
        self.list("ignored").filter_map(Value::as_str).collect()
    }

    pub fn is_password_changed(&self) -> bool {
        self.payload.as_ref().and_then(|payload| payload.get("password_changed")) == Some(&Value::Bool(true))
    }

    /// Domains of e-mail addresses that came and that the tenant had not verified.
    pub fn outside_domains(&self) -> Vec<&str> {
        self.list("outside_domains").filter_map(Value::as_str).collect()
    }

    /// Whether an identity provider did it.
    pub fn is_by_provider(&self) -> bool {
        By::PROVIDERS.contains(&self.actor_kind.as_str())
    }

    fn part(&self, name: &str) -> Option<&Map<String, Value>> {
        self.payload.as_ref()?.get(name)?.as_object()
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        let list = self.payload.as_ref().and_then(|payload| payload.get(name)).and_then(Value::as_array);
        list.into_iter().flatten()
    }

    fn ids(&self, name: &str) -> Vec<ResourceId> {
        self.list(name).filter_map(|id| id.as_str()?.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A change of a person by a token, with that payload.
    pub(super) fn entry(payload: Value) -> Entry {
        Entry {
            number: 7,
            at: Timestamp::from_micros(7_000_000),
            what: "patched".to_owned(),
            subject_kind: "User".to_owned(),
            subject_id: Some(Uuid::from_u128(1)),
            actor_kind: "token".to_owned(),
            actor_id: Some("5".to_owned()),
            request_id: "request-7".to_owned(),
            payload: Some(payload),
        }
    }

    #[test]
    fn an_entry_tells_what_its_payload_holds() {
        let member = ResourceId(Uuid::from_u128(3));
        let told = entry(json!({
            "before": {"title": "x", "label": "old"}, "after": {"title": null}, "members_added": [member.to_string()],
            "ignored": ["z"], "password_changed": true,
        }));
        assert_eq!((told.text("label"), told.text("title"), told.text("none")), (Some("old"), Some("x"), None));
        assert_eq!((told.joined(), told.left(), told.ignored()), (vec![member], vec![], vec!["z"]));
        assert!(told.is_password_changed() && told.is_by_provider());
        assert_eq!(told.differences().len(), 2);
    }

    #[test]
    fn an_erased_entry_tells_nothing() {
        let told = Entry { payload: None, ..entry(json!({})) };
        assert_eq!((told.text("label"), told.differences(), told.joined()), (None, vec![], vec![]));
    }
}
