//! Sentences about the rules by which people get their roles.

use domain::audit::Entry;
use serde_json::Value;

use crate::lists::several;

pub fn sentence(entry: &Entry) -> String {
    let count = |rules: Option<&Value>| rules.and_then(Value::as_object).map_or(0, |rules| rules.len() as u64);
    let (before, after) = (entry.before("rules"), entry.after("rules"));
    let others = entry.after("fallback").and_then(Value::as_str);
    let mut parts = Vec::new();
    if before != after {
        parts.push(match (count(before), count(after)) {
            (_, 0) => "removed all rules".to_owned(),
            (old, new) if old == new => "changed rules or their order".to_owned(),
            (_, new) => format!("now {}", several(new, "rule", "rules")),
        });
    }
    if entry.before("fallback") != entry.after("fallback") {
        parts.push(format!("everybody else: {}", others.unwrap_or("no role")));
    }
    match parts.is_empty() {
        true => "Saved which groups give which role".to_owned(),
        false => format!("Changed which groups give which role: {}", parts.join("; ")),
    }
}
