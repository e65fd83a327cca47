//! Sentences on the page of whoever they are about, who is not named again.

use domain::audit::Entry;
use domain::detail::Difference;
use domain::ids::ResourceId;
use domain::journal::What;
use serde_json::Value;

use super::{Names, in_other_words, lower};
use crate::lists::several;
use crate::text::attributes;

/// The longest value that is said in a sentence.
const LONGEST: usize = 60;

/// What happened to the person or group of the page.
pub fn sentence(entry: &Entry, names: &Names, of: ResourceId) -> String {
    let is_own = entry.subject_id == Some(of.0);
    if !is_own {
        return membership(entry, names, of);
    }
    let Some(what) = What::named(&entry.what) else { return in_other_words(entry, names) };
    match what {
        What::Created if entry.joined().is_empty() => "Created".to_owned(),
        What::Created => format!("Created with {}", people(&entry.joined(), names)),
        What::Deleted => "Deleted".to_owned(),
        What::Erased => "What was known was erased".to_owned(),
        _ if entry.payload.is_none() => "Changed; the values were erased".to_owned(),
        _ => changed(entry, names),
    }
}

/// What happened to a group, on the page of somebody who joined or left by it.
fn membership(entry: &Entry, names: &Names, of: ResourceId) -> String {
    let group = names.called(entry).unwrap_or("a group");
    match entry.joined().contains(&of) {
        true => format!("Added to {group}"),
        false => format!("Removed from {group}"),
    }
}

fn changed(entry: &Entry, names: &Names) -> String {
    let mut parts = Vec::new();
    match (entry.before("active"), entry.after("active")) {
        (_, Some(Value::Bool(false))) => parts.push("disabled".to_owned()),
        (Some(Value::Bool(false)), Some(Value::Bool(true))) => parts.push("enabled".to_owned()),
        _ => {}
    }
    let (joined, left) = (entry.joined(), entry.left());
    if !joined.is_empty() {
        parts.push(format!("added {}", people(&joined, names)));
    }
    if !left.is_empty() {
        parts.push(format!("removed {}", people(&left, names)));
    }
    let says_state = parts.iter().any(|part| part == "disabled" || part == "enabled");
    let differences = entry.differences().into_iter().filter(|it| !(says_state && it.path == "active"));
    let differences: Vec<Difference> = differences.filter(|it| !it.path.ends_with(".primary")).collect();
    match differences.as_slice() {
        [] => {}
        [one] => parts.push(one_value(one)),
        several => parts.push(format!("changed {} attributes", several.len())),
    }
    if entry.is_password_changed() {
        parts.push("set a password".to_owned());
    }
    let ignored = entry.ignored();
    if let (true, Some(first)) = (parts.is_empty(), ignored.first()) {
        parts.push(match ignored.len() {
            1 => format!("sent {first}, which is not kept here"),
            count => format!("sent {count} attributes that are not kept here"),
        });
    }
    let text = if parts.is_empty() { "changed".to_owned() } else { parts.join(", ") };
    text.chars().take(1).flat_map(char::to_uppercase).chain(text.chars().skip(1)).collect()
}

/// "title set to Leitung".
fn one_value(difference: &Difference) -> String {
    let label = lower(&attributes::label(&difference.path, difference.kind.as_deref()));
    match difference.after.as_ref().map(attributes::value) {
        None => format!("{label} removed"),
        Some(value) if value.chars().count() > LONGEST => format!("{label} changed"),
        Some(value) => format!("{label} set to {value}"),
    }
}

fn people(ids: &[ResourceId], names: &Names) -> String {
    match ids {
        [one] => names.resource(*one).to_owned(),
        many => several(many.len() as u64, "member", "members"),
    }
}

#[cfg(test)]
mod tests {
    use domain::timestamp::Timestamp;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const ADA: ResourceId = ResourceId(Uuid::from_u128(1));
    const EDITORS: ResourceId = ResourceId(Uuid::from_u128(2));

    fn said(what: &str, subject: ResourceId, of: ResourceId, payload: Option<Value>) -> String {
        let name = |id: ResourceId, name: &str| (id, name.to_owned());
        let names = Names { resources: [name(ADA, "Ada"), name(EDITORS, "Editors")].into(), ..Names::default() };
        let entry = Entry {
            number: 1,
            at: Timestamp::from_micros(0),
            what: what.to_owned(),
            subject_kind: "User".to_owned(),
            subject_id: Some(subject.0),
            actor_kind: "token".to_owned(),
            actor_id: None,
            request_id: String::new(),
            payload,
        };
        sentence(&entry, &names, of)
    }

    #[test]
    fn whoever_the_page_is_about_is_not_named() {
        let of_ada = |what: &str, payload: Value| said(what, ADA, ADA, Some(payload));
        assert_eq!(of_ada("created", json!({"after": {"userName": "ada"}})), "Created");
        assert_eq!(of_ada("patched", json!({"after": {"title": "x"}})), "Title set to x");
        assert_eq!(of_ada("patched", json!({"before": {"title": "x"}, "after": {"title": null}})), "Title removed");
        assert_eq!(of_ada("patched", json!({"after": {"title": "x".repeat(99)}})), "Title changed");
        assert_eq!(of_ada("patched", json!({"after": {"active": false, "title": "x"}})), "Disabled, title set to x");
        assert_eq!(of_ada("replaced", json!({"after": {"locale": "fi", "title": "x"}})), "Changed 2 attributes");
        assert_eq!(of_ada("patched", json!({"ignored": ["shoeSize"]})), "Sent shoeSize, which is not kept here");
        assert_eq!(of_ada("dreamt", json!({})), "Dreamt: Ada");
        assert_eq!(said("patched", ADA, ADA, None), "Changed; the values were erased");
    }

    #[test]
    fn groups_are_told_from_the_side_of_the_page() {
        let joined = json!({"members_added": [ADA.to_string()]});
        let left = json!({"members_removed": [ADA.to_string()]});
        assert_eq!(said("patched", EDITORS, ADA, Some(joined.clone())), "Added to Editors");
        assert_eq!(said("patched", EDITORS, ADA, Some(left.clone())), "Removed from Editors");
        assert_eq!(said("patched", EDITORS, EDITORS, Some(joined)), "Added Ada");
        assert_eq!(said("patched", EDITORS, EDITORS, Some(left)), "Removed Ada");
    }
}
