//! Whatever the groups, the rules are carried out as one would by hand.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

const GROUPS: u128 = 6;
const PEOPLE: u128 = 8;
const NAMES: [&str; 3] = ["Red", "red", "Blue"];
const ROLES: [&str; 4] = ["Admin", "editor", "Member", "Withdrawn"];

/// A directory: groups, of which some are not there; groups in groups, circles included; people in groups.
#[derive(Clone, Debug)]
struct Directory {
    /// What the groups that are there are called.
    names: BTreeMap<u128, Option<&'static str>>,
    nested: BTreeSet<(u128, u128)>,
    members: BTreeSet<(u128, u128)>,
}

fn person(number: u128) -> ResourceId {
    ResourceId(Uuid::from_u128(100 + number))
}

fn directory() -> impl Strategy<Value = Directory> {
    let name = option::weighted(0.9, proptest::sample::select(NAMES.to_vec()));
    let group = (proptest::bool::weighted(0.8), name);
    let pairs = |others: u128| vec((0..GROUPS, 0..others), 0..12);
    (vec(group, GROUPS as usize), pairs(GROUPS), pairs(PEOPLE)).prop_map(|(groups, nested, members)| {
        let there = (0..).zip(groups).filter(|(_, (is_there, _))| *is_there);
        let names: BTreeMap<u128, _> = there.map(|(number, (_, name))| (number, name)).collect();
        let is_there = |group: &u128| names.contains_key(group);
        let nested = nested.into_iter().filter(|(outer, inner)| is_there(outer) && is_there(inner)).collect();
        let members = members.into_iter().filter(|(group, _)| is_there(group)).collect();
        Directory { names, nested, members }
    })
}

fn choice() -> impl Strategy<Value = GroupChoice> {
    prop_oneof![
        (0..GROUPS).prop_map(|number| GroupChoice::Seen(group(number))),
        proptest::sample::select(NAMES.to_vec()).prop_map(|name| GroupChoice::named(name).unwrap()),
    ]
}

fn some_rules() -> impl Strategy<Value = RoleRules> {
    let name = || proptest::sample::select(ROLES.to_vec());
    (vec((choice(), name()), 0..6), option::of(name())).prop_map(|(all, fallback)| {
        let each = |(number, (group, name)): (u128, (GroupChoice, &str))| rule(number, group, name);
        rules((1..).zip(all).map(each).collect(), fallback)
    })
}

impl Directory {
    fn present(&self) -> impl Iterator<Item = (u128, Option<&'static str>)> {
        self.names.iter().map(|(number, name)| (*number, *name))
    }

    fn groups(&self) -> Groups {
        let named = |number: u128| NamedGroup { id: group(number), name: self.names[&number].map(str::to_owned) };
        let within = |outer: u128| self.nested.iter().filter(move |(known, _)| *known == outer);
        let below = (0..GROUPS).map(|outer| (group(outer), within(outer).map(|(_, inner)| named(*inner)).collect()));
        Groups::new(self.present().map(|(number, _)| named(number)), below.collect::<Vec<_>>())
    }

    fn people(&self) -> HashMap<ResourceId, Vec<ResourceId>> {
        let mut people: HashMap<ResourceId, Vec<ResourceId>> = HashMap::new();
        for (number, member) in &self.members {
            people.entry(group(*number)).or_default().push(person(*member));
        }
        people
    }

    /// Whether somebody is in a group or in one that is in it, found by asking step by step.
    fn holds(&self, outer: u128, member: u128, depth: u128) -> bool {
        self.members.contains(&(outer, member))
            || depth > 0
                && self.nested.iter().any(|(known, inner)| *known == outer && self.holds(*inner, member, depth - 1))
    }

    fn is_about(&self, choice: &GroupChoice, member: u128) -> bool {
        self.present().any(|(number, name)| {
            let is_chosen = match choice {
                GroupChoice::Seen(id) => *id == group(number),
                GroupChoice::Named(wanted) => name.is_some_and(|name| name.eq_ignore_ascii_case(wanted)),
            };
            is_chosen && self.holds(number, member, GROUPS)
        })
    }

    /// The role that one would find by hand.
    fn role_by_hand(&self, rules: &RoleRules, member: u128) -> Option<RoleName> {
        let first = rules.rules.iter().find(|rule| self.is_about(&rule.group, member));
        let given = first.map(|rule| &rule.role).or(rules.fallback.as_ref())?;
        product().all().iter().find(|role| role.as_str().eq_ignore_ascii_case(given.as_str())).cloned()
    }
}

proptest! {
    #[test]
    fn everybody_has_the_role_that_one_would_find_by_hand(directory in directory(), rules in some_rules()) {
        let (groups, people, known) = (directory.groups(), directory.people(), product());
        let assignment = Assignment::of(&rules, &known, &groups, &people);
        let role = assignment.lookup();
        for member in 0..PEOPLE {
            let verdict = assignment.verdict(person(member), &groups);
            prop_assert_eq!(&verdict.role, &directory.role_by_hand(&rules, member));
            prop_assert_eq!(role(person(member)), verdict.role.as_ref());
            let first = rules.rules.iter().position(|rule| directory.is_about(&rule.group, member));
            match verdict.reason {
                RoleReason::Rule { number, group, through, id } => {
                    prop_assert_eq!(Some(number - 1), first);
                    prop_assert_eq!(id, rules.rules[number - 1].id);
                    let direct = through.as_ref().unwrap_or(&group).id;
                    prop_assert!(people[&direct].contains(&person(member)), "in the group that is named");
                    prop_assert!(through.is_none_or(|through| groups.within(group.id).contains(&through.id)));
                }
                RoleReason::Fallback => prop_assert!(first.is_none() && rules.fallback.is_some()),
                RoleReason::NoRule => prop_assert!(first.is_none() && rules.fallback.is_none()),
            }
        }
    }

    #[test]
    fn a_comparison_counts_everybody_whose_role_differs(
        directory in directory(), before in some_rules(), after in some_rules()
    ) {
        let (groups, people, known) = (directory.groups(), directory.people(), product());
        let old = Assignment::of(&before, &known, &groups, &people);
        let new = Assignment::of(&after, &known, &groups, &people);
        let comparison = Comparison::of(&old, &new, u64::try_from(PEOPLE).unwrap());
        let mut by_hand: HashMap<_, u64> = HashMap::new();
        for member in 0..PEOPLE {
            let change = (directory.role_by_hand(&before, member), directory.role_by_hand(&after, member));
            if change.0 != change.1 {
                *by_hand.entry(change).or_default() += 1;
            }
        }
        prop_assert_eq!(comparison.people(), by_hand.values().sum::<u64>());
        let counted: HashMap<_, _> =
            comparison.shifts.iter().map(|shift| ((shift.from.clone(), shift.to.clone()), shift.people)).collect();
        prop_assert_eq!(counted, by_hand);
    }

    #[test]
    fn a_rule_that_is_said_to_be_shadowed_decides_about_nobody(directory in directory(), rules in some_rules()) {
        let (groups, people, known) = (directory.groups(), directory.people(), product());
        let assignment = Assignment::of(&rules, &known, &groups, &people);
        let found = warnings(&rules.rules, &known, &groups, &HashMap::new());
        for (index, odd) in found.iter().enumerate() {
            let Some(Warning::Shadowed(by)) = odd.iter().find(|odd| matches!(odd, Warning::Shadowed(_))) else { continue };
            prop_assert!(by.iter().all(|number| *number <= index), "by earlier ones");
            for member in 0..PEOPLE {
                let reason = assignment.verdict(person(member), &groups).reason;
                let decides = matches!(reason, RoleReason::Rule { number, .. } if number == index + 1);
                prop_assert!(!decides, "rule {} decides", index + 1);
            }
        }
    }
}
