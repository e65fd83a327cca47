//! Reading back what was written.

use std::collections::BTreeSet;

use indicatif::ProgressBar;

use super::crew::work;
use super::plan::Plan;
use super::report::Check;
use super::tenant::Provisioned;

/// So many people and groups are read back, spread evenly over all.
const READ: usize = 200;

/// Reads back people as they were written last, and groups with exactly their members.
pub async fn read_back(plan: &Plan, there: &Provisioned, bar: &ProgressBar) -> Vec<Check> {
    let silent = ProgressBar::hidden();
    bar.set_message("reading back");
    let (people, step) = sample(plan.users);
    let read = work(plan.connections, people, &silent, async |number, took| {
        took.note(check_person(there, number * step)).await;
        took.note(there.look_for(number * step, true)).await;
    })
    .await;
    let (groups, step) = sample(plan.groups);
    let members = work(plan.connections, groups, &silent, async |number, took| {
        took.note(check_group(there, number * step, plan.members)).await;
    })
    .await;
    vec![Check::of("people as they were written last", people, read), Check::of("members of groups", groups, members)]
}

/// How many to read of so many, and how far they are apart.
fn sample(all: usize) -> (usize, usize) {
    let step = all.div_ceil(READ).max(1);
    (all.div_ceil(step), step)
}

async fn check_person(there: &Provisioned, number: usize) -> Result<(), String> {
    let (read, written) = (there.read(number).await?, there.person(number));
    if read.active != Some(!written.is_inactive) {
        return Err(format!("active is {:?} and was written otherwise", read.active));
    }
    match written.display_name {
        Some(name) if read.display_name.as_ref() != Some(&name) => {
            Err(format!("displayName is {:?} in place of {name:?}", read.display_name))
        }
        _ => Ok(()),
    }
}

async fn check_group(there: &Provisioned, number: usize, members: usize) -> Result<(), String> {
    let read = there.read_members(number).await?;
    let expected: BTreeSet<String> = there.members_of(number, members).map(|person| there.person(person).id).collect();
    let found: BTreeSet<String> = read.iter().cloned().collect();
    if read.len() == found.len() && found == expected {
        return Ok(());
    }
    Err(format!("{} members, {} of them different ones, in place of {}", read.len(), found.len(), expected.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_lies_within_all_and_is_spread_over_them() {
        for all in [0, 1, 199, 200, 201, 399, 100_000] {
            let (many, step) = sample(all);
            assert!(many <= READ && (many == 0 || (many - 1) * step < all), "{all}");
            assert_eq!(many == 0, all == 0);
        }
        assert_eq!(sample(1_000), (200, 5));
    }
}
