//! What the page of groups and roles says, and how roles are told elsewhere.

use domain::ops::{Counted, GroupUse, Preview};
use domain::role::{NamedGroup, RoleName, RoleReason, RoleVerdict, Shift};

use super::directory::NO_NAME;
use crate::lists::{counted, number, several};

pub const EVERYBODY_ELSE: &str = "Everybody else";
pub const GONE: &str = "A group that was deleted";
pub const CHOOSE_A_ROLE: &str = "Choose a role";
pub const NO_ROLE_CHOSEN: &str = "Choose the role that the rule gives, then add it.";
pub const NOTHING_CHANGED: &str = "You have changed no rule, so there is nothing to preview.";
pub const BROKEN: &str = "This form is not one of this page. Nothing was changed. Open Groups & roles again.";
pub const NO_SUCH_GROUP: &str = "This group is not in the directory any more. Choose another one.";
pub const PREVIEW_FIRST: &str = "These rules were changed since their last preview. Look whom they change, then save.";
pub const MORE_GROUPS: &str = "There are more groups than these. Type more of the name to find the others.";
pub const NO_GROUPS: &str = "No groups yet";
pub const NO_GROUPS_YET: &str = "They appear here after the first sync of your identity provider. In Entra, assign \
                                 groups to the application. Until then you can add a rule by name below.";

pub const DELETED: &str =
    "The group was deleted, so this rule matches nobody. Remove it, or add one for another group.";
pub const LARGE: &str = "The group has more than 5,000 members: this rule decides about very many people.";

pub fn lead(vendor: &str) -> String {
    format!("Give people their {vendor} role by the groups they are in.")
}

/// What a role means here.
pub fn meaning(vendor: &str) -> Vec<String> {
    vec![
        format!("Roles are {vendor}’s own: what people may do with one is decided there. They have nothing to do with who may change these settings."),
        "Rules are checked from top to bottom. The first one that matches a person’s group decides. Who is in a group that is in that group counts too.".to_owned(),
        "What you save counts from a person’s next sign-in on. Who is signed in keeps their role until then.".to_owned(),
        "People who are disabled have roles like everybody else; they just cannot sign in.".to_owned(),
    ]
}

/// What it takes to stop giving roles by groups, and what comes of it. `fallback`: the role of everybody else.
pub fn without_rules(fallback: Option<&RoleName>, vendor: &str) -> String {
    let then = match fallback {
        Some(fallback) => format!("everybody has the role that “{EVERYBODY_ELSE}” has above, {fallback}"),
        None => format!("nobody has a {vendor} role from here, since “{EVERYBODY_ELSE}” has none above"),
    };
    format!(
        "Remove all rules and save. From their next sign-in on {then}. Who is signed in keeps their role until then; groups and people stay as they are."
    )
}

/// A role, or that there is none.
pub fn role(role: Option<&RoleName>) -> String {
    role.map_or_else(|| "No role".to_owned(), ToString::to_string)
}

pub fn withdrawn(role: &RoleName) -> String {
    format!("{role} (no longer there)")
}

pub fn no_rules(fallback: Option<&RoleName>, vendor: &str) -> String {
    match fallback {
        Some(fallback) => {
            format!("No rules yet: everybody who signs in has the {vendor} role {fallback} from here.")
        }
        None => "No rules yet: people sign in without a role from here.".to_owned(),
    }
}

pub fn unknown_role(role: &RoleName, vendor: &str) -> String {
    format!("{vendor} no longer has the role {role}, so these people have no role. Choose another one.")
}

/// The rules that leave another one nothing to decide.
pub fn shadowed(by: &[usize]) -> String {
    match by {
        [one] => format!("Has no effect: rule {one} already covers all its members."),
        several => format!("Has no effect: rules {} already cover all its members.", listed(several)),
    }
}

fn listed(numbers: &[usize]) -> String {
    match numbers {
        [all @ .., last] if !all.is_empty() => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!("{} and {last}", all.join(", "))
        }
        all => all.iter().map(ToString::to_string).collect(),
    }
}

pub fn members(count: Counted) -> String {
    match count {
        Counted::Exactly(count) => several(count, "member", "members"),
        Counted::MoreThan(_) => format!("{} members", counted(count)),
    }
}

/// Groups by their name.
pub fn named(name: &str) -> String {
    format!("Any group named “{name}”")
}

/// What a rule by name stands for now.
pub fn matches(groups: usize, count: Counted) -> String {
    match groups {
        0 => "No group has this name yet. The rule will match later, once one comes.".to_owned(),
        1 => format!("Matches 1 group now, {}.", members(count)),
        groups => format!("Matches {groups} groups now, {} together.", members(count)),
    }
}

pub fn not_found(sought: &str, all: &str) -> String {
    format!("None of the {all} matches “{sought}”. You can add a rule by name below.")
}

/// How many people change, and from what to what.
pub fn headline(preview: &Preview) -> String {
    if preview.people == 0 {
        return format!("Nobody’s role changes, of {}.", several(preview.total, "person", "people"));
    }
    let shifts: Vec<String> = losses_first(&preview.shifts).into_iter().enumerate().map(shift).collect();
    let all = match shifts.len() {
        1 => String::new(),
        _ => format!(" In all, {} change.", several(preview.people, "person", "people")),
    };
    format!("{}.{all}", shifts.join(", "))
}

/// What takes a role away before what only gives one; the largest group of people first in each.
pub fn losses_first(shifts: &[Shift]) -> Vec<&Shift> {
    let mut ordered: Vec<&Shift> = shifts.iter().collect();
    ordered.sort_by_key(|shift| shift.from.is_none());
    ordered
}

/// `index`: only the first says that they are people.
fn shift((index, shift): (usize, &Shift)) -> String {
    let count = match index {
        0 => several(shift.people, "person", "people"),
        _ => number(shift.people),
    };
    let one = shift.people == 1;
    match (&shift.from, &shift.to) {
        (Some(from), Some(to)) => match one {
            true => format!("{count} loses {from} and becomes {to}"),
            false => format!("{count} lose {from} and become {to}"),
        },
        (None, Some(to)) => format!("{count} {} {to}", if one { "gains" } else { "gain" }),
        (Some(from), None) => format!("{count} {} {from}", if one { "loses" } else { "lose" }),
        (None, None) => format!("{count} {}", if one { "stays" } else { "stay" }),
    }
}

pub fn person_name(name: &str) -> String {
    if name.trim().is_empty() { NO_NAME.to_owned() } else { name.to_owned() }
}

fn group_name(group: &NamedGroup) -> &str {
    group.name.as_deref().unwrap_or(NO_NAME)
}

/// Why somebody has their role or none, to follow it in a sentence.
pub fn because(verdict: &RoleVerdict, vendor: &str) -> String {
    let withdrawn = verdict.withdrawn.as_ref();
    let withdrawn = withdrawn.map(|role| format!("; {vendor} no longer has the role {role}")).unwrap_or_default();
    match &verdict.reason {
        RoleReason::Rule { number, group, through: None, .. } => {
            format!("because of the group {} (rule {number}){withdrawn}", group_name(group))
        }
        RoleReason::Rule { number, group, through: Some(through), .. } => {
            let (group, through) = (group_name(group), group_name(through));
            format!("because of the group {group}, by way of {through} (rule {number}){withdrawn}")
        }
        RoleReason::Fallback => format!("because no rule matches{withdrawn}"),
        RoleReason::NoRule => "because no rule matches".to_owned(),
    }
}

/// What a rule gives to a group's members, unless an earlier one is about them.
pub fn group_use(used: &GroupUse) -> String {
    match &used.through {
        None => format!("{} by rule {}", used.role, used.number),
        Some(through) => format!("{} by rule {}, being in {}", used.role, used.number, group_name(through)),
    }
}

pub const NO_GROUP_USE: &str = "No rule matches it";

#[cfg(test)]
mod tests {
    use domain::ids::{ResourceId, RuleId};
    use uuid::Uuid;

    use super::*;

    fn name(text: &str) -> RoleName {
        text.parse().unwrap()
    }

    #[test]
    fn the_end_of_the_rules_says_who_has_which_role_then_and_from_when() {
        let (member, none) = (without_rules(Some(&name("Member")), "BlogIn"), without_rules(None, "BlogIn"));
        assert!(member.contains("everybody has the role that “Everybody else” has above, Member"), "{member}");
        assert!(none.contains("nobody has a BlogIn role"), "{none}");
        for told in [member, none] {
            assert!(told.contains("From their next sign-in on") && told.ends_with("stay as they are."), "{told}");
        }
    }

    #[test]
    fn a_preview_is_told_in_a_sentence() {
        let shift =
            |from: Option<&str>, to: Option<&str>, people| Shift { from: from.map(name), to: to.map(name), people };
        let preview = |shifts: Vec<Shift>| Preview {
            people: shifts.iter().map(|shift| shift.people).sum(),
            shifts,
            total: 132,
            first: Vec::new(),
        };
        let told = headline(&preview(vec![
            shift(Some("Admin"), Some("Member"), 9),
            shift(None, Some("Admin"), 3),
            shift(Some("Admin"), None, 1),
        ]));
        assert_eq!(
            told,
            "9 people lose Admin and become Member, 1 loses Admin, 3 gain Admin. In all, 13 people change."
        );
        assert_eq!(headline(&preview(vec![shift(None, Some("Admin"), 1)])), "1 person gains Admin.");
        assert_eq!(headline(&preview(Vec::new())), "Nobody’s role changes, of 132 people.");
    }

    #[test]
    fn a_reason_is_told_with_the_rule_and_the_group() {
        let group = |name: &str| NamedGroup { id: ResourceId(Uuid::nil()), name: Some(name.to_owned()) };
        let by = |through: Option<&str>| RoleReason::Rule {
            id: RuleId(Uuid::nil()),
            number: 2,
            group: group("Engineering"),
            through: through.map(group),
        };
        let verdict = |reason, withdrawn: Option<&str>| RoleVerdict {
            role: withdrawn.is_none().then(|| name("Admin")),
            reason,
            withdrawn: withdrawn.map(name),
        };
        for (verdict, expected) in [
            (verdict(by(None), None), "because of the group Engineering (rule 2)"),
            (verdict(by(Some("Backend")), None), "because of the group Engineering, by way of Backend (rule 2)"),
            (
                verdict(by(None), Some("Guest")),
                "because of the group Engineering (rule 2); BlogIn no longer has the role Guest",
            ),
            (verdict(RoleReason::Fallback, None), "because no rule matches"),
            (verdict(RoleReason::NoRule, None), "because no rule matches"),
        ] {
            assert_eq!(because(&verdict, "BlogIn"), expected);
        }
    }

    #[test]
    fn rules_that_shadow_are_numbered() {
        assert_eq!(shadowed(&[1]), "Has no effect: rule 1 already covers all its members.");
        assert!(shadowed(&[1, 2, 4]).starts_with("Has no effect: rules 1, 2 and 4 already cover"));
    }
}
