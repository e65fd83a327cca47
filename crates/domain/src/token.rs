//! Provisioning tokens: what identity providers sign their requests with.
//!
//! A token reads `scim_<token id>_<secret><checksum>`: 32 hexadecimal digits of id, 64 of secret (256 random bits), and
//! 8 that let a scanner or a person tell a real token from a mistyped one. The secret is shown once and kept as
//! HMAC-SHA-256 under a key of the installation (architecture.md §8).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::ids::TokenId;
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

/// How many tokens of a tenant may be usable at once: the one in use and the one it is being replaced with.
pub const MAX_LIVE: usize = 2;

const PREFIX: &str = "scim_";
const ID_DIGITS: usize = 32;
const SECRET_DIGITS: usize = 64;
const CHECKSUM_DIGITS: usize = 8;

/// HMAC-SHA-256 pads its key with zeros to this many bytes (RFC 2104 §2).
const HMAC_BLOCK: usize = 64;

/// The secret part of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret([u8; 32]);

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(***)")
    }
}

/// A token as it travels in the Authorization header. Its text is shown by [`BearerToken::reveal`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerToken {
    pub id: TokenId,
    secret: TokenSecret,
}

impl BearerToken {
    pub fn new(id: TokenId, secret: [u8; 32]) -> Self {
        Self { id, secret: TokenSecret(secret) }
    }

    /// The token in clear. For its one showing.
    pub fn reveal(&self) -> String {
        let body = format!("{PREFIX}{}_{}", self.id.0.simple(), hex::encode(self.secret.0));
        let checksum = checksum(&body);
        body + &checksum
    }

    /// Reads a token; none when the text is not one or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, given) = text.split_at_checked(text.len().checked_sub(CHECKSUM_DIGITS)?)?;
        let (id, secret) = body.strip_prefix(PREFIX)?.split_once('_')?;
        let well_formed = id.len() == ID_DIGITS && secret.len() == SECRET_DIGITS && checksum(body) == given;
        let id = Uuid::try_parse(id).ok().filter(|_| well_formed)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(secret, &mut bytes).ok()?;
        Some(Self::new(TokenId(id), bytes))
    }

    /// The last characters of its text, by which a person recognises a token.
    pub fn last_four(&self) -> String {
        let text = self.reveal();
        text.get(text.len() - 4..).unwrap_or_default().to_owned()
    }
}

fn checksum(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes())).chars().take(CHECKSUM_DIGITS).collect()
}

/// Bytes of a keyed digest.
pub const DIGEST: usize = 32;

/// The key secrets are digested with.
#[derive(Clone)]
pub struct DigestKey([u8; HMAC_BLOCK]);

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(***)")
    }
}

impl DigestKey {
    pub fn new(key: [u8; 32]) -> Self {
        let mut block = [0; HMAC_BLOCK];
        for (place, byte) in block.iter_mut().zip(key) {
            *place = byte;
        }
        Self(block)
    }

    /// A key for another purpose, from which this one cannot be told.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self::new(self.sign(purpose.as_bytes()))
    }

    /// HMAC-SHA-256 of a message.
    pub fn sign(&self, message: &[u8]) -> [u8; DIGEST] {
        let mut mac = Hmac::<Sha256>::new(&self.0.into());
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Whether this is the digest of the message, in a time that tells nothing.
    pub fn verify(&self, message: &[u8], digest: &[u8]) -> bool {
        self.sign(message).ct_eq(digest).into()
    }

    /// What is stored of a token's secret: 32 bytes.
    pub fn digest(&self, token: &BearerToken) -> Vec<u8> {
        self.sign(&token.secret.0).to_vec()
    }
}

/// A token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisioningToken {
    pub id: TokenId,
    pub label: String,
    pub digest: Vec<u8>,
    pub last_four: String,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
    pub last_used: Option<TokenUse>,
}

/// The latest request a token was seen with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUse {
    pub at: Timestamp,
    /// The client's User-Agent, shortened.
    pub client: Option<String>,
}

/// Whether a token opens anything, and if not, why; for people to read, never for the caller of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    Live,
    Expired,
    Revoked,
}

impl TokenState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl ProvisioningToken {
    pub fn state(&self, now: Timestamp) -> TokenState {
        match (self.revoked, self.expires) {
            (Some(_), _) => TokenState::Revoked,
            (None, Some(expires)) if expires <= now => TokenState::Expired,
            _ => TokenState::Live,
        }
    }

    /// Whether the presented token is this one and may be used. The secret is compared in constant time.
    pub fn accepts(&self, presented: &BearerToken, key: &DigestKey, now: Timestamp) -> bool {
        let same: bool = self.digest.ct_eq(&key.digest(presented)).into();
        same && self.state(now) == TokenState::Live
    }
}

/// Uses of tokens since they were last written down, so that a request costs no write.
#[derive(Debug, Default)]
pub struct TokenUses {
    latest: Mutex<HashMap<TokenId, (TenantScope, TokenUse)>>,
}

impl TokenUses {
    /// Remembers that a token was used, by a client that calls itself so.
    pub fn note(&self, tenant: &Tenant, token: TokenId, at: Timestamp, client: Option<&str>) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match latest.get_mut(&token) {
            Some((_, known)) if known.client.as_deref() == client => known.at = known.at.max(at),
            _ => {
                let client = client.map(|agent| agent.chars().filter(|each| !each.is_control()).take(200).collect());
                latest.insert(token, (tenant.scope(), TokenUse { at, client }));
            }
        }
    }

    /// Remembers a use that could not be written down, unless there was a later one.
    pub fn keep(&self, scope: TenantScope, token: TokenId, seen: TokenUse) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.entry(token).or_insert((scope, seen));
    }

    /// Takes what has come together since the last time.
    pub fn take(&self) -> Vec<(TenantScope, TokenId, TokenUse)> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.drain().map(|(token, (scope, seen))| (scope, token, seen)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> BearerToken {
        BearerToken::new(TokenId(Uuid::from_u128(7)), [0xA5; 32])
    }

    fn stored(key: &DigestKey) -> ProvisioningToken {
        ProvisioningToken {
            id: token().id,
            label: "entra".to_owned(),
            digest: key.digest(&token()),
            last_four: token().last_four(),
            created: Timestamp::from_micros(0),
            expires: Some(Timestamp::from_micros(100)),
            revoked: None,
            last_used: None,
        }
    }

    #[test]
    fn a_token_reads_back_and_is_shorter_than_128_characters() {
        let text = token().reveal();
        assert_eq!(BearerToken::parse(&text), Some(token()));
        assert!(text.starts_with("scim_00000000000000000000000000000007_a5a5") && text.len() < 128, "{text}");
        assert!(text.ends_with(&token().last_four()));
    }

    #[test]
    fn a_mistyped_token_is_none() {
        let text = token().reveal();
        for bad in
            ["", "scim_", "scim__", &text[1..], &text[..text.len() - 1], &text.replacen("a5", "a6", 1), "scim_é_é"]
        {
            assert_eq!(BearerToken::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_opens_only_with_its_secret_its_key_and_in_its_time() {
        let key = DigestKey::new([1; 32]);
        let stored = stored(&key);
        let now = Timestamp::from_micros(99);
        assert!(stored.accepts(&token(), &key, now));
        assert!(!stored.accepts(&token(), &DigestKey::new([2; 32]), now));
        assert!(!stored.accepts(&BearerToken::new(token().id, [0xA6; 32]), &key, now));
        assert!(!stored.accepts(&token(), &key, Timestamp::from_micros(100)));
        let revoked = ProvisioningToken { revoked: Some(now), ..stored };
        assert!(!revoked.accepts(&token(), &key, now));
    }

    #[test]
    fn nothing_secret_is_printed_by_debug() {
        let printed = format!("{:?} {:?}", token(), DigestKey::new([1; 32]));
        assert!(!printed.contains("a5a5") && !printed.contains("165") && !printed.contains("[1"), "{printed}");
    }
}
