//! A sentence for everything that a journal tells. Who did it stands beside it, so sentences begin with what was done.

mod accounts;
mod choices;
mod notices;

use std::collections::HashMap;

use domain::audit::Entry;
use domain::ids::ResourceId;
use domain::journal::What;
use serde_json::Value;
use uuid::Uuid;

use super::attributes;

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
        What::LimitsChanged => "Changed how many requests may come".to_owned(),
        What::PreferencesChanged => choices::preferences(entry),
        What::GuideTicked => choices::guide(entry),
        What::JobStarted => choices::job_started(entry),
        What::JobEnded => choices::job_ended(entry),
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
        _ => "Switched user provisioning off".to_owned(),
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

#[cfg(test)]
mod tests {
    use domain::directory::Kind;
    use domain::ids::CredentialId;
    use domain::journal::{Fact, Subject};
    use domain::tenant::{DirectoryRules, ProvisioningState, TenantStatus};
    use domain::timestamp::Timestamp;
    use serde_json::json;

    use super::*;

    const ADA: ResourceId = ResourceId(Uuid::from_u128(1));
    const BOB: ResourceId = ResourceId(Uuid::from_u128(2));
    const GONE: ResourceId = ResourceId(Uuid::from_u128(3));
    const EDITORS: ResourceId = ResourceId(Uuid::from_u128(4));
    const TOKEN: CredentialId = CredentialId(Uuid::from_u128(5));

    fn names() -> Names {
        let name = |id: ResourceId, name: &str| (id, name.to_owned());
        Names {
            resources: HashMap::from([name(ADA, "Ana Ruiz"), name(BOB, "Bob"), name(EDITORS, "Editors")]),
            others: HashMap::from([(TOKEN.0, "entra-2026".to_owned())]),
        }
    }

    fn entry(fact: &Fact) -> Entry {
        Entry {
            number: 1,
            at: Timestamp::from_micros(0),
            what: fact.what.as_str().to_owned(),
            subject_kind: fact.subject.kind().to_owned(),
            subject_id: fact.subject.id(),
            actor_kind: "token".to_owned(),
            actor_id: Some(TOKEN.to_string()),
            request_id: String::new(),
            payload: Some(fact.payload.clone()),
        }
    }

    fn said(what: What, subject: Subject, payload: Value) -> String {
        sentence(&entry(&Fact { what, subject, payload }), &names())
    }

    #[test]
    fn what_happens_to_people_and_groups_is_said() {
        let of = |id: ResourceId| Subject::Resource(Kind::USER, id);
        let group = || Subject::Resource(Kind::GROUP, EDITORS);
        for (what, subject, payload, expected) in [
            (What::Created, of(ADA), json!({"after": {"userName": "ana"}}), "Created Ana Ruiz"),
            (What::Created, of(GONE), json!({"after": {"userName": "cy", "displayName": "Cy"}}), "Created Cy"),
            (What::Patched, of(ADA), json!({"after": {"title": "x"}}), "Changed title of Ana Ruiz"),
            (
                What::Replaced,
                of(ADA),
                json!({"after": {"title": "x", "locale": "fi"}}),
                "Changed 2 attributes of Ana Ruiz",
            ),
            (
                What::Patched,
                of(ADA),
                json!({"before": {"active": true}, "after": {"active": false}}),
                "Disabled Ana Ruiz",
            ),
            (
                What::Patched,
                of(ADA),
                json!({"before": {"active": false}, "after": {"active": true, "title": "x"}}),
                "Enabled Ana Ruiz and changed title",
            ),
            (What::Patched, of(ADA), json!({"password_changed": true}), "Set a password for Ana Ruiz"),
            (
                What::Patched,
                of(ADA),
                json!({"ignored": ["shoeSize"]}),
                "Sent shoeSize for Ana Ruiz, which is not kept here",
            ),
            (What::Deleted, of(GONE), json!({"before": {"userName": "cy"}}), "Deleted cy"),
            (
                What::Created,
                group(),
                json!({"after": {"displayName": "Editors"}, "members_added": [ADA.to_string(), BOB.to_string()]}),
                "Created group Editors with 2 members",
            ),
            (What::Patched, group(), json!({"members_added": [ADA.to_string()]}), "Added Ana Ruiz to Editors"),
            (
                What::Patched,
                group(),
                json!({"members_removed": [GONE.to_string()]}),
                "Removed somebody who is gone from Editors",
            ),
            (
                What::Patched,
                group(),
                json!({"members_added": [ADA.to_string(), BOB.to_string()], "members_removed": [BOB.to_string()]}),
                "Added 2 members to Editors and removed Bob",
            ),
            (
                What::Patched,
                group(),
                json!({"before": {"displayName": "Old"}, "after": {"displayName": "Editors"}}),
                "Changed display name of group Editors",
            ),
            (What::Erased, of(GONE), json!({}), "Erased what the journal said of somebody who was deleted"),
        ] {
            assert_eq!(said(what, subject, payload.clone()), expected, "{payload}");
        }
    }

    #[test]
    fn what_happens_to_the_workspace_and_its_tokens_is_said() {
        use ProvisioningState::{Off, On, Paused};
        let rules = DirectoryRules::default();
        let strict = DirectoryRules { strict: !rules.strict, ..rules };
        let declared = json!({"extension": {"extends": "User", "schema": {"id": "urn:x", "name": "Badge"}}});
        let token = || Subject::Token(TOKEN);
        let after = |value: Value| json!({"after": value});
        for (fact, expected) in [
            (Fact::status_changed(TenantStatus::Active, TenantStatus::Suspended), "Suspended the workspace"),
            (
                Fact::status_changed(TenantStatus::Suspended, TenantStatus::Active),
                "Ended the suspension of the workspace",
            ),
            (Fact::provisioning_changed(Off, On, None), "Switched user provisioning on"),
            (Fact::provisioning_changed(On, Paused, None), "Paused user provisioning"),
            (Fact::provisioning_changed(Paused, On, None), "Resumed user provisioning"),
            (Fact::provisioning_changed(On, Off, None), "Switched user provisioning off"),
            (
                Fact::rules_changed(rules, strict),
                "Changed the rules of the directory: PATCH requests are taken by the letter",
            ),
            (
                Fact {
                    what: What::Declared,
                    subject: Subject::Tenant,
                    payload: after(json!({"declaration": declared})),
                },
                "Declared the schema Badge",
            ),
            (
                Fact {
                    what: What::Created,
                    subject: token(),
                    payload: after(json!({"label": "old", "last_four": "4f1b"})),
                },
                "Created token entra-2026 (…4f1b)",
            ),
            (
                Fact { what: What::Revoked, subject: token(), payload: json!({"before": {"label": "old"}}) },
                "Revoked token entra-2026",
            ),
            (
                Fact { what: What::SecretCreated, subject: token(), payload: after(json!({"last_four": "4f1b"})) },
                "Created a secret …4f1b of token entra-2026",
            ),
            (
                Fact { what: What::Created, subject: Subject::Tenant, payload: after(json!({"slug": "acme"})) },
                "Created the workspace",
            ),
        ] {
            assert_eq!(sentence(&entry(&fact), &names()), expected, "{fact:?}");
        }
    }

    #[test]
    fn what_a_newer_version_tells_is_said_in_its_own_words() {
        let told = |what: &str, subject_kind: &str| {
            let fact = Fact { what: What::Created, subject: Subject::Token(TOKEN), payload: json!({}) };
            let told = Entry { what: what.to_owned(), subject_kind: subject_kind.to_owned(), ..entry(&fact) };
            sentence(&told, &names())
        };
        assert_eq!(told("signed_in", "Admin"), "Signed in: admin entra-2026");
        assert_eq!(told("mail_changed", "Tenant"), "Mail changed");
    }

    #[test]
    fn whoever_did_it_is_named() {
        let by = |kind: &str, id: Option<&str>| {
            let fact = Fact { what: What::Created, subject: Subject::Tenant, payload: json!({}) };
            let id = id.map(ToOwned::to_owned);
            actor(&Entry { actor_kind: kind.to_owned(), actor_id: id, ..entry(&fact) }, &names())
        };
        let known = TOKEN.to_string();
        assert_eq!(by("token", Some(&known)), "Token entra-2026");
        assert_eq!(by("admin", Some("gone")), "An admin who was removed");
        assert_eq!(by("operator", None), "Support");
        assert_eq!(by("night_watch", None), "Night watch");
    }

    #[test]
    fn what_was_erased_is_said_without_values() {
        let fact = Fact { what: What::Patched, subject: Subject::Resource(Kind::USER, GONE), payload: json!({}) };
        let told = Entry { payload: None, ..entry(&fact) };
        assert_eq!(sentence(&told, &names()), "Changed somebody; the values were erased");
    }
}
