//! The sign-in log: every sign-in by single sign-on that ended here, and why those ended that did not lead in.
//!
//! What an identity provider has signed may be named; what anybody could have sent is not kept.

use crate::connection::attempt::Purpose;
use crate::connection::cause::SignInCause;
use crate::ids::{ConnectionId, ResourceId, SignInId};
use crate::timestamp::Timestamp;

/// How many refusals of a tenant are kept at once of those which anybody could have caused, and a third of them a minute in the
/// long run: strangers must not fill its log.
pub const STRANGERS_REFUSALS: u32 = 60;

/// How many refusals a minute are kept of a tenant of those whom an identity provider vouches for.
pub const REFUSALS_A_MINUTE: u32 = 120;

/// One sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInEntry {
    pub id: SignInId,
    pub at: Timestamp,
    /// None when it could not be told whose answer it was.
    pub connection: Option<ConnectionId>,
    pub purpose: Purpose,
    /// Whether it answers a request of ours.
    pub is_solicited: bool,
    /// None for one that led in.
    pub cause: Option<SignInCause>,
    /// What exactly was found; may be empty.
    pub detail: String,
    pub person: Option<ResourceId>,
    /// What the identity provider calls who signed in there, as a [`logged_name`].
    pub name: Option<String>,
    /// What it says they are: the claim that joins.
    pub key: Option<String>,
    /// Where it came from: an address, or the network of one.
    pub address: String,
    /// The browser's User-Agent, shortened.
    pub client: Option<String>,
}

/// How many characters of a name are kept.
const LONGEST_NAME: usize = 500;

/// A name as the log has it and finds it again.
pub fn logged_name(text: &str) -> String {
    text.to_lowercase().chars().take(LONGEST_NAME).collect()
}

/// Which entries are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignInQuery {
    pub connection: Option<ConnectionId>,
    pub person: Option<ResourceId>,
    /// Only refusals.
    pub refused: bool,
    pub cause: Option<SignInCause>,
    /// Older than this one.
    pub before: Option<SignInId>,
    pub limit: u64,
}

/// How it goes with a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignInCounts {
    pub led_in: u64,
    pub refused: u64,
    /// The newest that led in.
    pub last: Option<Timestamp>,
}
