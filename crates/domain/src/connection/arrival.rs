//! What arrived with a sign-in, once everything about it was checked: the same shape for both protocols, to be joined to a
//! person and shown to the admin who tested it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sso::oidc::id_token::VerifiedIdToken;
use sso::saml::NameId;
use sso::saml::response::VerifiedAssertion;
use sso::saml::signature::Signed;

use super::IdentityClaim;
use crate::timestamp::Timestamp;

/// The names under which Entra's assertions have what we read of them.
mod claim {
    pub const OBJECT_ID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    pub const DISPLAY_NAME: &str = "http://schemas.microsoft.com/identity/claims/displayname";
    pub const NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
    pub const EMAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    pub const GIVEN_NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname";
    pub const SURNAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname";
}

/// How many claims are kept to be shown.
const MOST_CLAIMS: usize = 100;

/// How many characters a claim may have that is kept, and what joins somebody to a person.
pub const LONGEST_CLAIM: usize = 500;

/// A name identifier, to be sent back unchanged when the person is signed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivedName {
    pub value: String,
    pub format: Option<String>,
    pub name_qualifier: Option<String>,
    pub sp_name_qualifier: Option<String>,
}

/// Formats of names that are another one tomorrow (SAML core §8.3.2 and §8.3.8): nobody is known by them.
const PASSING_FORMATS: [&str; 2] =
    ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"];

impl ArrivedName {
    /// The format that keeps it from being anybody's for good.
    pub fn passing_format(&self) -> Option<&str> {
        self.format.as_deref().filter(|format| PASSING_FORMATS.contains(format))
    }
}

impl From<NameId> for ArrivedName {
    fn from(name: NameId) -> Self {
        let NameId { value, format, name_qualifier, sp_name_qualifier } = name;
        Self { value, format, name_qualifier, sp_name_qualifier }
    }
}

impl From<ArrivedName> for NameId {
    fn from(name: ArrivedName) -> Self {
        let ArrivedName { value, format, name_qualifier, sp_name_qualifier } = name;
        Self { value, format, name_qualifier, sp_name_qualifier }
    }
}

/// Somebody who signed in at the identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    pub issuer: String,
    pub object_id: Option<String>,
    /// Of SAML.
    pub name_id: Option<ArrivedName>,
    /// Of OpenID Connect: `sub`.
    pub subject: Option<String>,
    /// What the person is called; none of it joins anybody to anything.
    pub user_name: Option<String>,
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    /// Names and values as they came, as far as they are shown.
    pub claims: Vec<(String, Vec<String>)>,
    /// The identity provider's session: `SessionIndex` or `sid`.
    pub session: Option<String>,
    /// When the person proved who they are, in microseconds since 1970.
    pub authenticated_us: Option<i64>,
    /// When the identity provider wants the session to end, likewise.
    pub until_us: Option<i64>,
    /// What was signed, and how.
    pub signed: String,
    pub is_encrypted: bool,
    /// The certificate that verified the signature: SHA-256 in hexadecimal digits.
    pub certificate: Option<String>,
    /// How far the identity provider's clock seems to be ahead, in milliseconds; behind if negative.
    pub skew_ms: i64,
    /// Whether it answers a request of ours.
    pub is_solicited: bool,
}

impl Arrival {
    pub fn of_assertion(assertion: VerifiedAssertion) -> Self {
        let attributes = &assertion.attributes;
        let single = |name| attributes.single(name).map(line).filter(|value| !value.is_empty());
        let claims = attributes.iter().map(|attribute| (attribute.name.clone(), attribute.values.clone()));
        Self {
            object_id: attributes.single(claim::OBJECT_ID).map(str::to_owned),
            user_name: single(claim::NAME).or_else(|| Some(line(&assertion.name_id.value))),
            email: single(claim::EMAIL),
            display_name: single(claim::DISPLAY_NAME),
            given_name: single(claim::GIVEN_NAME),
            family_name: single(claim::SURNAME),
            claims: shown(claims),
            name_id: Some(assertion.name_id.into()),
            subject: None,
            session: assertion.session_index,
            authenticated_us: Some(Timestamp::of(assertion.authn_instant).as_micros()),
            until_us: assertion.session_not_on_or_after.map(|end| Timestamp::of(end).as_micros()),
            signed: match assertion.signed {
                Signed::Assertion => "assertion",
                Signed::Response => "response",
                Signed::Both => "response and assertion",
            }
            .to_owned(),
            is_encrypted: assertion.encrypted,
            certificate: Some(assertion.certificate.to_string()),
            skew_ms: i64::try_from(assertion.clock_skew.whole_milliseconds()).unwrap_or_default(),
            is_solicited: assertion.solicited,
            issuer: assertion.issuer,
        }
    }

    pub fn of_token(token: VerifiedIdToken) -> Self {
        let text = |name: &str| token.claims.get(name).and_then(Value::as_str).map(line);
        let shown_as = |text: &Option<String>| text.as_deref().map(line).filter(|text| !text.is_empty());
        let claims = token.claims.iter().map(|(name, value)| (name.clone(), vec![plain(value)]));
        Self {
            claims: shown(claims),
            given_name: text("given_name"),
            family_name: text("family_name"),
            object_id: token.object_id,
            name_id: None,
            user_name: shown_as(&token.preferred_username).or_else(|| shown_as(&token.email)),
            email: shown_as(&token.email),
            display_name: shown_as(&token.name),
            session: token.session_id.as_deref().map(line),
            authenticated_us: token.auth_time.map(|moment| Timestamp::of(moment).as_micros()),
            until_us: None,
            signed: format!("ID token, {}", token.algorithm.name()),
            is_encrypted: false,
            certificate: None,
            skew_ms: i64::try_from(token.clock_skew.whole_milliseconds()).unwrap_or_default(),
            is_solicited: true,
            subject: Some(token.subject),
            issuer: token.issuer,
        }
    }

    /// What is held against `externalId`; none when the identity provider did not say it, or something that is nobody's id:
    /// nothing, more than [`LONGEST_CLAIM`] characters, such that nobody sees, or a name that may be another's tomorrow.
    pub fn key(&self, claim: IdentityClaim) -> Option<&str> {
        let said = match claim {
            IdentityClaim::ObjectId => self.object_id.as_deref(),
            IdentityClaim::NameId => {
                let lasting = self.name_id.as_ref().filter(|name| name.passing_format().is_none());
                lasting.map(|name| name.value.as_str())
            }
            IdentityClaim::Subject => self.subject.as_deref(),
        };
        let is_id =
            |key: &&str| !key.is_empty() && key.chars().count() <= LONGEST_CLAIM && !key.contains(char::is_control);
        said.filter(is_id)
    }

    /// What to call them where the directory does not know them.
    pub fn shown_name(&self) -> &str {
        let named = self.display_name.as_deref().or(self.user_name.as_deref()).or(self.email.as_deref());
        named.unwrap_or("somebody without a name")
    }
}

/// What people read: one line, and not a long one. Databases keep no NUL either.
fn line(text: &str) -> String {
    text.chars().filter(|each| !each.is_control()).take(LONGEST_CLAIM).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What is kept of claims: not too many, and none too long. They stand on the page of a test until it is forgotten.
fn shown(claims: impl Iterator<Item = (String, Vec<String>)>) -> Vec<(String, Vec<String>)> {
    let short = |text: String| match text.char_indices().nth(LONGEST_CLAIM) {
        None => text,
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    };
    let values = |values: Vec<String>| values.into_iter().take(MOST_CLAIMS).map(short).collect();
    claims.take(MOST_CLAIMS).map(|(name, found)| (short(name), values(found))).collect()
}

#[cfg(test)]
mod tests;
