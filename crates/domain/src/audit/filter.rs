//! Which entries of the journal are asked for.

use std::collections::HashSet;

use scim_protocol::value::fold;
use serde_json::Value;
use uuid::Uuid;

use super::Entry;
use crate::timestamp::Timestamp;

/// Everything that an entry has to be; the default asks for all that people and the server did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditFilter {
    pub by: By,
    /// One actor, by its id.
    pub actor: Option<String>,
    pub topic: Option<Topic>,
    /// What happened, as [`What`](crate::journal::What) is written.
    pub what: Option<String>,
    /// One subject, by its id.
    pub subject: Option<Uuid>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub text: Option<Sought>,
}

/// Who did it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Everybody but identity providers, whose changes are very many.
    #[default]
    PeopleAndServer,
    /// The tenant's admins, and whoever came by a setup link.
    Admins,
    /// The vendor's staff.
    Operators,
    System,
    Providers,
    Everybody,
}

impl By {
    pub const ALL: [Self; 6] =
        [Self::PeopleAndServer, Self::Admins, Self::Operators, Self::System, Self::Providers, Self::Everybody];

    /// The kinds of actors that are identity providers.
    pub const PROVIDERS: [&'static str; 2] = ["token", "client"];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PeopleAndServer => "people",
            Self::Admins => "admins",
            Self::Operators => "operators",
            Self::System => "system",
            Self::Providers => "providers",
            Self::Everybody => "everybody",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == name)
    }

    /// Whether identity providers are among them.
    pub const fn has_providers(self) -> bool {
        matches!(self, Self::Providers | Self::Everybody)
    }

    fn holds(self, actor_kind: &str) -> bool {
        let is_provider = Self::PROVIDERS.contains(&actor_kind);
        match self {
            Self::PeopleAndServer => !is_provider,
            Self::Admins => matches!(actor_kind, "admin" | "setup_link"),
            Self::Operators => actor_kind == "operator",
            Self::System => actor_kind == "system",
            Self::Providers => is_provider,
            Self::Everybody => true,
        }
    }
}

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The tenant's settings.
    Settings,
    /// Tokens and OAuth clients.
    Credentials,
    /// Users, groups and what else identity providers keep.
    Directory,
    /// Who may come in here: admins, their sessions, setup links.
    Access,
}

impl Topic {
    pub const ALL: [Self; 4] = [Self::Settings, Self::Credentials, Self::Directory, Self::Access];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Credentials => "tokens",
            Self::Directory => "directory",
            Self::Access => "access",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == name)
    }

    /// The topic of a subject of this kind. What is no subject of ours by name is a resource of a tenant's own type.
    pub fn of(subject_kind: &str) -> Self {
        match subject_kind {
            "Tenant" | "Domain" => Self::Settings,
            "Token" | "Client" => Self::Credentials,
            "Admin" | "Link" => Self::Access,
            _ => Self::Directory,
        }
    }
}

/// A text that is looked for in what entries say, and the ids of whoever goes by it now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sought {
    folded: String,
    known: HashSet<Uuid>,
}

impl Sought {
    pub fn new(text: &str) -> Self {
        Self { folded: fold(text.trim()).into_owned(), known: HashSet::new() }
    }

    /// Counts everything by or about these as found.
    #[must_use]
    pub fn or_about(mut self, known: impl IntoIterator<Item = Uuid>) -> Self {
        self.known.extend(known);
        self
    }

    fn is_in(&self, entry: &Entry) -> bool {
        let actor = || entry.actor_id.as_ref().and_then(|id| Uuid::try_parse(id).ok());
        entry.subject_id.is_some_and(|id| self.known.contains(&id))
            || (!self.known.is_empty() && actor().is_some_and(|id| self.known.contains(&id)))
            || self.is_part(&entry.request_id)
            || entry.subject_id.is_some_and(|id| id.to_string() == self.folded)
            || entry.payload.as_ref().is_some_and(|payload| self.is_in_value(payload))
    }

    fn is_in_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_part(text),
            Value::Array(elements) => elements.iter().any(|element| self.is_in_value(element)),
            Value::Object(parts) => parts.values().any(|part| self.is_in_value(part)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn is_part(&self, text: &str) -> bool {
        fold(text).contains(&self.folded)
    }
}

impl AuditFilter {
    pub fn matches(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        self.by.holds(&entry.actor_kind)
            && is(&self.actor, entry.actor_id.as_deref())
            && is(&self.what, Some(&entry.what))
            && self.topic.is_none_or(|topic| topic == Topic::of(&entry.subject_kind))
            && self.subject.is_none_or(|id| entry.subject_id == Some(id))
            && self.from.is_none_or(|from| entry.at >= from)
            && self.to.is_none_or(|to| entry.at <= to)
            && self.text.as_ref().is_none_or(|text| text.is_in(entry))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::entry;
    use super::*;

    #[test]
    fn each_part_of_a_filter_counts() {
        let told = entry(json!({"after": {"title": "Größte"}}));
        let all = AuditFilter { by: By::Everybody, ..AuditFilter::default() };
        let text = |text: &str| AuditFilter { text: Some(Sought::new(text)), ..all.clone() };
        let at = |seconds: i64| Some(Timestamp::from_micros(seconds * 1_000_000));
        for (filter, matches) in [
            (all.clone(), true),
            (AuditFilter::default(), false),
            (AuditFilter { by: By::Providers, ..all.clone() }, true),
            (AuditFilter { by: By::Admins, ..all.clone() }, false),
            (AuditFilter { actor: Some("5".to_owned()), ..all.clone() }, true),
            (AuditFilter { actor: Some("6".to_owned()), ..all.clone() }, false),
            (AuditFilter { topic: Some(Topic::Directory), ..all.clone() }, true),
            (AuditFilter { topic: Some(Topic::Access), ..all.clone() }, false),
            (AuditFilter { what: Some("deleted".to_owned()), ..all.clone() }, false),
            (AuditFilter { subject: Some(Uuid::from_u128(1)), ..all.clone() }, true),
            (AuditFilter { subject: Some(Uuid::from_u128(2)), ..all.clone() }, false),
            (AuditFilter { from: at(7), to: at(7), ..all.clone() }, true),
            (AuditFilter { from: at(8), ..all.clone() }, false),
            (AuditFilter { to: at(6), ..all.clone() }, false),
            (text("GRÖSSTE"), true),
            (text("request-7"), true),
            (text("after"), false),
            (AuditFilter { text: Some(Sought::new("nobody").or_about([Uuid::from_u128(1)])), ..all.clone() }, true),
        ] {
            assert_eq!(filter.matches(&told), matches, "{filter:?}");
        }
    }

    #[test]
    fn names_in_addresses_read_back() {
        assert!(By::ALL.into_iter().all(|by| By::named(by.as_str()) == Some(by)));
        assert!(Topic::ALL.into_iter().all(|topic| Topic::named(topic.as_str()) == Some(topic)));
    }
}
