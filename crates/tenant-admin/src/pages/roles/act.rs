//! What the buttons of the form do with the rules in it. Nothing of it is saved.

use domain::directory::Kind;
use domain::ids::{ResourceId, RuleId};
use domain::ops::Presence;
use domain::role::{GroupChoice, RoleRules};

use super::draft::{Draft, rule_id};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::form::Form;
use crate::text::{self, roles as words};

/// A button of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Shows the form again, with what was searched for.
    Look,
    Up(RuleId),
    Down(RuleId),
    Remove(RuleId),
    /// Adds a rule about a group of the directory.
    AddSeen(ResourceId),
    /// Adds a rule about the name that was typed.
    AddNamed,
    Preview,
    Save,
}

impl Act {
    /// The button that was pressed. The Enter key in a field does what the button beside the field does.
    pub fn read(form: &Form) -> Self {
        let act = form.text("act");
        let (word, of) = act.split_once(':').unwrap_or((act, ""));
        let of_rule = |act: fn(RuleId) -> Self| rule_id(of).map_or(Self::Look, act);
        match word {
            "up" => of_rule(Self::Up),
            "down" => of_rule(Self::Down),
            "remove" => of_rule(Self::Remove),
            "add" => of.parse().map_or(Self::Look, Self::AddSeen),
            "name" => Self::AddNamed,
            "preview" => Self::Preview,
            "save" => Self::Save,
            "enter" if form.given("name").is_some() => Self::AddNamed,
            "enter" if form.text("q") == form.text("sought") => Self::Preview,
            _ => Self::Look,
        }
    }
}

/// Carries out what changes the draft alone; gives why it cannot be, and then leaves the draft as it is.
///
/// # Errors
/// Those of the store.
pub async fn carry_out(call: &AdminCall, draft: &mut Draft, act: Act) -> Result<Option<String>, PageError> {
    match act {
        Act::Up(id) => step(&mut draft.rules, id, -1),
        Act::Down(id) => step(&mut draft.rules, id, 1),
        Act::Remove(id) => draft.rules.rules.retain(|rule| rule.id != id),
        Act::AddNamed => {
            let refused = match GroupChoice::named(&draft.typed) {
                Ok(group) => add(call, draft, group),
                Err(why) => Some(text::sentence(&why)),
            };
            if refused.is_none() {
                draft.typed.clear();
            }
            return Ok(refused);
        }
        Act::AddSeen(id) => {
            return match call.admin.directory.find(&call.cx.scope, &Kind::GROUP, id).await? {
                Some(Presence::There(..)) => Ok(add(call, draft, GroupChoice::Seen(id))),
                _ => Ok(Some(words::NO_SUCH_GROUP.to_owned())),
            };
        }
        Act::Look | Act::Preview | Act::Save => {}
    }
    Ok(None)
}

/// A new rule comes last.
fn add(call: &AdminCall, draft: &mut Draft, group: GroupChoice) -> Option<String> {
    let Some(role) = draft.new_role.clone() else { return Some(words::NO_ROLE_CHOSEN.to_owned()) };
    draft.rules.rules.push(call.admin.roles.new_rule(&call.cx, group, role));
    let refused = draft.rules.check().err();
    if refused.is_some() {
        draft.rules.rules.pop();
    }
    refused.map(|why| text::sentence(&why))
}

/// Moves a rule a place up or down, as far as there is one.
fn step(rules: &mut RoleRules, id: RuleId, by: isize) {
    let from = rules.rules.iter().position(|rule| rule.id == id);
    let to = from.and_then(|from| from.checked_add_signed(by)).filter(|to| *to < rules.rules.len());
    if let (Some(from), Some(to)) = (from, to) {
        rules.rules.swap(from, to);
    }
}

#[cfg(test)]
mod tests {
    use domain::role::RoleRule;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> RuleId {
        RuleId(Uuid::from_u128(number))
    }

    fn order(rules: &RoleRules) -> Vec<u128> {
        rules.rules.iter().map(|rule| rule.id.0.as_u128()).collect()
    }

    #[test]
    fn rules_move_by_one_place_and_not_beyond_the_ends() {
        let rule = |number| RoleRule {
            id: id(number),
            group: GroupChoice::Named("x".to_owned()),
            role: "Admin".parse().unwrap(),
        };
        let rules = RoleRules { rules: (1..=3).map(rule).collect(), fallback: None };
        for (of, by, expected) in
            [(1, -1, [1, 2, 3]), (2, -1, [2, 1, 3]), (2, 1, [1, 3, 2]), (3, 1, [1, 2, 3]), (7, 1, [1, 2, 3])]
        {
            let mut moved = rules.clone();
            step(&mut moved, id(of), by);
            assert_eq!(order(&moved), expected, "{of} {by}");
        }
    }

    #[test]
    fn enter_does_what_the_button_beside_the_field_does() {
        let read = |form: &str| Act::read(&Form::parse(form.as_bytes()));
        assert_eq!(read("act=enter&name=Sales&q=x"), Act::AddNamed);
        assert_eq!(read("act=enter&name=&q=x&sought="), Act::Look);
        assert_eq!(read("act=enter&name=&q=x&sought=x"), Act::Preview);
        assert_eq!(read("act=save"), Act::Save);
        let rule = "00000000-0000-0000-0000-000000000007";
        assert_eq!(read(&format!("act=up:{rule}")), Act::Up(id(7)));
        for nothing in ["", "act=", "act=up:", "act=up:7", "act=add:7", "act=other"] {
            assert_eq!(read(nothing), Act::Look, "{nothing}");
        }
    }
}
