//! Links that open something once: an invitation, a new password, or the settings for somebody without an account
//! (ADR 0031).
//!
//! Looking at a link uses nothing up, so that programs that read mail cannot; the form behind it does.

use std::fmt;

use crate::ids::{AdminId, LinkId};
use crate::keys::{KeyRing, KeyedDigest};
use crate::mail::MailAddress;
use crate::secret::SecretText;
use crate::tenant::named_states;
use crate::timestamp::Timestamp;

const DAY: i64 = 86_400;

/// How long an invitation is good.
pub const INVITATION_SECONDS: i64 = 7 * DAY;

/// How long a link to a new password is good.
pub const RESET_SECONDS: i64 = 3_600;

/// How long a setup link may be good at the most.
pub const LONGEST_SETUP_SECONDS: i64 = 30 * DAY;

/// How many setup links of a tenant may be good at once.
pub const MAX_SETUP_LINKS: usize = 20;

named_states!(
    /// What a link is for.
    LinkPurpose { Invitation = "invitation", Reset = "reset", Setup = "setup" }
);

/// The text of a link, the last part of its address: `link_<id>_<secret><checksum>`.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkText {
    pub id: LinkId,
    text: SecretText,
}

impl fmt::Debug for LinkText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkText({}, ***)", self.id)
    }
}

impl LinkText {
    const PREFIX: &str = "link";

    pub const fn new(id: LinkId, secret: [u8; 32]) -> Self {
        Self { id, text: SecretText::new(id.0, secret) }
    }

    /// The text in clear. For its one showing.
    pub fn reveal(&self) -> String {
        self.text.reveal(Self::PREFIX)
    }

    /// Reads the last part of a link's address; none when it is not one or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let text = SecretText::parse(Self::PREFIX, text)?;
        Some(Self { id: LinkId(text.id), text })
    }

    /// What is kept of it.
    pub fn digest(&self, ring: &KeyRing) -> KeyedDigest {
        ring.digest(self.text.secret())
    }

    /// Whether this digest is kept of it.
    pub fn is_of(&self, digest: &KeyedDigest, ring: &KeyRing) -> bool {
        ring.verify(digest, self.text.secret())
    }
}

/// A link as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub id: LinkId,
    pub purpose: LinkPurpose,
    /// Whom it is for; none for setup links.
    pub admin: Option<AdminId>,
    /// What a setup link is called; empty for others.
    pub label: String,
    pub digest: KeyedDigest,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub used: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
}

/// Whether a link still opens something, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Live,
    Used,
    Expired,
    Revoked,
}

impl LinkState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Link {
    pub fn state(&self, now: Timestamp) -> LinkState {
        match (self.revoked, self.used) {
            (Some(_), _) => LinkState::Revoked,
            (_, Some(_)) => LinkState::Used,
            _ if self.expires <= now => LinkState::Expired,
            _ => LinkState::Live,
        }
    }
}

/// A link with its text, which is not kept anywhere.
#[derive(Clone, Debug)]
pub struct MadeLink {
    pub text: LinkText,
    pub link: Link,
}

/// What a link that is good shows before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    pub purpose: LinkPurpose,
    /// Whose account it is about; none for a setup link.
    pub email: Option<MailAddress>,
    /// What a setup link is called.
    pub label: String,
    pub expires: Timestamp,
}
