//! What is odd about rules.

use std::collections::{BTreeSet, HashMap};

use scim_protocol::value::fold;

use super::{AppRoles, GroupChoice, Groups, RoleRule};
use crate::ids::ResourceId;

/// A group with more members is warned about: its rule decides about very many.
pub const LARGE: u64 = 5_000;

/// Something about a rule that its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Earlier rules, by their places from 1, are about everybody whom this one is about, so that it never decides.
    Shadowed(Vec<usize>),
    /// The group was deleted, so that the rule is about nobody.
    GroupDeleted,
    /// The group has more than [`LARGE`] members, or several of its name have together.
    Large,
    /// The product does not have this role any more, so that people of the group have none.
    UnknownRole,
}

/// What is odd about each rule. `sizes`: how many members groups have, counted up to more than [`LARGE`].
pub(crate) fn warnings(
    rules: &[RoleRule],
    known: &AppRoles,
    groups: &Groups,
    sizes: &HashMap<ResourceId, u64>,
) -> Vec<Vec<Warning>> {
    let mut earlier = Earlier::default();
    let mut found = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let chosen = groups.chosen(&rule.group);
        let mut odd = Vec::new();
        odd.extend(earlier.shadows(&rule.group, &chosen).map(Warning::Shadowed));
        if chosen.is_empty() && matches!(rule.group, GroupChoice::Seen(_)) {
            odd.push(Warning::GroupDeleted);
        }
        if chosen.iter().filter_map(|group| sizes.get(group)).sum::<u64>() > LARGE {
            odd.push(Warning::Large);
        }
        if known.find(&rule.role).is_none() {
            odd.push(Warning::UnknownRole);
        }
        earlier.add(index + 1, &rule.group, &chosen, groups);
        found.push(odd);
    }
    found
}

/// What the rules before one are about.
#[derive(Default)]
struct Earlier {
    /// The first rule that is about a group.
    groups: HashMap<ResourceId, usize>,
    /// The first rule about a name, by folded names.
    names: HashMap<String, usize>,
}

impl Earlier {
    fn add(&mut self, number: usize, choice: &GroupChoice, chosen: &[ResourceId], known: &Groups) {
        for group in chosen {
            for group in known.within(*group).into_iter().chain([*group]) {
                self.groups.entry(group).or_insert(number);
            }
        }
        if let GroupChoice::Named(name) = choice {
            self.names.entry(fold(name).into_owned()).or_insert(number);
        }
    }

    /// The rules that are about everybody in these groups already. A name that no group has yet is the matter of an earlier
    /// rule by the same name.
    fn shadows(&self, choice: &GroupChoice, chosen: &[ResourceId]) -> Option<Vec<usize>> {
        if let GroupChoice::Named(name) = choice
            && let Some(number) = self.names.get(fold(name).as_ref())
        {
            return Some(vec![*number]);
        }
        let numbers: Option<BTreeSet<usize>> = chosen.iter().map(|group| self.groups.get(group).copied()).collect();
        let numbers = numbers.filter(|numbers| !numbers.is_empty())?;
        Some(numbers.into_iter().collect())
    }
}
