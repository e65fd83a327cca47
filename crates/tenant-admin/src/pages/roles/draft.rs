//! Rules as somebody has them in the form.

use domain::ids::{ResourceId, RuleId};
use domain::role::{GroupChoice, RoleName, RoleRule, RoleRules, StoredRules};
use uuid::Uuid;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::form::Form;
use crate::pages::provisioning::mark;
use crate::text::roles as words;

/// What the form holds, so that each button finds it again.
#[derive(Clone, Debug)]
pub struct Draft {
    pub rules: RoleRules,
    /// The version of the saved rules that it was made from.
    pub seen: i64,
    /// What groups are searched for.
    pub sought: String,
    /// The name of groups that is being typed.
    pub typed: String,
    /// The role that the next rule gets, once it is chosen.
    pub new_role: Option<RoleName>,
}

impl Draft {
    /// The rules as they are saved.
    pub fn of(call: &AdminCall, stored: StoredRules) -> Self {
        Self {
            rules: stored.rules,
            seen: stored.version,
            sought: call.query.text("q").to_owned(),
            typed: String::new(),
            new_role: None,
        }
    }

    /// What was sent.
    ///
    /// # Errors
    /// [`PageError::Refused`] for what no page of ours has made.
    pub fn read(form: &Form) -> Result<Self, PageError> {
        let (ids, groups, given): (Vec<_>, Vec<_>, Vec<_>) =
            (form.all("rule").collect(), form.all("group").collect(), form.all("role").collect());
        if ids.len() != groups.len() || ids.len() != given.len() {
            return Err(broken());
        }
        let rule = |((id, group), role): ((&&str, &&str), &&str)| {
            Ok(RoleRule { id: rule_id(id)?, group: read_choice(group)?, role: read_role(role)? })
        };
        let rules = ids.iter().zip(&groups).zip(&given).map(rule).collect::<Result<_, PageError>>()?;
        Ok(Self {
            rules: RoleRules { rules, fallback: form.given("fallback").map(read_role).transpose()? },
            // A form without a version has seen none there is.
            seen: form.text("seen").parse().unwrap_or(-1),
            sought: form.text("q").to_owned(),
            typed: form.text("name").to_owned(),
            new_role: form.given("new_role").map(read_role).transpose()?,
        })
    }

    /// What tells these rules, and the version they are made from, from all others.
    pub fn mark(&self) -> String {
        let rule = |rule: &RoleRule| format!("{}\n{}\n{}\n", rule.id, print_choice(&rule.group), rule.role);
        let rules: String = self.rules.rules.iter().map(rule).collect();
        let fallback = self.rules.fallback.as_ref().map(RoleName::as_str).unwrap_or_default();
        mark(&format!("{}\n{fallback}\n{rules}", self.seen))
    }
}

/// A choice of groups as it stands in the form.
pub fn print_choice(choice: &GroupChoice) -> String {
    match choice {
        GroupChoice::Seen(id) => format!("id:{id}"),
        GroupChoice::Named(name) => format!("name:{name}"),
    }
}

fn read_choice(text: &str) -> Result<GroupChoice, PageError> {
    match text.split_once(':') {
        Some(("id", id)) => id.parse::<ResourceId>().map(GroupChoice::Seen).map_err(|_| broken()),
        Some(("name", name)) => GroupChoice::named(name).map_err(|_| broken()),
        _ => Err(broken()),
    }
}

/// The rule that a button or a line of the form is about.
///
/// # Errors
/// As [`Draft::read`].
pub fn rule_id(text: &str) -> Result<RuleId, PageError> {
    Uuid::try_parse(text).map(RuleId).map_err(|_| broken())
}

fn read_role(text: &str) -> Result<RoleName, PageError> {
    text.parse().map_err(|_| broken())
}

fn broken() -> PageError {
    PageError::Refused(words::BROKEN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_found_again_in_the_form() {
        for choice in [
            GroupChoice::Seen(ResourceId(Uuid::from_u128(7))),
            GroupChoice::Named("id:00000000-0000-0000-0000-000000000007".to_owned()),
            GroupChoice::Named("a: b".to_owned()),
        ] {
            assert_eq!(read_choice(&print_choice(&choice)).unwrap(), choice);
        }
        for bad in ["", "id:", "id:7", "name:", "name: ", "other:x", "name:a\u{0}b"] {
            assert!(read_choice(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mark_tells_drafts_apart() {
        let rule = |number: u128, name: &str, role: &str| RoleRule {
            id: RuleId(Uuid::from_u128(number)),
            group: GroupChoice::Named(name.to_owned()),
            role: role.parse().unwrap(),
        };
        let draft = |rules: Vec<RoleRule>, fallback: Option<&str>, seen| Draft {
            rules: RoleRules { rules, fallback: fallback.map(|name| name.parse().unwrap()) },
            seen,
            sought: String::new(),
            typed: String::new(),
            new_role: Some("Admin".parse().unwrap()),
        };
        let (one, two) = (rule(1, "a", "Admin"), rule(2, "b", "Admin"));
        let drafts = [
            draft(vec![one.clone(), two.clone()], None, 1),
            draft(vec![two.clone(), one.clone()], None, 1),
            draft(vec![one.clone(), two.clone()], None, 2),
            draft(vec![one.clone(), two.clone()], Some("Admin"), 1),
            draft(vec![one.clone()], None, 1),
            draft(vec![one, rule(2, "b", "Member")], None, 1),
        ];
        let mut marks: Vec<_> = drafts.iter().map(Draft::mark).collect();
        marks.sort();
        marks.dedup();
        assert_eq!(marks.len(), drafts.len());
        let searching = Draft { sought: "x".to_owned(), typed: "y".to_owned(), ..drafts[0].clone() };
        assert_eq!(searching.mark(), drafts[0].mark(), "what is being looked for is no rule");
    }
}
