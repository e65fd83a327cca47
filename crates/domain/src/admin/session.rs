//! Sessions: a cookie with 256 random bits, of which a digest is kept.
//!
//! A session ends after [`LONGEST_SECONDS`], after [`IDLE_SECONDS`] without a request, and when its holder signs out, loses
//! the account or gets another password.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::SessionHolder;
use crate::ids::{AdminId, ConnectionId, LinkId, ResourceId, SessionId};
use crate::keys::{KeyRing, KeyedDigest};
use crate::timestamp::Timestamp;

/// How long a session lasts at the most.
pub const LONGEST_SECONDS: i64 = 12 * 3_600;

/// How long it lasts without a request.
pub const IDLE_SECONDS: i64 = 2 * 3_600;

/// How long it waits for the second step.
pub const SECOND_STEP_SECONDS: i64 = 10 * 60;

/// When a session was last seen is written down at most so often.
pub const SEEN_SECONDS: i64 = 60;

/// The secret of a session: what its cookie says, `<session id>_<secret>`, all in hexadecimal digits.
#[derive(Clone)]
pub struct SessionSecret {
    pub id: SessionId,
    secret: [u8; 32],
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionSecret({}, ***)", self.id)
    }
}

impl SessionSecret {
    pub const fn new(id: SessionId, secret: [u8; 32]) -> Self {
        Self { id, secret }
    }

    /// The cookie's text.
    pub fn reveal(&self) -> String {
        format!("{}_{}", self.id.0.simple(), hex::encode(self.secret))
    }

    /// Reads a cookie's text; none when it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.split_once('_').filter(|(id, secret)| id.len() == 32 && secret.len() == 64)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(secret, &mut bytes).ok()?;
        Some(Self::new(SessionId(Uuid::try_parse(id).ok()?), bytes))
    }

    /// What is kept of it.
    pub fn digest(&self, ring: &KeyRing) -> KeyedDigest {
        ring.digest(&self.secret)
    }

    /// Whether this digest is kept of it.
    pub fn is_of(&self, digest: &KeyedDigest, ring: &KeyRing) -> bool {
        ring.verify(digest, &self.secret)
    }

    /// What the forms of the session carry, which only its own pages can know.
    pub fn csrf(&self) -> String {
        let mut mac = Hmac::<Sha256>::new(&hmac_key(&self.secret).into());
        mac.update(b"forms of the settings UI");
        hex::encode(mac.finalize().into_bytes())
    }
}

/// HMAC pads its key with zeros (RFC 2104 §2).
fn hmac_key(secret: &[u8; 32]) -> [u8; 64] {
    let mut block = [0; 64];
    for (place, byte) in block.iter_mut().zip(secret) {
        *place = *byte;
    }
    block
}

/// Whether a form carries the token of its session, in a time that tells nothing.
pub fn is_csrf(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

/// Whose session it is, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderId {
    Admin(AdminId),
    SetupLink(LinkId),
}

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    pub id: SessionId,
    pub holder: HolderId,
    pub digest: KeyedDigest,
    pub signed_in: Timestamp,
    pub last_seen: Timestamp,
    /// When it ends whatever happens.
    pub expires: Timestamp,
    /// Where it began: an address, or the network of one.
    pub address: String,
    /// The browser's User-Agent, shortened.
    pub client: Option<String>,
    /// Whether the second step is done or not needed.
    pub is_complete: bool,
    /// Of a session that began by single sign-on.
    pub sign_on: Option<SettingsSignOn>,
}

/// By what a session of the settings began that began by single sign-on. It ends with either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingsSignOn {
    pub connection: ConnectionId,
    /// The person of the directory, if the directory knows them.
    pub person: Option<ResourceId>,
}

impl StoredSession {
    /// Whether it opens anything now.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires && now < self.last_seen.plus_seconds(IDLE_SECONDS)
    }
}

/// A session with its holder, as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSession {
    pub session: StoredSession,
    pub holder: SessionHolder,
}

/// A session as its holder sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminSession {
    pub id: SessionId,
    pub signed_in: Timestamp,
    pub last_seen: Timestamp,
    pub address: String,
    pub client: Option<String>,
    /// Whether it is the one that asks.
    pub is_own: bool,
}

/// A session that has just begun: what the answer gives the browser.
#[derive(Clone)]
pub struct NewSession {
    /// The text of the session's cookie.
    pub cookie: String,
    /// When the session ends at the latest.
    pub expires: Timestamp,
    /// The text of the long-lived cookie by which this browser is known again ([`super::device`]); none while the second step
    /// is owed and for setup links.
    pub device: Option<String>,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("expires", &self.expires).finish_non_exhaustive()
    }
}
