//! Access tokens: what OAuth clients send with their requests, once they have asked for one (RFC 9068, RFC 6750).
//!
//! A token is a JWT signed with ES256. It names the tenant, its audience is the tenant's base URL, and it names the client and
//! the secret it was given for, so that it ends with either: what is known of a tenant's credentials is asked at each use,
//! which takes no round trip.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ids::{CredentialId, SecretId, TenantId};
use crate::scope::Scopes;
use crate::signing_key::SigningKeys;
use crate::store::StoreError;
use crate::timestamp::Timestamp;

const MICROS: i64 = 1_000_000;

/// How many checked tokens a process remembers.
const REMEMBERED: u64 = 50_000;

/// The media type of a JWT access token (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";

/// What an access token says, for those who make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub tenant: TenantId,
    /// The tenant's base URL.
    pub audience: String,
    pub client: CredentialId,
    pub secret: SecretId,
    pub scopes: Scopes,
    pub expires: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    client_id: Uuid,
    tenant: Uuid,
    secret: Uuid,
    scope: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// Makes and checks access tokens.
pub struct AccessTokens {
    keys: Arc<SigningKeys>,
    issuer: String,
    validation: Validation,
    /// By digest, so that a memory dump of these opens nothing.
    checked: Cache<[u8; 32], Arc<Grant>>,
}

impl AccessTokens {
    /// `issuer`: the installation's public URL.
    pub fn new(keys: Arc<SigningKeys>, issuer: &str) -> Self {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // Time is told by the clock of the request, and the audience is compared with the tenant's own.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let checked = Cache::builder().max_capacity(REMEMBERED).build();
        Self { keys, issuer: issuer.to_owned(), validation, checked }
    }

    /// Signs a token. None when there is no key to sign with, which is so only in the first moment of an installation.
    pub fn issue(&self, grant: &Grant, id: Uuid, now: Timestamp) -> Option<String> {
        let (kid, key) = self.keys.signing(now)?;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: grant.audience.clone(),
            sub: grant.client.0,
            client_id: grant.client.0,
            tenant: grant.tenant.0,
            secret: grant.secret.0,
            scope: grant.scopes.to_string(),
            iat: now.as_micros() / MICROS,
            exp: grant.expires.as_micros() / MICROS,
            jti: id,
        };
        let header = Header { kid: Some(kid.to_string()), typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &claims, &key).ok()
    }

    /// What a token says, if one of our keys signed it and its time is not over; who may come in by it is another question.
    pub fn read(&self, text: &str, now: Timestamp) -> Option<Arc<Grant>> {
        let digest = Sha256::digest(text.as_bytes()).into();
        let known = self.checked.get(&digest);
        let grant = known.or_else(|| self.check_and_remember(digest, text))?;
        (grant.expires > now).then_some(grant)
    }

    /// What a token of ours says, also when its time is over; for those who explain why it opens nothing.
    pub fn says(&self, text: &str) -> Option<Grant> {
        self.check(text)
    }

    /// Whether a text has the form of an access token.
    pub fn is_one(text: &str) -> bool {
        text.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// Learns the key a token names, which another process may have made a moment ago.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn learn_key(&self, text: &str, now: Timestamp) -> Result<(), StoreError> {
        match kid(text).filter(|kid| self.keys.checking(*kid).is_none()) {
            Some(kid) => self.keys.learn(kid, now).await,
            None => Ok(()),
        }
    }

    /// Sees to it that there is a key to sign with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn require_key(&self, now: Timestamp) -> Result<(), StoreError> {
        match self.keys.signing(now) {
            Some(_) => Ok(()),
            None => self.keys.follow(now).await,
        }
    }

    fn check_and_remember(&self, digest: [u8; 32], text: &str) -> Option<Arc<Grant>> {
        let grant = Arc::new(self.check(text)?);
        self.checked.insert(digest, grant.clone());
        Some(grant)
    }

    fn check(&self, text: &str) -> Option<Grant> {
        let key = self.keys.checking(kid(text)?)?;
        let claims = jsonwebtoken::decode::<Claims>(text, &key, &self.validation).ok()?.claims;
        Some(Grant {
            tenant: TenantId(claims.tenant),
            audience: claims.aud,
            client: CredentialId(claims.client_id),
            secret: SecretId(claims.secret),
            scopes: claims.scope.parse().ok()?,
            expires: Timestamp::from_micros(claims.exp.checked_mul(MICROS)?),
        })
    }
}

fn kid(text: &str) -> Option<Uuid> {
    let header = jsonwebtoken::decode_header(text).ok()?;
    let is_ours = header.typ.as_deref() == Some(TYPE) && header.alg == Algorithm::ES256;
    Uuid::try_parse(&header.kid?).ok().filter(|_| is_ours)
}
