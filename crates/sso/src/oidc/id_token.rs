//! Who signed in: the ID token (Core §2 and §3.1.3.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha512};
use time::{Duration, OffsetDateTime};

use super::discovery::ProviderMetadata;
use super::issuer::is_guid;
use super::jwks::KeySet;
use super::jws::Jws;
use super::{Algorithm, OidcFault};
use crate::SKEW;
use crate::fault::quoted;

/// The longest token that is read. One with two hundred groups has a sixth of it.
pub const MAX_BYTES: usize = 64 * 1024;

/// What an ID token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub provider: &'a ProviderMetadata,
    /// Who we are to the provider.
    pub client_id: &'a str,
    /// The nonce that this browser was sent out with.
    pub nonce: &'a str,
    /// The provider's keys.
    pub keys: &'a KeySet,
    /// The access token that came with the ID token.
    pub access_token: Option<&'a str>,
    pub now: OffsetDateTime,
}

/// Who signed in, as the provider signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedIdToken {
    pub issuer: String,
    /// `sub`. Entra gives each client another one for the same person.
    pub subject: String,
    /// Of Entra, the tenant (`tid`).
    pub tenant: Option<String>,
    /// Of Entra, the person's object (`oid`), which provisioning knows too.
    pub object_id: Option<String>,
    /// What the person is known by for good: of Entra tenant and object, of others the subject. Addresses and names
    /// change hands, so they are never part of it.
    pub key: String,
    /// To be shown only, like the two that follow.
    pub name: Option<String>,
    pub preferred_username: Option<String>,
    pub email: Option<String>,
    /// `sid`: the provider's session.
    pub session_id: Option<String>,
    /// When the person proved to the provider who they are.
    pub auth_time: Option<OffsetDateTime>,
    pub algorithm: Algorithm,
    /// How far the provider's clock is ahead of ours, as far as one token can tell; behind if negative.
    pub clock_skew: Duration,
    /// Everything that was signed, in its order.
    pub claims: Map<String, Value>,
}

/// Checks everything about an ID token. That it is used once follows from its nonce, if that is forgotten when it is used.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn verify(token: &str, expected: &Expected<'_>) -> Result<VerifiedIdToken, OidcFault> {
    if token.len() > MAX_BYTES {
        return Err(OidcFault::TooLarge { what: "the ID token", limit: MAX_BYTES });
    }
    let (claims, algorithm) = Jws::read(token)?.verify(&expected.provider.algorithms, expected.keys)?;
    let claims = Claims(claims);
    issuer(&claims, expected)?;
    audience(&claims, expected)?;
    let issued = times(&claims, expected.now)?;
    nonce(&claims, expected)?;
    access_token(&claims, expected, algorithm)?;
    let subject = subject(&claims)?;
    let object = expected.provider.issuer.tenant().map(|tenant| object(&claims, tenant)).transpose()?;
    Ok(VerifiedIdToken {
        issuer: expected.provider.issuer.as_str().to_owned(),
        key: object.as_ref().map_or_else(|| subject.clone(), |object| format!("{}/{}", object.tenant, object.id)),
        subject,
        tenant: object.as_ref().map(|object| object.tenant.clone()),
        object_id: object.map(|object| object.id),
        name: claims.shown("name"),
        preferred_username: claims.shown("preferred_username"),
        email: claims.shown("email"),
        session_id: claims.shown("sid"),
        auth_time: claims.date("auth_time")?,
        algorithm,
        clock_skew: issued - expected.now,
        claims: claims.0,
    })
}

fn issuer(claims: &Claims, expected: &Expected<'_>) -> Result<(), OidcFault> {
    let found = claims.required_text("iss")?;
    match found == expected.provider.issuer.as_str() {
        true => Ok(()),
        false => {
            Err(OidcFault::WrongIssuer { found: quoted(found), expected: expected.provider.issuer.as_str().to_owned() })
        }
    }
}

/// We trust no other audience, so there must not be one (Core §3.1.3.7, 3 to 5).
fn audience(claims: &Claims, expected: &Expected<'_>) -> Result<(), OidcFault> {
    let audiences = claims.texts("aud")?;
    let (found, client_id) = (|| audiences.iter().map(|one| quoted(one)).collect(), || expected.client_id.to_owned());
    if !audiences.contains(&expected.client_id) {
        return Err(OidcFault::WrongAudience { found: found(), expected: client_id() });
    }
    if audiences.iter().any(|one| *one != expected.client_id) {
        return Err(OidcFault::ForeignAudience { found: found(), expected: client_id() });
    }
    match claims.text("azp")? {
        Some(party) if party != expected.client_id => {
            Err(OidcFault::WrongAuthorizedParty { found: quoted(party), expected: client_id() })
        }
        _ => Ok(()),
    }
}

/// Refuses now outside of the token's time, with the allowance for clocks; gives the time of issue.
fn times(claims: &Claims, now: OffsetDateTime) -> Result<OffsetDateTime, OidcFault> {
    let required = |what| claims.date(what)?.ok_or(OidcFault::Missing { what });
    let (end, issued) = (required("exp")?, required("iat")?);
    for begin in [Some(issued), claims.date("nbf")?].into_iter().flatten() {
        if now + SKEW < begin {
            return Err(OidcFault::NotYetValid { ahead: begin - now });
        }
    }
    match now - SKEW >= end {
        true => Err(OidcFault::Expired { ago: now - end }),
        false => Ok(issued),
    }
}

fn nonce(claims: &Claims, expected: &Expected<'_>) -> Result<(), OidcFault> {
    match claims.required_text("nonce")? == expected.nonce {
        true => Ok(()),
        false => Err(OidcFault::WrongNonce),
    }
}

/// The left half of the access token's hash, where the provider gives it (Core §3.1.3.6).
fn access_token(claims: &Claims, expected: &Expected<'_>, algorithm: Algorithm) -> Result<(), OidcFault> {
    let (Some(hash), Some(access_token)) = (claims.text("at_hash")?, expected.access_token) else { return Ok(()) };
    let digest = match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => Sha256::digest(access_token).to_vec(),
        // The hash that Ed25519 itself is made with (RFC 8032 §5.1).
        Algorithm::EdDsa => Sha512::digest(access_token).to_vec(),
    };
    match digest.get(..digest.len() / 2).map(|half| URL_SAFE_NO_PAD.encode(half)).as_deref() == Some(hash) {
        true => Ok(()),
        false => Err(OidcFault::WrongAccessToken),
    }
}

/// Core §2 has a limit for it, and it is kept as a key.
fn subject(claims: &Claims) -> Result<String, OidcFault> {
    const LONGEST: usize = 255;
    let subject = claims.required_text("sub")?;
    match subject.chars().count() <= LONGEST {
        true => Ok(subject.to_owned()),
        false => Err(OidcFault::Invalid { what: "sub" }),
    }
}

/// A person in a tenant of Entra.
struct Object {
    tenant: String,
    id: String,
}

/// Who the person is in Entra, and that it is the tenant this connection is with. Both are in a token with the scope
/// `profile`.
fn object(claims: &Claims, expected: &str) -> Result<Object, OidcFault> {
    let tenant = claims.required_text("tid")?.to_ascii_lowercase();
    if tenant != expected {
        return Err(OidcFault::WrongTenant { found: quoted(&tenant), expected: expected.to_owned() });
    }
    let id = claims.required_text("oid")?.to_ascii_lowercase();
    match is_guid(&id) {
        true => Ok(Object { tenant, id }),
        false => Err(OidcFault::Invalid { what: "oid" }),
    }
}

struct Claims(Map<String, Value>);

impl Claims {
    fn text(&self, what: &'static str) -> Result<Option<&str>, OidcFault> {
        match self.0.get(what) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(OidcFault::Invalid { what }),
        }
    }

    fn required_text(&self, what: &'static str) -> Result<&str, OidcFault> {
        self.text(what)?.filter(|text| !text.is_empty()).ok_or(OidcFault::Missing { what })
    }

    /// One text, or a list of them (RFC 7519 §4.1.3).
    fn texts(&self, what: &'static str) -> Result<Vec<&str>, OidcFault> {
        match self.0.get(what) {
            None => Err(OidcFault::Missing { what }),
            Some(Value::String(one)) => Ok(vec![one]),
            Some(Value::Array(several)) => {
                several.iter().map(|one| one.as_str().ok_or(OidcFault::Invalid { what })).collect()
            }
            Some(_) => Err(OidcFault::Invalid { what }),
        }
    }

    /// Seconds since 1970, maybe with a fraction (`NumericDate` of RFC 7519 §2).
    fn date(&self, what: &'static str) -> Result<Option<OffsetDateTime>, OidcFault> {
        let Some(value) = self.0.get(what) else { return Ok(None) };
        value
            .as_f64()
            .and_then(Duration::checked_seconds_f64)
            .and_then(|since| OffsetDateTime::UNIX_EPOCH.checked_add(since))
            .map(Some)
            .ok_or(OidcFault::Invalid { what })
    }

    /// What nothing depends on, so that it is left out if it is no text.
    fn shown(&self, what: &str) -> Option<String> {
        self.0.get(what).and_then(Value::as_str).map(ToOwned::to_owned)
    }
}
