//! Credentials: what identity providers come in with.
//!
//! A credential has a kind, scopes and secrets. A *token* is its one secret, sent with every request. A *client* has up to
//! two secrets, with which it asks for [access tokens](crate::access_token) (RFC 6749 §4.4). Another kind, such as a
//! workload's identity in a federation, would be one without secrets.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::ids::{CredentialId, SecretId};
use crate::keys::{KeyRing, KeyedDigest};
use crate::scope::Scopes;
use crate::secret::SecretText;
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;
use crate::who::Who;

/// How many tokens of a tenant, and how many secrets of a client, may be usable at once: the one in use and the one it is
/// being replaced with.
pub const MAX_LIVE: usize = 2;

/// How many clients a tenant may have that are not revoked.
pub const MAX_CLIENTS: usize = 10;

const IN_USE_SECONDS: i64 = 7 * 86_400;

/// Secrets that are shown once: their ids, and the prefix of their texts.
macro_rules! shown_secret {
    ($(#[$doc:meta])* $name:ident, $id:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            pub id: $id,
            text: SecretText,
        }

        impl $name {
            const PREFIX: &str = $prefix;

            pub fn new(id: $id, secret: [u8; 32]) -> Self {
                Self { id, text: SecretText::new(id.0, secret) }
            }

            /// The secret in clear. For its one showing.
            pub fn reveal(&self) -> String {
                self.text.reveal(Self::PREFIX)
            }

            /// Reads a secret; none when the text is not one or its checksum is wrong.
            pub fn parse(text: &str) -> Option<Self> {
                let text = SecretText::parse(Self::PREFIX, text)?;
                Some(Self { id: $id(text.id), text })
            }

            /// What is kept of it.
            pub fn stored(&self, ring: &KeyRing, now: Timestamp) -> StoredSecret {
                StoredSecret::new(&self.text, &self.reveal(), ring, now)
            }

            /// Its digest under the current key.
            pub fn digest(&self, ring: &KeyRing) -> KeyedDigest {
                ring.digest(self.text.secret())
            }
        }
    };
}

shown_secret!(
    /// The token of the Authorization header: `scim_<id>_<secret><checksum>`.
    BearerToken, CredentialId, "scim"
);
shown_secret!(
    /// The secret of an OAuth client: `client_<id of the secret>_<secret><checksum>`.
    ClientSecret, SecretId, "client"
);

/// What kind of credential one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// A provisioning token.
    Token,
    /// An OAuth client, whose access tokens are good for so many minutes.
    Client { access_minutes: u32 },
}

impl CredentialKind {
    /// How long an access token is good, in minutes: what Entra's gallery accepts, and what is given when nothing is said.
    pub const ACCESS_MINUTES: std::ops::RangeInclusive<u32> = 60..=360;
    pub const USUAL_ACCESS_MINUTES: u32 = 60;

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Client { .. } => "client",
        }
    }
}

/// A credential as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    pub kind: CredentialKind,
    pub label: String,
    pub scopes: Scopes,
    /// The oldest first, also those that open nothing any more.
    pub secrets: Vec<StoredSecret>,
    pub created: Timestamp,
    /// None for one that a version made which did not write it down.
    pub created_by: Option<Who>,
    pub revoked: Option<Timestamp>,
    pub last_used: Option<CredentialUse>,
}

/// What is kept of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    pub id: SecretId,
    pub digest: KeyedDigest,
    /// The last characters of its text, by which a person recognises it.
    pub last_four: String,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
}

/// The latest request a credential was seen with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialUse {
    pub at: Timestamp,
    /// The client's User-Agent, shortened.
    pub client: Option<String>,
}

/// Whether a credential or a secret opens anything, and if not, why; for people to read, never for the caller of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialState {
    Live,
    Expired,
    Revoked,
}

impl CredentialState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl StoredSecret {
    /// What is kept of a new secret.
    pub fn new(text: &SecretText, revealed: &str, ring: &KeyRing, now: Timestamp) -> Self {
        Self {
            id: SecretId(text.id),
            digest: ring.digest(text.secret()),
            last_four: revealed.get(revealed.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
            created: now,
            expires: None,
            revoked: None,
        }
    }

    /// Whether it opens something now; not when it rests on a key that is lost.
    pub fn is_usable(&self, ring: &KeyRing, now: Timestamp) -> bool {
        ring.holds(&self.digest.key) && self.state(now) == CredentialState::Live
    }

    pub fn state(&self, now: Timestamp) -> CredentialState {
        match (self.revoked, self.expires) {
            (Some(_), _) => CredentialState::Revoked,
            (None, Some(expires)) if expires <= now => CredentialState::Expired,
            _ => CredentialState::Live,
        }
    }
}

impl Credential {
    /// That of its best secret, unless it is revoked itself.
    pub fn state(&self, now: Timestamp) -> CredentialState {
        if self.revoked.is_some() {
            return CredentialState::Revoked;
        }
        let states: Vec<_> = self.secrets.iter().map(|secret| secret.state(now)).collect();
        let best = [CredentialState::Live, CredentialState::Expired].into_iter().find(|state| states.contains(state));
        best.unwrap_or(CredentialState::Revoked)
    }

    /// Whether somebody seems to rely on it: it opens something, and was seen within a week. A connection that an identity
    /// provider has quarantined comes once a day.
    pub fn is_in_use(&self, now: Timestamp) -> bool {
        let seen = self.last_used.as_ref().is_some_and(|seen| seen.at.plus_seconds(IN_USE_SECONDS) > now);
        seen && self.state(now) == CredentialState::Live
    }

    /// The secret that was made last.
    pub fn newest_secret(&self) -> Option<&StoredSecret> {
        self.secrets.last()
    }

    /// Its secret of that id, if both may be used now.
    pub fn live_secret(&self, id: SecretId, now: Timestamp) -> Option<&StoredSecret> {
        let secret = self.secrets.iter().find(|secret| secret.id == id)?;
        (self.revoked.is_none() && secret.state(now) == CredentialState::Live).then_some(secret)
    }

    /// Its secret of that id, if neither was revoked. What was given for a secret that expired since is good for its own time.
    pub fn live_or_expired_secret(&self, id: SecretId) -> Option<&StoredSecret> {
        let secret = self.secrets.iter().find(|secret| secret.id == id)?;
        (self.revoked.is_none() && secret.revoked.is_none()).then_some(secret)
    }

    /// The secret that was presented, if it is this credential's and may be used. It is compared in constant time.
    pub fn accepts_token(&self, presented: &BearerToken, ring: &KeyRing, now: Timestamp) -> Option<&StoredSecret> {
        if self.kind != CredentialKind::Token || self.id != presented.id {
            return None;
        }
        self.accepts(SecretId(presented.id.0), &presented.text, ring, now)
    }

    /// As [`Credential::accepts_token`], of a client.
    pub fn accepts_client(&self, presented: &ClientSecret, ring: &KeyRing, now: Timestamp) -> Option<&StoredSecret> {
        match self.kind {
            CredentialKind::Client { .. } => self.accepts(presented.id, &presented.text, ring, now),
            CredentialKind::Token => None,
        }
    }

    /// The secret that was presented, whether or not it opens anything; for those who explain why it does not.
    pub fn knows_token(&self, presented: &BearerToken, ring: &KeyRing) -> Option<&StoredSecret> {
        self.knows(SecretId(presented.id.0), &presented.text, ring).filter(|_| self.kind == CredentialKind::Token)
    }

    /// As [`Credential::knows_token`], of a client.
    pub fn knows_client(&self, presented: &ClientSecret, ring: &KeyRing) -> Option<&StoredSecret> {
        self.knows(presented.id, &presented.text, ring).filter(|_| self.kind != CredentialKind::Token)
    }

    fn knows(&self, id: SecretId, text: &SecretText, ring: &KeyRing) -> Option<&StoredSecret> {
        self.secrets.iter().find(|secret| secret.id == id && ring.verify(&secret.digest, text.secret()))
    }

    fn accepts(&self, id: SecretId, text: &SecretText, ring: &KeyRing, now: Timestamp) -> Option<&StoredSecret> {
        self.live_secret(id, now).filter(|secret| ring.verify(&secret.digest, text.secret()))
    }
}

/// What was seen of credentials since it was last written down, so that a request costs no write.
#[derive(Debug, Default)]
pub struct CredentialUses {
    latest: Mutex<HashMap<CredentialId, (TenantScope, CredentialUse)>>,
    /// Digests that a rotation of the key ring has made old.
    renewed: Mutex<HashMap<SecretId, Renewal>>,
}

/// A secret's digest under a newer key.
#[derive(Clone, Debug)]
pub struct Renewal {
    pub scope: TenantScope,
    pub secret: SecretId,
    pub before: KeyedDigest,
    pub after: KeyedDigest,
}

impl CredentialUses {
    /// Remembers that a credential was used, by a client that calls itself so.
    pub fn note(&self, tenant: &Tenant, id: CredentialId, at: Timestamp, client: Option<&str>) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match latest.get_mut(&id) {
            Some((_, known)) if known.client.as_deref() == client => known.at = known.at.max(at),
            _ => {
                let client = client.map(|agent| agent.chars().filter(|each| !each.is_control()).take(200).collect());
                latest.insert(id, (tenant.scope(), CredentialUse { at, client }));
            }
        }
    }

    /// Remembers a use that could not be written down, unless there was a later one.
    pub fn keep(&self, scope: TenantScope, id: CredentialId, seen: CredentialUse) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.entry(id).or_insert((scope, seen));
    }

    /// Takes what has come together since the last time.
    pub fn take(&self) -> Vec<(TenantScope, CredentialId, CredentialUse)> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.drain().map(|(id, (scope, seen))| (scope, id, seen)).collect()
    }

    /// Remembers a digest that is to be written in the place of an older one.
    pub fn renew(&self, renewal: Renewal) {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner).insert(renewal.secret, renewal);
    }

    /// Takes the digests that came together since the last time.
    pub fn take_renewed(&self) -> Vec<Renewal> {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, renewal)| renewal).collect()
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn token() -> BearerToken {
        BearerToken::new(CredentialId(Uuid::from_u128(7)), [0xA5; 32])
    }

    fn ring(key: u8) -> KeyRing {
        KeyRing::new("k1".parse().unwrap(), [key; 32])
    }

    fn credential(kind: CredentialKind, secret: StoredSecret) -> Credential {
        Credential {
            id: token().id,
            kind,
            label: "entra".to_owned(),
            scopes: Scopes::ALL,
            secrets: vec![StoredSecret { expires: Some(Timestamp::from_micros(100)), ..secret }],
            created: Timestamp::from_micros(0),
            created_by: None,
            revoked: None,
            last_used: None,
        }
    }

    fn stored(ring: &KeyRing) -> Credential {
        credential(CredentialKind::Token, token().stored(ring, Timestamp::from_micros(0)))
    }

    #[test]
    fn a_token_reads_back_and_is_shorter_than_128_characters() {
        let text = token().reveal();
        assert_eq!(BearerToken::parse(&text), Some(token()));
        assert!(text.starts_with("scim_00000000000000000000000000000007_a5a5") && text.len() < 128, "{text}");
        assert!(text.ends_with(&stored(&ring(1)).secrets[0].last_four));
    }

    #[test]
    fn a_token_opens_only_with_its_secret_its_key_and_in_its_time() {
        let (ring, now) = (ring(1), Timestamp::from_micros(99));
        let stored = stored(&ring);
        let opens = |stored: &Credential, token: &BearerToken, ring: &KeyRing, now| {
            stored.accepts_token(token, ring, now).is_some()
        };
        assert!(opens(&stored, &token(), &ring, now));
        assert!(!opens(&stored, &token(), &self::ring(2), now));
        assert!(!opens(&stored, &BearerToken::new(token().id, [0xA6; 32]), &ring, now));
        assert!(!opens(&stored, &BearerToken::new(CredentialId(Uuid::from_u128(8)), [0xA5; 32]), &ring, now));
        assert!(!opens(&stored, &token(), &ring, Timestamp::from_micros(100)));
        assert_eq!(stored.state(Timestamp::from_micros(100)), CredentialState::Expired);
        let revoked = Credential { revoked: Some(now), ..stored };
        assert!(!opens(&revoked, &token(), &ring, now));
        assert_eq!(revoked.state(now), CredentialState::Revoked);
    }

    #[test]
    fn a_clients_secret_is_no_token_and_a_token_no_clients_secret() {
        let (ring, now) = (ring(1), Timestamp::from_micros(1));
        let secret = ClientSecret::new(SecretId(Uuid::from_u128(7)), [0xA5; 32]);
        let client = credential(CredentialKind::Client { access_minutes: 60 }, secret.stored(&ring, now));
        assert!(client.accepts_client(&secret, &ring, now).is_some());
        assert!(client.accepts_token(&token(), &ring, now).is_none());
        assert!(stored(&ring).accepts_client(&secret, &ring, now).is_none());
        assert_eq!(ClientSecret::parse(&token().reveal()), None);
        assert_eq!(ClientSecret::parse(&secret.reveal()), Some(secret));
    }

    #[test]
    fn a_token_is_in_use_for_a_week_after_it_was_seen() {
        let used = Credential {
            last_used: Some(CredentialUse { at: Timestamp::from_micros(50), client: None }),
            ..stored(&ring(1))
        };
        assert!(used.is_in_use(Timestamp::from_micros(60)));
        assert!(!used.is_in_use(Timestamp::from_micros(100)), "it has expired");
        let secrets = vec![StoredSecret { expires: None, ..used.secrets[0].clone() }];
        let used = Credential { secrets, ..used };
        let (last, week) = (Timestamp::from_micros(49), Timestamp::from_micros(50));
        assert!(used.is_in_use(last.plus_seconds(IN_USE_SECONDS)));
        assert!(!used.is_in_use(week.plus_seconds(IN_USE_SECONDS)));
        assert!(!Credential { last_used: None, ..used }.is_in_use(Timestamp::from_micros(60)));
    }

    #[test]
    fn nothing_secret_is_printed_by_debug() {
        let printed = format!("{:?}", token());
        assert!(!printed.contains("a5a5") && !printed.contains("165"), "{printed}");
    }
}
