//! The groups that rules are about, as the directory has them.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use scim_protocol::value::fold;

use super::GroupChoice;
use crate::ids::ResourceId;

/// A group and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedGroup {
    pub id: ResourceId,
    pub name: Option<String>,
}

/// What groups are called and which groups are in which. A group that is not in here is not in the directory.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    names: BTreeMap<ResourceId, Option<String>>,
    /// By folded names.
    by_name: HashMap<String, BTreeSet<ResourceId>>,
    below: HashMap<ResourceId, Vec<ResourceId>>,
}

impl Groups {
    /// `groups`: those that rules may be about. `below`: what is in each of them, and in these, and so on.
    pub fn new(
        groups: impl IntoIterator<Item = NamedGroup>,
        below: impl IntoIterator<Item = (ResourceId, Vec<NamedGroup>)>,
    ) -> Self {
        let mut known = Self::default();
        for group in groups {
            known.add(group);
        }
        for (group, nested) in below {
            known.below.insert(group, nested.iter().map(|nested| nested.id).collect());
            for nested in nested {
                known.add(nested);
            }
        }
        known
    }

    fn add(&mut self, group: NamedGroup) {
        if let Some(name) = &group.name {
            self.by_name.entry(fold(name).into_owned()).or_default().insert(group.id);
        }
        self.names.insert(group.id, group.name);
    }

    /// Every group there is in here.
    pub fn ids(&self) -> impl Iterator<Item = ResourceId> {
        self.names.keys().copied()
    }

    /// The group with what it is called.
    pub fn named(&self, id: ResourceId) -> NamedGroup {
        NamedGroup { id, name: self.names.get(&id).cloned().flatten() }
    }

    /// The groups that a choice stands for now, in order of their ids; none for a group that was deleted or a name that no
    /// group has.
    pub fn chosen(&self, choice: &GroupChoice) -> Vec<ResourceId> {
        match choice {
            GroupChoice::Seen(id) => self.names.get_key_value(id).map(|(id, _)| *id).into_iter().collect(),
            GroupChoice::Named(name) => {
                self.by_name.get(fold(name).borrow() as &str).into_iter().flatten().copied().collect()
            }
        }
    }

    /// All groups that are in a group, directly or by way of others, without itself.
    pub fn within(&self, group: ResourceId) -> BTreeSet<ResourceId> {
        let mut found = BTreeSet::new();
        let mut open = vec![group];
        while let Some(next) = open.pop() {
            for nested in self.below.get(&next).into_iter().flatten() {
                if *nested != group && found.insert(*nested) {
                    open.push(*nested);
                }
            }
        }
        found
    }
}
