//! Facts about connections, and about how people and admins sign in by them. No secret, assertion or token is in any.

use serde_json::{Value, json};

use super::{Fact, Subject, What};
use crate::connection::key::StoredSsoKey;
use crate::connection::saml::SamlSource;
use crate::connection::{Connection, Setup};
use crate::directory::Kind;
use crate::ids::{AdminId, ConnectionId};
use crate::notice::Reason;
use crate::person::StoredPersonSession;

impl Fact {
    pub fn connection_created(connection: &Connection) -> Self {
        Self::of_connection(What::Created, connection, json!({"after": shown(connection)}))
    }

    pub fn connection_removed(connection: &Connection) -> Self {
        Self::of_connection(What::Deleted, connection, json!({"before": shown(connection)}))
    }

    /// Nothing when they look alike.
    pub fn connection_changed(before: &Connection, after: &Connection) -> Option<Self> {
        let (old, new) = (shown(before), shown(after));
        let payload = json!({"name": after.name, "before": old, "after": new});
        (old != new).then(|| Self::of_connection(What::ConnectionChanged, after, payload))
    }

    /// Another secret of an OpenID Connect client was entered.
    pub fn client_secret_set(connection: &Connection, end: &str) -> Self {
        let payload = json!({"name": connection.name, "last_four": end});
        Self::of_connection(What::SecretCreated, connection, payload)
    }

    /// `cause`: why it failed; none when it was passed.
    pub fn connection_tested(connection: &Connection, cause: Option<&str>) -> Self {
        let payload = json!({"name": connection.name, "passed": cause.is_none(), "cause": cause});
        Self::of_connection(What::ConnectionTested, connection, payload)
    }

    /// People were told that an identity provider's certificate ends within so many days.
    pub fn certificate_ends(connection: &Connection, days: u32, mails: usize) -> Self {
        let payload = json!({
            "name": connection.name,
            "after": {"of": Reason::CertificateEnds(connection.id, days).key(), "addresses": mails},
        });
        Self::of_connection(What::Notified, connection, payload)
    }

    fn of_connection(what: What, connection: &Connection, payload: Value) -> Self {
        Self { what, subject: Subject::Connection(connection.id), payload }
    }

    pub fn sso_key_made(key: &StoredSsoKey) -> Self {
        Self { what: What::KeyMade, subject: Subject::Tenant, payload: json!({"after": {"key": key.id.to_string()}}) }
    }

    pub fn sso_key_removed(key: &StoredSsoKey) -> Self {
        let payload = json!({"before": {"key": key.id.to_string()}});
        Self { what: What::KeyRemoved, subject: Subject::Tenant, payload }
    }

    /// Whether admins may sign in with passwords.
    pub fn admin_sign_in_changed(passwords: bool) -> Self {
        let payload = json!({"before": {"passwords": !passwords}, "after": {"passwords": passwords}});
        Self { what: What::AdminSignInChanged, subject: Subject::Tenant, payload }
    }

    pub fn break_glass_changed(admin: AdminId, is_on: bool) -> Self {
        let payload = json!({"before": {"break_glass": !is_on}, "after": {"break_glass": is_on}});
        Self { what: What::BreakGlassChanged, subject: Subject::Admin(admin), payload }
    }

    pub fn account_linked(admin: AdminId, connection: &Connection) -> Self {
        let payload = json!({"connection": connection.id.to_string(), "name": connection.name});
        Self { what: What::AccountLinked, subject: Subject::Admin(admin), payload }
    }

    pub fn account_unlinked(admin: AdminId, connection: ConnectionId) -> Self {
        let payload = json!({"connection": connection.to_string()});
        Self { what: What::AccountUnlinked, subject: Subject::Admin(admin), payload }
    }

    pub fn person_session_started(session: &StoredPersonSession) -> Self {
        let payload = json!({
            "session": session.id.to_string(), "by": session.sign_on.protocol.as_str(),
            "connection": session.sign_on.connection.to_string(), "address": session.address, "client": session.client,
        });
        Self { what: What::SessionStarted, subject: Subject::Resource(Kind::USER, session.person), payload }
    }

    /// `how`: why it ended, such as `signed_out`.
    pub fn person_session_ended(session: &StoredPersonSession, how: &str) -> Self {
        let payload = json!({"session": session.id.to_string(), "how": how});
        Self { what: What::SessionEnded, subject: Subject::Resource(Kind::USER, session.person), payload }
    }
}

/// What of a connection is told.
fn shown(connection: &Connection) -> Value {
    let mut told = json!({
        "name": connection.name,
        "protocol": connection.protocol().as_str(),
        "switch": connection.switch.as_str(),
        "identity": connection.rules.identity.as_str(),
        "idp_initiated": connection.rules.idp_initiated,
        "return_addresses": connection.rules.return_addresses,
        "creates_people": connection.rules.creates_people,
    });
    let more = match &connection.setup {
        Setup::Saml(saml) => {
            let found = saml.found.as_ref();
            json!({
                "source": match &saml.source {
                    SamlSource::Url(url) => url.as_str(),
                    SamlSource::File => "file",
                    SamlSource::Hand => "hand",
                },
                "signs_requests": saml.signs_requests,
                "entity_id": found.map(|found| &found.entity_id),
                "sign_on_url": found.map(|found| &found.sso_url),
                "certificates": found.map(|found| {
                    found.certificates().iter().map(|one| one.fingerprint().to_string()).collect::<Vec<_>>()
                }),
            })
        }
        Setup::Oidc(oidc) => json!({"issuer": oidc.issuer, "client_id": oidc.client_id}),
    };
    if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
        told.extend(more);
    }
    told
}
