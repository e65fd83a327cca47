//! Whom other rules would give another role.

use std::collections::{BTreeMap, HashSet};

use super::{Assignment, RoleName};
use crate::ids::ResourceId;

/// So many people go from one role to another, where none is no role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub from: Option<RoleName>,
    pub to: Option<RoleName>,
    pub people: u64,
}

/// What differs between two assignments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The largest first.
    pub shifts: Vec<Shift>,
    /// Those of the rules' people who change, by id.
    pub moved: Vec<ResourceId>,
    /// Those of them who do not, by id.
    pub stayed: Vec<ResourceId>,
    /// Whether everybody else changes too.
    pub others_move: bool,
}

impl Comparison {
    /// `total`: how many people there are.
    pub fn of(before: &Assignment<'_>, after: &Assignment<'_>, total: u64) -> Self {
        let (old, new) = (before.lookup(), after.lookup());
        let people: HashSet<ResourceId> = before.people().chain(after.people()).collect();
        let mut counts: BTreeMap<(Option<&RoleName>, Option<&RoleName>), u64> = BTreeMap::new();
        let mut comparison = Self { others_move: before.fallback() != after.fallback(), ..Self::default() };
        for person in &people {
            let (from, to) = (old(*person), new(*person));
            if from == to {
                comparison.stayed.push(*person);
            } else {
                comparison.moved.push(*person);
                *counts.entry((from, to)).or_default() += 1;
            }
        }
        // Counted and read at two moments, so that there may seem to be fewer people than the rules are about.
        let others = total.saturating_sub(u64::try_from(people.len()).unwrap_or(u64::MAX));
        if comparison.others_move && others > 0 {
            *counts.entry((before.fallback(), after.fallback())).or_default() += others;
        }
        comparison.moved.sort_unstable();
        comparison.stayed.sort_unstable();
        let shift = |((from, to), people): ((Option<&RoleName>, Option<&RoleName>), u64)| Shift {
            from: from.cloned(),
            to: to.cloned(),
            people,
        };
        comparison.shifts = counts.into_iter().map(shift).collect();
        comparison.shifts.sort_by_key(|shift| std::cmp::Reverse(shift.people));
        comparison
    }

    /// How many people change.
    pub fn people(&self) -> u64 {
        self.shifts.iter().map(|shift| shift.people).sum()
    }
}
