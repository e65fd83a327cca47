//! A sign-in by single sign-on from the moment the browser is sent away until it is back.

use sha2::{Digest, Sha256};

use super::Connection;
use super::arrival::Arrival;
use super::cause::Refused;
use crate::ids::{AdminId, AttemptId, ConnectionId};
use crate::keys::Sealed;
use crate::tenant::named_states;
use crate::timestamp::Timestamp;

/// How long the identity provider may take, its person included.
pub const ANSWER_SECONDS: i64 = 15 * 60;

/// How long an answer waits for its browser, which comes at once.
pub const ARRIVAL_SECONDS: i64 = 2 * 60;

/// How long the page of a test can be looked at.
pub const TEST_SECONDS: i64 = 86_400;

named_states!(
    /// What it is for.
    Purpose {
        SignIn = "sign_in",
        /// An admin looks what arrives. Nobody is signed in.
        Test = "test",
        /// An admin joins their account to who they are at the identity provider.
        Link = "link",
        /// A session is ended on the other side as well.
        SignOut = "sign_out"
    }
);

/// How it ended at the identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Arrived(Box<Arrival>),
    Refused(Refused),
}

/// An attempt as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub id: AttemptId,
    pub connection: ConnectionId,
    pub purpose: Purpose,
    /// The [digest](digest) of what its answer is found by: the id of a SAML request, or an OpenID Connect state. None when the
    /// identity provider began.
    pub handle: Option<[u8; 32]>,
    /// The digest of the cookie of the browser that began it; none when the identity provider did.
    pub browser: Option<[u8; 32]>,
    /// Of OpenID Connect: nonce and verifier.
    pub secret: Option<Sealed>,
    /// The [version of the set-up](super::Connection::setup_version) it was begun with.
    pub setup_version: i64,
    /// Where the browser goes at the end.
    pub return_to: String,
    /// Who tests or joins an account.
    pub admin: Option<AdminId>,
    pub begun: Timestamp,
    /// Until when the next thing has to happen.
    pub expires: Timestamp,
    pub answer: Option<Answer>,
    /// The digest of what the browser picks the answer up with.
    pub ticket: Option<[u8; 32]>,
    /// When the answer was picked up, which happens once.
    pub picked_up: Option<Timestamp>,
}

impl Attempt {
    /// One that begins now, for which nothing has come yet and of which no browser is known. `expires`: until when it is good.
    pub const fn new(
        id: AttemptId,
        connection: &Connection,
        purpose: Purpose,
        begun: Timestamp,
        expires: Timestamp,
    ) -> Self {
        Self {
            id,
            connection: connection.id,
            purpose,
            handle: None,
            browser: None,
            secret: None,
            setup_version: connection.setup_version,
            return_to: String::new(),
            admin: None,
            begun,
            expires,
            answer: None,
            ticket: None,
            picked_up: None,
        }
    }
}

/// What is kept of something that only a browser or an identity provider is to know. It has too many bits to be guessed, so
/// that a plain digest is enough.
pub fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
