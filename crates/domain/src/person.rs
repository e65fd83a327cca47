//! People who signed in: their sessions at the tenant, and what the vendor's app may be told of one.
//!
//! A person's session is read from the database with each request, together with the person. Whoever deactivates or deletes
//! the person takes the sessions away in the same statement (ADR 0040), so that no replica lets them go on.

use crate::admin::session::IDLE_SECONDS;
use crate::connection::Protocol;
use crate::connection::arrival::ArrivedName;
use crate::directory::{GroupRef, StoredResource};
use crate::ids::{ConnectionId, ResourceId, SessionId};
use crate::keys::KeyedDigest;
use crate::timestamp::Timestamp;

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPersonSession {
    pub id: SessionId,
    pub person: ResourceId,
    pub digest: KeyedDigest,
    pub sign_on: SignOn,
    pub signed_in: Timestamp,
    pub last_seen: Timestamp,
    pub expires: Timestamp,
    /// Where it began: an address, or the network of one.
    pub address: String,
    /// The browser's User-Agent, shortened.
    pub client: Option<String>,
}

impl StoredPersonSession {
    /// Whether it opens anything now.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires && now < self.last_seen.plus_seconds(IDLE_SECONDS)
    }
}

/// How a session came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOn {
    pub connection: ConnectionId,
    pub protocol: Protocol,
    /// What the identity provider says the person is: the claim that joined them.
    pub key: String,
    /// When they proved it there.
    pub authenticated: Option<Timestamp>,
    /// Of SAML: whom to name when the session is ended on the other side.
    pub name: Option<ArrivedName>,
    /// The identity provider's own session.
    pub session: Option<String>,
}

/// Somebody who is signed in: who, how, when, and with which session. What a face that tells others about people begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonCaller {
    pub session: StoredPersonSession,
    /// As the directory knows them now.
    pub person: StoredResource,
    /// The direct groups first.
    pub groups: Vec<GroupRef>,
    /// What each form of this session carries.
    pub csrf: String,
}

impl PersonCaller {
    /// What to call them on a page.
    pub fn shown_name(&self) -> String {
        shown_name(&self.person)
    }
}

/// A person's name: the one that is displayed, or the parts of it, or the user name.
pub fn shown_name(person: &StoredResource) -> String {
    let resource = &person.resource;
    let text = |name: &str| resource.text(name).filter(|text| !text.trim().is_empty());
    let part =
        |part: &str| resource.attributes().get("name").and_then(|name| name.get(part)).and_then(|it| it.as_str());
    let formatted = || part("formatted").filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let parts = || {
        let parts: Vec<&str> = [part("givenName"), part("familyName")].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let displayed = text("displayName").map(str::to_owned).or_else(formatted).or_else(parts);
    displayed.or_else(|| text("userName").map(str::to_owned)).unwrap_or_default()
}
