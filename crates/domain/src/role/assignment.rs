//! Rules carried out on a directory: who has which role, and why.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{AppRoles, Groups, NamedGroup, RoleName, RoleRule, RoleRules};
use crate::ids::{ResourceId, RuleId};

/// The role that somebody has. Whether their account is active makes no difference: who is disabled cannot sign in, and
/// has the same role again once they can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleVerdict {
    /// As the vendor spells it; none for no role.
    pub role: Option<RoleName>,
    pub reason: RoleReason,
    /// The role that it would be, if the vendor's product still had it. Then they have none.
    pub withdrawn: Option<RoleName>,
}

/// Why somebody has a role or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleReason {
    /// This rule is the first that is about them.
    Rule {
        id: RuleId,
        /// Its place in the order, from 1.
        number: usize,
        /// The rule's group that they are in.
        group: NamedGroup,
        /// Where they are in that group by way of another: the group they are in themselves.
        through: Option<NamedGroup>,
    },
    /// No rule is about them, so they have what everybody else has.
    Fallback,
    /// No rule is about them, and everybody else has no role.
    NoRule,
}

/// By which rule and group somebody has a role.
#[derive(Clone, Copy, Debug)]
struct Place {
    rule: usize,
    group: ResourceId,
    through: Option<ResourceId>,
}

/// Who is in which rule's groups.
#[derive(Debug)]
pub struct Assignment<'r> {
    fallback: Option<&'r RoleName>,
    rules: &'r [RoleRule],
    known: &'r AppRoles,
    places: HashMap<ResourceId, Place>,
}

impl<'r> Assignment<'r> {
    /// `known`: the roles that the product has. `people`: who is directly in each of the groups. It looks at each membership of the rules' groups about once.
    pub fn of(
        rules: &'r RoleRules,
        known: &'r AppRoles,
        groups: &Groups,
        people: &HashMap<ResourceId, Vec<ResourceId>>,
    ) -> Self {
        let mut places = HashMap::new();
        let mut place = |members: ResourceId, place: Place| {
            for person in people.get(&members).into_iter().flatten() {
                if let Entry::Vacant(vacant) = places.entry(*person) {
                    vacant.insert(place);
                }
            }
        };
        for (rule, RoleRule { group, .. }) in rules.rules.iter().enumerate() {
            let chosen = groups.chosen(group);
            // Who is in one directly is told so, even if they are in another by way of a third.
            for group in &chosen {
                place(*group, Place { rule, group: *group, through: None });
            }
            for group in &chosen {
                for through in groups.within(*group) {
                    place(through, Place { rule, group: *group, through: Some(through) });
                }
            }
        }
        Self { fallback: rules.fallback.as_ref(), rules: &rules.rules, known, places }
    }

    /// Everybody whom a rule is about.
    pub fn people(&self) -> impl Iterator<Item = ResourceId> {
        self.places.keys().copied()
    }

    pub fn is_about(&self, person: ResourceId) -> bool {
        self.places.contains_key(&person)
    }

    /// What is given to somebody, whether or not the product has it.
    fn given(&self, person: ResourceId) -> Option<&'r RoleName> {
        match self.places.get(&person) {
            Some(place) => self.rules.get(place.rule).map(|rule| &rule.role),
            None => self.fallback,
        }
    }

    /// The role of each rule, in their order, and last the fallback's; none where the product does not have it.
    fn roles(&self) -> Vec<Option<&'r RoleName>> {
        let given = self.rules.iter().map(|rule| Some(&rule.role)).chain([self.fallback]);
        given.map(|given| self.known.find(given?)).collect()
    }

    /// What everybody whom no rule is about has.
    pub fn fallback(&self) -> Option<&'r RoleName> {
        self.known.find(self.fallback?)
    }

    /// A way to ask for the roles of very many.
    pub fn lookup(&self) -> impl Fn(ResourceId) -> Option<&'r RoleName> + use<'_, 'r> {
        let roles = self.roles();
        move |person| {
            let place = self.places.get(&person).map_or(self.rules.len(), |place| place.rule);
            roles.get(place).copied().flatten()
        }
    }

    /// The role of somebody, with the reason.
    pub fn verdict(&self, person: ResourceId, groups: &Groups) -> RoleVerdict {
        let given = self.given(person);
        let role = given.and_then(|given| self.known.find(given));
        let decided = self.places.get(&person).and_then(|place| Some((place, self.rules.get(place.rule)?)));
        let reason = match decided {
            Some((place, RoleRule { id, .. })) => RoleReason::Rule {
                id: *id,
                number: place.rule + 1,
                group: groups.named(place.group),
                through: place.through.map(|through| groups.named(through)),
            },
            None if self.fallback.is_some() => RoleReason::Fallback,
            None => RoleReason::NoRule,
        };
        RoleVerdict { role: role.cloned(), reason, withdrawn: given.filter(|_| role.is_none()).cloned() }
    }
}
