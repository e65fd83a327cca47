//! Facts: what happened in a tenant, recorded with the change itself.

mod admins;
mod connections;
mod domains;
mod exports;
mod notices;
mod roles;
mod settings;

use scim_protocol::declaration::Declaration;
use scim_protocol::resource::Resource;
use serde_json::{Map, Value, json};

use crate::credential::{Credential, CredentialKind, StoredSecret};
use crate::directory::{Kind, StoredResource};
use crate::email_domain::DomainName;
use crate::ids::{AdminId, ConnectionId, CredentialId, DomainId, FactId, LinkId, ResourceId};
use crate::limit::LimitOverrides;
use crate::tenant::{DirectoryRules, Tenant, TenantStatus};
use crate::timestamp::Timestamp;

/// What a fact is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Tenant,
    /// A provisioning token.
    Token(CredentialId),
    /// An OAuth client.
    Client(CredentialId),
    /// An admin account.
    Admin(AdminId),
    /// A setup link.
    Link(LinkId),
    /// A link to an identity provider.
    Connection(ConnectionId),
    /// A domain of e-mail addresses.
    Domain(DomainId),
    Resource(Kind, ResourceId),
}

impl Subject {
    pub fn kind(&self) -> &str {
        match self {
            Self::Tenant => "Tenant",
            Self::Token(_) => "Token",
            Self::Client(_) => "Client",
            Self::Admin(_) => "Admin",
            Self::Link(_) => "Link",
            Self::Connection(_) => "Connection",
            Self::Domain(_) => "Domain",
            Self::Resource(kind, _) => kind.as_str(),
        }
    }

    pub fn id(&self) -> Option<uuid::Uuid> {
        match self {
            Self::Tenant => None,
            Self::Token(id) | Self::Client(id) => Some(id.0),
            Self::Admin(id) => Some(id.0),
            Self::Link(id) => Some(id.0),
            Self::Connection(id) => Some(id.0),
            Self::Domain(id) => Some(id.0),
            Self::Resource(_, id) => Some(id.0),
        }
    }

    pub const fn of(credential: &Credential) -> Self {
        match credential.kind {
            CredentialKind::Token => Self::Token(credential.id),
            CredentialKind::Client { .. } => Self::Client(credential.id),
        }
    }

    /// The subject of that kind and id, as they are stored.
    pub fn stored(kind: &str, id: Option<uuid::Uuid>) -> Self {
        match (kind, id) {
            ("Token", Some(id)) => Self::Token(CredentialId(id)),
            ("Client", Some(id)) => Self::Client(CredentialId(id)),
            ("Admin", Some(id)) => Self::Admin(AdminId(id)),
            ("Link", Some(id)) => Self::Link(LinkId(id)),
            ("Connection", Some(id)) => Self::Connection(ConnectionId(id)),
            ("Domain", Some(id)) => Self::Domain(DomainId(id)),
            (kind, Some(id)) => Self::Resource(Kind::named(kind), ResourceId(id)),
            (_, None) => Self::Tenant,
        }
    }
}

/// One thing that happened. Its frame stays for ever; its payload may hold personal values and can be erased.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub what: What,
    pub subject: Subject,
    pub payload: Value,
}

/// A fact as it is read: once it has its number in the tenant's journal.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberedFact {
    /// From 1, without a gap; what happened after something else has the higher number.
    pub number: i64,
    pub id: FactId,
    pub at: Timestamp,
    pub what: What,
    pub subject: Subject,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub request_id: String,
    /// None when it was erased.
    pub payload: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Created,
    Replaced,
    Patched,
    Deleted,
    StatusChanged,
    ProvisioningChanged,
    RulesChanged,
    /// A schema or resource type of the tenant's own.
    Declared,
    Withdrawn,
    Revoked,
    SecretCreated,
    SecretRevoked,
    /// What the tenant may spend.
    LimitsChanged,
    /// What admins chose: notification addresses, how long the log is kept.
    PreferencesChanged,
    GuideTicked,
    JobStarted,
    JobEnded,
    /// The values of earlier facts about the subject are gone.
    Erased,
    RoleChanged,
    PasswordChanged,
    SecondStepChanged,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SessionStarted,
    SessionEnded,
    SignInRefused,
    LinkMade,
    LinkUsed,
    LinkRevoked,
    /// People were told by mail how their connection is.
    Notified,
    /// A list was taken away as a file.
    Exported,
    /// The tenant came from an archive of another installation.
    Imported,
    /// What admins chose about a connection, or what its identity provider publishes.
    ConnectionChanged,
    ConnectionTested,
    /// A key of the tenant's own for single sign-on.
    KeyMade,
    KeyRemoved,
    /// Whether admins may sign in with passwords.
    AdminSignInChanged,
    /// Whether an owner may always sign in with a password.
    BreakGlassChanged,
    /// An admin account was joined to who its owner is at an identity provider.
    AccountLinked,
    AccountUnlinked,
    /// By which rules people get their roles in the vendor's product.
    RoleRulesChanged,
    /// What is known of a domain of e-mail addresses.
    DomainChanged,
    /// What becomes of addresses outside of these domains.
    DomainPolicyChanged,
}

impl What {
    pub const ALL: &[Self] = &[
        Self::Created,
        Self::Replaced,
        Self::Patched,
        Self::Deleted,
        Self::StatusChanged,
        Self::ProvisioningChanged,
        Self::RulesChanged,
        Self::Declared,
        Self::Withdrawn,
        Self::Revoked,
        Self::SecretCreated,
        Self::SecretRevoked,
        Self::LimitsChanged,
        Self::PreferencesChanged,
        Self::GuideTicked,
        Self::JobStarted,
        Self::JobEnded,
        Self::Erased,
        Self::RoleChanged,
        Self::PasswordChanged,
        Self::SecondStepChanged,
        Self::RecoveryCodesMade,
        Self::RecoveryCodeUsed,
        Self::SessionStarted,
        Self::SessionEnded,
        Self::SignInRefused,
        Self::LinkMade,
        Self::LinkUsed,
        Self::LinkRevoked,
        Self::Notified,
        Self::Exported,
        Self::Imported,
        Self::ConnectionChanged,
        Self::ConnectionTested,
        Self::KeyMade,
        Self::KeyRemoved,
        Self::AdminSignInChanged,
        Self::BreakGlassChanged,
        Self::AccountLinked,
        Self::AccountUnlinked,
        Self::RoleRulesChanged,
        Self::DomainChanged,
        Self::DomainPolicyChanged,
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|what| what.as_str() == name)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Replaced => "replaced",
            Self::Patched => "patched",
            Self::Deleted => "deleted",
            Self::StatusChanged => "status_changed",
            Self::ProvisioningChanged => "provisioning_changed",
            Self::RulesChanged => "rules_changed",
            Self::Declared => "declared",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
            Self::SecretCreated => "secret_created",
            Self::SecretRevoked => "secret_revoked",
            Self::LimitsChanged => "limits_changed",
            Self::PreferencesChanged => "preferences_changed",
            Self::GuideTicked => "guide_ticked",
            Self::JobStarted => "job_started",
            Self::JobEnded => "job_ended",
            Self::Erased => "erased",
            Self::RoleChanged => "role_changed",
            Self::PasswordChanged => "password_changed",
            Self::SecondStepChanged => "second_step_changed",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::SessionStarted => "session_started",
            Self::SessionEnded => "session_ended",
            Self::SignInRefused => "sign_in_refused",
            Self::LinkMade => "link_made",
            Self::LinkUsed => "link_used",
            Self::LinkRevoked => "link_revoked",
            Self::Notified => "notified",
            Self::Exported => "exported",
            Self::Imported => "imported",
            Self::ConnectionChanged => "connection_changed",
            Self::ConnectionTested => "connection_tested",
            Self::KeyMade => "key_made",
            Self::KeyRemoved => "key_removed",
            Self::AdminSignInChanged => "admin_sign_in_changed",
            Self::BreakGlassChanged => "break_glass_changed",
            Self::AccountLinked => "account_linked",
            Self::AccountUnlinked => "account_unlinked",
            Self::RoleRulesChanged => "role_rules_changed",
            Self::DomainChanged => "domain_changed",
            Self::DomainPolicyChanged => "domain_policy_changed",
        }
    }
}

/// Who joined and who left a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberDelta {
    pub added: Vec<ResourceId>,
    pub removed: Vec<ResourceId>,
}

impl MemberDelta {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// What a client's request did beyond the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    pub members: MemberDelta,
    /// Attributes that were sent and that no schema knows.
    pub ignored: Vec<String>,
    pub is_password_changed: bool,
    /// Domains of e-mail addresses that came and that the tenant has not verified.
    pub outside: Vec<DomainName>,
}

impl Fact {
    pub fn created(after: &StoredResource, aside: &Aside) -> Self {
        Self::about(What::Created, after, &Resource::default(), &after.resource, aside)
    }

    /// A PUT or PATCH: the attributes that differ, before and after.
    pub fn changed(what: What, before: &StoredResource, after: &StoredResource, aside: &Aside) -> Self {
        Self::about(what, after, &before.resource, &after.resource, aside)
    }

    pub fn deleted(before: &StoredResource, aside: &Aside) -> Self {
        Self::about(What::Deleted, before, &before.resource, &Resource::default(), aside)
    }

    fn about(what: What, stored: &StoredResource, before: &Resource, after: &Resource, aside: &Aside) -> Self {
        let mut payload = Map::new();
        let mut put = |name: &str, value: Value, is_empty: bool| {
            if !is_empty {
                payload.insert(name.to_owned(), value);
            }
        };
        let (old, new) = difference(before.attributes(), after.attributes());
        put("before", Value::Object(old.clone()), old.is_empty());
        put("after", Value::Object(new.clone()), new.is_empty());
        let order = order(before.attributes(), &new, after.attributes());
        put("order", order.clone().unwrap_or_default(), order.is_none());
        put("members_added", ids(&aside.members.added), aside.members.added.is_empty());
        put("members_removed", ids(&aside.members.removed), aside.members.removed.is_empty());
        put("ignored", json!(aside.ignored), aside.ignored.is_empty());
        put("password_changed", json!(true), !aside.is_password_changed);
        let outside: Vec<_> = aside.outside.iter().map(DomainName::as_str).collect();
        put("outside_domains", json!(outside), outside.is_empty());
        Self { what, subject: Subject::Resource(stored.kind.clone(), stored.id), payload: Value::Object(payload) }
    }

    /// A group that lost a member because the member was deleted.
    pub fn left(group: ResourceId, member: ResourceId) -> Self {
        let payload = json!({"members_removed": ids(&[member])});
        Self { what: What::Patched, subject: Subject::Resource(Kind::GROUP, group), payload }
    }

    pub fn erased(kind: Kind, id: ResourceId) -> Self {
        Self { what: What::Erased, subject: Subject::Resource(kind, id), payload: json!({}) }
    }

    pub fn tenant_created(tenant: &Tenant) -> Self {
        let payload = json!({"after": {"slug": tenant.slug.as_str(), "name": tenant.name}});
        Self { what: What::Created, subject: Subject::Tenant, payload }
    }

    pub fn status_changed(before: TenantStatus, after: TenantStatus) -> Self {
        let payload = json!({"before": {"status": before.as_str()}, "after": {"status": after.as_str()}});
        Self { what: What::StatusChanged, subject: Subject::Tenant, payload }
    }

    pub fn rules_changed(before: DirectoryRules, after: DirectoryRules) -> Self {
        let rules =
            |rules: DirectoryRules| json!({"strict": rules.strict, "discards_passwords": rules.discards_passwords});
        let payload = json!({"before": rules(before), "after": rules(after)});
        Self { what: What::RulesChanged, subject: Subject::Tenant, payload }
    }

    pub fn declared(declared: &Declaration) -> Self {
        Self { what: What::Declared, subject: Subject::Tenant, payload: json!({"after": {"declaration": declared}}) }
    }

    pub fn withdrawn(declared: &Declaration) -> Self {
        Self { what: What::Withdrawn, subject: Subject::Tenant, payload: json!({"before": {"declaration": declared}}) }
    }

    pub fn credential_created(credential: &Credential) -> Self {
        let secret = credential.newest_secret();
        let after = json!({
            "label": credential.label,
            "scopes": credential.scopes.to_string(),
            "last_four": secret.map(|secret| &secret.last_four),
            "expires": secret.and_then(|secret| secret.expires).map(|moment| moment.to_string()),
        });
        Self { what: What::Created, subject: Subject::of(credential), payload: json!({"after": after}) }
    }

    pub fn credential_revoked(credential: &Credential) -> Self {
        let last_four = credential.newest_secret().map(|secret| &secret.last_four);
        let payload = json!({"before": {"label": credential.label, "last_four": last_four}});
        Self { what: What::Revoked, subject: Subject::of(credential), payload }
    }

    /// A client got one more secret.
    pub fn secret_created(credential: &Credential, secret: &StoredSecret) -> Self {
        let expires = secret.expires.map(|moment| moment.to_string());
        let payload =
            json!({"after": {"secret": secret.id.to_string(), "last_four": secret.last_four, "expires": expires}});
        Self { what: What::SecretCreated, subject: Subject::of(credential), payload }
    }

    pub fn secret_revoked(credential: &Credential, secret: &StoredSecret) -> Self {
        let payload = json!({"before": {"secret": secret.id.to_string(), "last_four": secret.last_four}});
        Self { what: What::SecretRevoked, subject: Subject::of(credential), payload }
    }

    pub fn limits_changed(before: &LimitOverrides, after: &LimitOverrides) -> Self {
        let payload = json!({"before": {"limits": before}, "after": {"limits": after}});
        Self { what: What::LimitsChanged, subject: Subject::Tenant, payload }
    }
}

fn ids(ids: &[ResourceId]) -> Value {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().into()
}

/// The top-level attributes that differ, as they were and as they are; one that is gone is null in the second.
fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let changed = |(name, value): &(&String, &Value), other: &Map<String, Value>| {
        other.get(*name).is_none_or(|other| !is_identical(other, value))
    };
    let own = |(name, value): (&String, &Value)| (name.clone(), value.clone());
    let old: Map<String, Value> = before.iter().filter(|entry| changed(entry, after)).map(own).collect();
    let mut new: Map<String, Value> = after.iter().filter(|entry| changed(entry, before)).map(own).collect();
    for gone in old.keys().filter(|name| !after.contains_key(*name)) {
        new.insert(gone.clone(), Value::Null);
    }
    (old, new)
}

/// Whether two values are written alike, the order of members included, so that the journal can tell a document to the
/// byte.
fn is_identical(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|((one, this), (other, that))| one == other && is_identical(this, that))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(this, that)| is_identical(this, that))
        }
        (left, right) => left == right,
    }
}

/// Makes a document of the one before and what differs; `null` takes an attribute out.
pub fn put(document: &mut Map<String, Value>, difference: &Map<String, Value>) {
    for (name, value) in difference {
        match value {
            Value::Null => drop(document.shift_remove(name)),
            value => drop(document.insert(name.clone(), value.clone())),
        }
    }
}

/// The order of the attributes, where it is not the one that [`put`] makes.
fn order(before: &Map<String, Value>, difference: &Map<String, Value>, after: &Map<String, Value>) -> Option<Value> {
    let mut made: Map<String, Value> = before.keys().map(|name| (name.clone(), Value::Bool(true))).collect();
    put(&mut made, difference);
    let differs = !made.keys().eq(after.keys());
    differs.then(|| after.keys().map(|name| Value::from(name.as_str())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_holds_only_what_differs() {
        let map = |value: Value| value.as_object().cloned().unwrap();
        let (old, new) = difference(&map(json!({"a": 1, "b": 2, "c": 3})), &map(json!({"a": 1, "b": 5, "d": 4})));
        assert_eq!((old, new), (map(json!({"b": 2, "c": 3})), map(json!({"b": 5, "d": 4, "c": null}))));
    }
}
