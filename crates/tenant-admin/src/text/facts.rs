//! A sentence for everything that a journal tells. Who did it stands beside it, so sentences begin with what was done.

mod accounts;
mod choices;
mod domains;
mod exports;
mod notices;
mod roles;
mod sso;

pub mod own;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use domain::audit::Entry;
use domain::ids::ResourceId;
use domain::journal::What;
use serde_json::Value;
use uuid::Uuid;

use super::attributes;
use crate::lists::several;

/// What people call whoever entries are by and about, as far as they are known now.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub resources: HashMap<ResourceId, String>,
    /// Labels of tokens and clients; names of admins; labels of setup links.
    pub others: HashMap<Uuid, String>,
}

impl Names {
    /// What people call a person or group.
    pub fn resource(&self, id: ResourceId) -> &str {
        self.resources.get(&id).map_or("somebody who is gone", String::as_str)
    }

    /// What the subject of an entry is called: now, or else in the entry itself.
    pub fn called<'n>(&'n self, entry: &'n Entry) -> Option<&'n str> {
        let now = entry.subject_id.and_then(|id| {
            let resource = self.resources.get(&ResourceId(id));
            resource.or_else(|| self.others.get(&id))
        });
        let told =
            || ["displayName", "userName", "label", "name", "email"].into_iter().find_map(|name| entry.text(name));
        now.map(String::as_str).or_else(told)
    }
}

/// What happened, in a sentence without its full stop.
pub fn sentence(entry: &Entry, names: &Names) -> String {
    // A fact of a newer version may say what this one does not know.
    let Some(what) = What::named(&entry.what) else { return in_other_words(entry, names) };
    if entry.payload.is_none() {
        return erased(what, entry, names);
    }
    match what {
        What::Created => created(entry, names),
        What::Replaced | What::Patched => changed(entry, names),
        What::Deleted if entry.subject_kind == "Domain" => format!("Removed {}", subject(entry, names)),
        What::Deleted => format!("Deleted {}", subject(entry, names)),
        What::Erased => "Erased what the journal said of somebody who was deleted".to_owned(),
        What::StatusChanged => match entry.text("status") {
            Some("suspended") => "Suspended the workspace".to_owned(),
            _ => "Ended the suspension of the workspace".to_owned(),
        },
        What::ProvisioningChanged => provisioning(entry),
        What::RulesChanged => {
            let rules: Vec<_> = entry.differences().into_iter().map(|it| rule(&it.path, it.after.as_ref())).collect();
            sentence_of(rules, "Changed the rules of the directory")
        }
        What::Declared => format!("Declared {}", declaration(entry)),
        What::Withdrawn => format!("Withdrew {}", declaration(entry)),
        What::Revoked => format!("Revoked {}", subject(entry, names)),
        What::SecretCreated => format!("Created a secret {}of {}", ending(entry), subject(entry, names)),
        What::SecretRevoked => format!("Revoked the secret {}of {}", ending(entry), subject(entry, names)),
        What::Notified => notices::sentence(entry),
        What::Exported => exports::sentence(entry),
        What::Imported => "Brought the workspace here from an archive".to_owned(),
        What::RoleRulesChanged => roles::sentence(entry),
        What::DomainChanged => domains::changed(entry),
        What::DomainPolicyChanged => domains::policy(entry),
        What::LimitsChanged => "Changed how many requests may come".to_owned(),
        What::PreferencesChanged => choices::preferences(entry),
        What::GuideTicked => choices::guide(entry),
        What::JobStarted => choices::job_started(entry),
        What::JobEnded => choices::job_ended(entry),
        What::ConnectionChanged
        | What::ConnectionTested
        | What::KeyMade
        | What::KeyRemoved
        | What::AdminSignInChanged
        | What::BreakGlassChanged
        | What::AccountLinked
        | What::AccountUnlinked => sso::sentence(what, entry, names.called(entry).unwrap_or("an account")),
        What::RoleChanged
        | What::PasswordChanged
        | What::SecondStepChanged
        | What::RecoveryCodesMade
        | What::RecoveryCodeUsed
        | What::SignInRefused
        | What::SessionStarted
        | What::SessionEnded
        | What::LinkMade
        | What::LinkUsed
        | What::LinkRevoked => accounts::sentence(what, entry, names.called(entry).unwrap_or("an account")),
    }
}

/// Who did it.
pub fn actor(entry: &Entry, names: &Names) -> String {
    let known = entry.actor_id.as_ref().and_then(|id| names.others.get(&Uuid::try_parse(id).ok()?));
    match (entry.actor_kind.as_str(), known) {
        ("token", Some(label)) => format!("Token {label}"),
        ("token", None) => "A token".to_owned(),
        ("client", Some(label)) => format!("OAuth client {label}"),
        ("client", None) => "An OAuth client".to_owned(),
        ("admin", Some(name)) => name.clone(),
        ("admin", None) => "An admin who was removed".to_owned(),
        ("setup_link", Some(label)) => format!("Setup link {label}"),
        ("setup_link", None) => "A setup link".to_owned(),
        ("operator", _) => "Support".to_owned(),
        ("system", _) => "The service itself".to_owned(),
        (other, Some(name)) => format!("{} {name}", attributes::spelled(other)),
        (other, None) => attributes::spelled(other),
    }
}

fn created(entry: &Entry, names: &Names) -> String {
    match entry.subject_kind.as_str() {
        "Tenant" => "Created the workspace".to_owned(),
        "Domain" => format!("Added {}", subject(entry, names)),
        "Token" | "Client" => format!("Created {}{}", subject(entry, names), in_brackets(entry)),
        _ => match members(entry, names) {
            Some(Members { count: Some(count), .. }) => format!("Created {} with {count}", subject(entry, names)),
            _ => format!("Created {}", subject(entry, names)),
        },
    }
}

fn changed(entry: &Entry, names: &Names) -> String {
    let mut parts = Vec::new();
    match entry.after("active") {
        Some(Value::Bool(false)) => parts.push(format!("Disabled {}", subject(entry, names))),
        Some(Value::Bool(true)) if entry.before("active") == Some(&Value::Bool(false)) => {
            parts.push(format!("Enabled {}", subject(entry, names)));
        }
        _ => {}
    }
    if let Some(Members { sentence, .. }) = members(entry, names) {
        parts.push(sentence);
    }
    let attributes: Vec<String> = entry
        .differences()
        .into_iter()
        .filter(|it| it.path != "active" || parts.is_empty())
        .map(|it| attributes::label(&it.path, it.kind.as_deref()))
        .collect();
    match (attributes.as_slice(), parts.is_empty()) {
        ([], _) => {}
        ([one], true) => parts.push(format!("Changed {} of {}", lower(one), subject(entry, names))),
        ([one], false) => parts.push(format!("changed {}", lower(one))),
        (several, true) => parts.push(format!("Changed {} attributes of {}", several.len(), subject(entry, names))),
        (several, false) => parts.push(format!("changed {} attributes", several.len())),
    }
    if entry.is_password_changed() {
        parts.push(match parts.is_empty() {
            true => format!("Set a password for {}", subject(entry, names)),
            false => "set a password".to_owned(),
        });
    }
    if parts.is_empty() {
        let ignored = entry.ignored();
        return match ignored.as_slice() {
            [] => format!("Changed {}", subject(entry, names)),
            [one] => format!("Sent {one} for {}, which is not kept here", subject(entry, names)),
            several => {
                format!("Sent {} attributes for {} that are not kept here", several.len(), subject(entry, names))
            }
        };
    }
    parts.join(" and ")
}

struct Members {
    sentence: String,
    /// How many joined.
    count: Option<String>,
}

/// Who joined and who left.
fn members(entry: &Entry, names: &Names) -> Option<Members> {
    let (joined, left) = (entry.joined(), entry.left());
    let group = names.called(entry).unwrap_or("a group");
    let people = |ids: &[ResourceId]| match ids {
        [one] => names.resource(*one).to_owned(),
        several => format!("{} members", several.len()),
    };
    let sentence = match (joined.is_empty(), left.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("Added {} to {group}", people(&joined)),
        (true, false) => format!("Removed {} from {group}", people(&left)),
        (false, false) => format!("Added {} to {group} and removed {}", people(&joined), people(&left)),
    };
    let count = match joined.len() {
        0 => None,
        1 => Some("1 member".to_owned()),
        count => Some(format!("{count} members")),
    };
    Some(Members { sentence, count })
}

fn provisioning(entry: &Entry) -> String {
    let state = entry.after("provisioning").and_then(Value::as_str);
    match (entry.before("provisioning").and_then(Value::as_str), state) {
        (Some("paused"), Some("on")) => "Resumed user provisioning".to_owned(),
        (_, Some("on")) => "Switched user provisioning on".to_owned(),
        (_, Some("paused")) => "Paused user provisioning".to_owned(),
        _ => format!("Switched user provisioning off{}", switched_off(entry)),
    }
}

/// What was decided about people.
fn switched_off(entry: &Entry) -> String {
    let Some(people) = entry.payload.as_ref().and_then(|payload| payload.get("people")) else { return String::new() };
    let active = people.get("active").and_then(Value::as_u64).unwrap_or(0);
    let of = several(active, "person", "people");
    match people.get("then").and_then(Value::as_str) {
        Some("deactivate") => format!(" and began to disable {of}"),
        _ => format!(" and kept {of}"),
    }
}

fn rule(path: &str, after: Option<&Value>) -> String {
    let is_on = after == Some(&Value::Bool(true));
    match (path, is_on) {
        ("strict", true) => "PATCH requests are taken by the letter".to_owned(),
        ("strict", false) => "PATCH requests are taken as they are meant".to_owned(),
        ("discards_passwords", true) => "passwords that are sent are discarded".to_owned(),
        ("discards_passwords", false) => "passwords that are sent are kept".to_owned(),
        (other, _) => format!("{} was changed", lower(&attributes::spelled(other))),
    }
}

fn sentence_of(parts: Vec<String>, otherwise: &str) -> String {
    match parts.is_empty() {
        true => otherwise.to_owned(),
        false => format!("{otherwise}: {}", parts.join(", ")),
    }
}

/// The schema or resource type that was declared.
fn declaration(entry: &Entry) -> String {
    let declared = entry.after("declaration").or_else(|| entry.before("declaration"));
    let find = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let name = declared.and_then(|declared| {
        let inner = declared.as_object().and_then(|parts| parts.values().find(|part| part.is_object()));
        let places = [Some(declared), inner, declared.get("schema"), inner.and_then(|inner| inner.get("schema"))];
        places.into_iter().flatten().find_map(|place| find(place, "name").or_else(|| find(place, "id")))
    });
    name.map_or_else(|| "a schema of your own".to_owned(), |name| format!("the schema {name}"))
}

/// The subject with what kind of thing it is.
fn subject(entry: &Entry, names: &Names) -> String {
    let name = names.called(entry);
    match (entry.subject_kind.as_str(), name) {
        ("User", Some(name)) => name.to_owned(),
        ("User", None) => "somebody who is gone".to_owned(),
        ("Group", Some(name)) => format!("group {name}"),
        ("Group", None) => "a group that is gone".to_owned(),
        ("Token", Some(name)) => format!("token {name}"),
        ("Token", None) => "a token".to_owned(),
        ("Client", Some(name)) => format!("OAuth client {name}"),
        ("Client", None) => "an OAuth client".to_owned(),
        ("Tenant", _) => "the workspace".to_owned(),
        ("Domain", Some(name)) => format!("the domain {name}"),
        ("Domain", None) => "a domain".to_owned(),
        (kind, Some(name)) => format!("{} {name}", lower(&attributes::spelled(kind))),
        (kind, None) => lower(&attributes::spelled(kind)),
    }
}

/// " (…4f1b)" for what has an ending to be known by.
fn in_brackets(entry: &Entry) -> String {
    entry.text("last_four").map(|ending| format!(" (…{ending})")).unwrap_or_default()
}

fn ending(entry: &Entry) -> String {
    entry.text("last_four").map(|ending| format!("…{ending} ")).unwrap_or_default()
}

/// Something happened that is not said any more.
fn erased(what: What, entry: &Entry, names: &Names) -> String {
    let kind = if entry.subject_kind == "Group" { "a group" } else { "somebody" };
    let whom = names.called(entry).unwrap_or(kind);
    let deed = match what {
        What::Created => "Created",
        What::Deleted => "Deleted",
        _ => "Changed",
    };
    format!("{deed} {whom}; the values were erased")
}

/// For what this version has no words of its own: the journal's word and its subject.
fn in_other_words(entry: &Entry, names: &Names) -> String {
    let deed = attributes::spelled(&entry.what);
    match entry.subject_kind.as_str() {
        "Tenant" => deed,
        _ => format!("{deed}: {}", subject(entry, names)),
    }
}

fn lower(text: &str) -> String {
    let second = text.chars().nth(1);
    // "OAuth", "ID" and the like stay as they are.
    match second.is_some_and(char::is_uppercase) {
        true => text.to_owned(),
        false => text.chars().take(1).flat_map(char::to_lowercase).chain(text.chars().skip(1)).collect(),
    }
}
