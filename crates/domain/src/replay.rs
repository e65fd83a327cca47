//! A directory as its journal tells it.

use std::collections::{BTreeMap, BTreeSet};

use scim_protocol::resource::Resource;
use serde_json::{Map, Value};

use crate::directory::{Kind, StoredResource};
use crate::ids::ResourceId;
use crate::journal::{NumberedFact, Subject, What, put};
use crate::timestamp::Timestamp;

/// What is known of one resource after some of its facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Told {
    /// It does not exist.
    #[default]
    Absent,
    Present(Snapshot),
    /// A payload on the way there was erased.
    Erased,
}

/// A resource at a moment, with its members if it is a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub stored: StoredResource,
    pub members: BTreeSet<ResourceId>,
}

/// Takes facts in order and knows the directory they make.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    told: BTreeMap<ResourceId, Told>,
}

impl Replay {
    pub fn of(facts: &[NumberedFact]) -> Self {
        let mut replay = Self::default();
        for fact in facts {
            replay.take(fact);
        }
        replay
    }

    /// The next fact of the tenant; those about tokens and the tenant itself change nothing here.
    pub fn take(&mut self, fact: &NumberedFact) {
        let Subject::Resource(kind, id) = &fact.subject else { return };
        // Sessions of people come and go and leave the directory as it is.
        if matches!(fact.what, What::SessionStarted | What::SessionEnded) {
            return;
        }
        let before = self.told.remove(id).unwrap_or_default();
        self.told.insert(*id, after(before, kind, *id, fact));
    }

    pub fn resource(&self, id: ResourceId) -> Told {
        self.told.get(&id).cloned().unwrap_or_default()
    }

    /// Everything that exists, by id.
    pub fn snapshots(&self) -> impl Iterator<Item = &Snapshot> {
        self.told.values().filter_map(|told| match told {
            Told::Present(snapshot) => Some(snapshot),
            Told::Absent | Told::Erased => None,
        })
    }
}

fn after(before: Told, kind: &Kind, id: ResourceId, fact: &NumberedFact) -> Told {
    let payload = fact.payload.as_ref().and_then(Value::as_object);
    match (fact.what, before, payload) {
        (What::Erased, before, _) => before,
        (What::Created, _, Some(payload)) => Told::Present(created(kind, id, fact.at, payload)),
        (What::Created, _, None) => Told::Erased,
        // Of a resource that somebody deletes at the same moment it can still be told what was ignored; that holds no row.
        (What::Deleted, _, _) | (_, Told::Absent, _) => Told::Absent,
        (_, Told::Present(mut snapshot), Some(payload)) => {
            snapshot.change(fact.at, payload);
            Told::Present(snapshot)
        }
        _ => Told::Erased,
    }
}

fn created(kind: &Kind, id: ResourceId, at: Timestamp, payload: &Map<String, Value>) -> Snapshot {
    let stored =
        StoredResource { kind: kind.clone(), id, resource: Resource::default(), version: 0, created: at, modified: at };
    let mut snapshot = Snapshot { stored, members: BTreeSet::new() };
    snapshot.write(payload);
    snapshot.stored.version = 1;
    snapshot
}

impl Snapshot {
    /// A fact that only tells what was ignored leaves the version alone.
    fn change(&mut self, at: Timestamp, payload: &Map<String, Value>) {
        if payload.keys().any(|name| name != "ignored") {
            self.write(payload);
            self.stored.version += 1;
            self.stored.modified = at;
        }
    }

    fn write(&mut self, payload: &Map<String, Value>) {
        let mut attributes = std::mem::take(&mut self.stored.resource).into_attributes();
        if let Some(difference) = payload.get("after").and_then(Value::as_object) {
            put(&mut attributes, difference);
        }
        if let Some(order) = payload.get("order").and_then(Value::as_array) {
            let names = order.iter().filter_map(Value::as_str);
            attributes = names.filter_map(|name| attributes.shift_remove_entry(name)).collect();
        }
        self.stored.resource = Resource::trusted(attributes);
        for id in ids(payload, "members_removed") {
            self.members.remove(&id);
        }
        self.members.extend(ids(payload, "members_added"));
    }
}

fn ids<'p>(payload: &'p Map<String, Value>, name: &str) -> impl Iterator<Item = ResourceId> + 'p {
    let ids = payload.get(name).and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(|id| id.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::ids::FactId;

    fn fact(number: i64, what: What, payload: Value) -> NumberedFact {
        NumberedFact {
            number,
            id: FactId(Uuid::from_u128(1)),
            at: Timestamp::from_micros(number),
            what,
            subject: Subject::Resource(Kind::GROUP, ResourceId(Uuid::from_u128(7))),
            actor_kind: "system".to_owned(),
            actor_id: None,
            request_id: String::new(),
            payload: Some(payload),
        }
    }

    #[test]
    fn a_document_is_told_to_the_byte() {
        let member = ResourceId(Uuid::from_u128(9));
        let facts = [
            fact(1, What::Created, json!({"after": {"b": 1, "a": {"x": 1}}, "members_added": [member.to_string()]})),
            fact(2, What::Replaced, json!({"after": {"c": 3, "b": null}, "order": ["c", "a"]})),
            fact(3, What::Patched, json!({"ignored": ["z"]})),
        ];
        let Told::Present(snapshot) = Replay::of(&facts).resource(ResourceId(Uuid::from_u128(7))) else { panic!() };
        let text = serde_json::to_string(snapshot.stored.resource.attributes()).unwrap();
        assert_eq!(text, r#"{"c":3,"a":{"x":1}}"#);
        assert_eq!((snapshot.stored.version, snapshot.stored.modified), (2, Timestamp::from_micros(2)));
        assert_eq!(snapshot.members, BTreeSet::from([member]));
    }

    #[test]
    fn what_is_gone_stays_gone() {
        let facts = [
            fact(1, What::Created, json!({"after": {"a": 1}})),
            fact(2, What::Deleted, json!({"after": {"a": null}})),
            fact(3, What::Patched, json!({"ignored": ["z"]})),
        ];
        assert_eq!(Replay::of(&facts).resource(ResourceId(Uuid::from_u128(7))), Told::Absent);
    }

    #[test]
    fn what_was_erased_is_not_guessed() {
        let created = NumberedFact { payload: None, ..fact(1, What::Created, Value::Null) };
        assert_eq!(Replay::of(&[created]).resource(ResourceId(Uuid::from_u128(7))), Told::Erased);
        let erased = NumberedFact { payload: None, ..fact(2, What::Patched, Value::Null) };
        let facts = [fact(1, What::Created, json!({"after": {"a": 1}})), erased];
        let replay = Replay::of(&facts);
        assert_eq!(replay.resource(ResourceId(Uuid::from_u128(7))), Told::Erased);
        assert_eq!(replay.snapshots().count(), 0);
    }
}
