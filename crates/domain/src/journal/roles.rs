//! Facts about the roles of people.

use serde_json::{Map, Value, json};

use super::{Fact, Subject, What};
use crate::role::{GroupChoice, Groups, RoleRule, RoleRules};

impl Fact {
    /// `groups`: what the groups of the rules are called, for those who read it when they are gone.
    pub fn role_rules_changed(before: &RoleRules, after: &RoleRules, groups: &Groups) -> Self {
        let payload = json!({"before": told(before, groups), "after": told(after, groups)});
        Self { what: What::RoleRulesChanged, subject: Subject::Tenant, payload }
    }
}

/// Rules by their places, so that a change of the order is one too.
fn told(rules: &RoleRules, groups: &Groups) -> Value {
    let by_place: Map<String, Value> =
        (1..).zip(&rules.rules).map(|(place, each): (usize, _)| (place.to_string(), rule(each, groups))).collect();
    json!({"rules": by_place, "fallback": rules.fallback.as_ref().map(ToString::to_string)})
}

fn rule(rule: &RoleRule, groups: &Groups) -> Value {
    match &rule.group {
        GroupChoice::Seen(id) => {
            json!({"group": groups.named(*id).name, "group_id": id.to_string(), "role": rule.role.as_str()})
        }
        GroupChoice::Named(name) => json!({"groups_named": name, "role": rule.role.as_str()}),
    }
}
