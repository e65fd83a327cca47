//! What the activity log knows of a connection, counted by the log's store.

use crate::catalogue::Cause;
use crate::ids::{CredentialId, SecretId};
use crate::provider::Provider;
use crate::timestamp::Timestamp;

/// A pause between two calls that ends a cycle, in seconds. Within one, identity providers go from call to call.
pub const CYCLE_GAP_SECONDS: i64 = 300;

/// What [`Pulse::window`] covers, in seconds.
pub const WINDOW_SECONDS: i64 = 86_400;

/// What [`Window::recent`] covers, in seconds.
pub const RECENT_SECONDS: i64 = 3_600;

/// How many starts of cycles are of use in [`Pulse::cycle_starts`].
pub const CYCLE_STARTS: usize = 12;

/// A connection as it was seen, from its first call to now. "Calls" are requests that were let in; what was refused with
/// 401 stands in [`Pulse::refused`] alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Who calls, by the latest calls.
    pub provider: Provider,
    pub first_call: Option<Timestamp>,
    pub last_call: Option<Timestamp>,
    /// The latest search for somebody who does not exist: Entra's *Test Connection*.
    pub last_probe: Option<Timestamp>,
    /// Writes are requests that would change something, whether they did or were refused.
    pub first_write: Option<Timestamp>,
    /// The latest cycle, running or over.
    pub last_cycle: Option<Cycle>,
    /// When the latest cycles began, the newest first and with [`Pulse::last_cycle`]; at most [`CYCLE_STARTS`].
    pub cycle_starts: Vec<Timestamp>,
    /// The last [`WINDOW_SECONDS`].
    pub window: Window,
    pub refused: Option<Refusals>,
    /// Each credential's latest call; of clients, for each secret whose access tokens were seen.
    pub credentials: Vec<CredentialSeen>,
}

/// Calls without a pause of [`CYCLE_GAP_SECONDS`] between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle {
    pub from: Timestamp,
    /// The last call so far.
    pub to: Timestamp,
    /// Writes that were done.
    pub changes: u64,
    /// Requests that were refused or failed.
    pub failures: u64,
    /// How many people, groups and memberships were written, each counted once.
    pub people: u64,
    pub groups: u64,
    pub memberships: u64,
}

/// What happened lately.
///
/// A *failure* is a write that was refused or failed, or a question that could not be answered. The *target* of a failure
/// is whom it was about; a failure about nobody is a target of its own. A target *fails* when its latest request did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Writes, and whatever failed besides.
    pub attempts: u64,
    /// Those of [`Window::attempts`] that failed.
    pub failures: u64,
    /// Those that changed something; the others asked for what was so already.
    pub changes: u64,
    /// How many cycles there were.
    pub cycles: u64,
    /// How many targets there were.
    pub targets: u64,
    /// How many of them fail, without those in [`Window::failing_references`].
    pub failing: u64,
    /// How many fail with a reference: the member of a group, a manager.
    pub failing_references: u64,
    /// Why those that fail do, the one that most fail with first.
    pub causes: Vec<CauseCount>,
    /// The last [`RECENT_SECONDS`], by which it is told what comes next.
    pub recent: Recent,
}

impl Window {
    /// How many in a hundred targets fail, without references, from 0 to 100: what Entra judges a job by.
    pub fn failing_percent(&self) -> u8 {
        let targets = u128::from(self.targets.max(self.failing).max(1));
        u8::try_from(u128::from(self.failing) * 100 / targets).unwrap_or(100)
    }
}

/// One reason why targets fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseCount {
    pub cause: Cause,
    /// Requests.
    pub failures: u64,
    /// Targets that fail with it.
    pub people: u64,
    /// The first failure of a target that still fails.
    pub since: Timestamp,
    /// How often the one was tried that was tried most.
    pub tries: u64,
}

/// What came newly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// How many targets were seen that were not before.
    pub new_targets: u64,
    /// How many fail that did not before, without references.
    pub new_failing: u64,
    pub new_failing_references: u64,
}

/// Requests to the tenant's address that were refused with 401, since the latest call; before there was one, in the window.
/// Strangers call too: only those are counted that showed what tells most of the tenant's identity provider
/// ([`Showed`](crate::catalogue::Showed)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusals {
    pub since: Timestamp,
    pub last: Timestamp,
    pub count: u64,
    /// Of the latest one.
    pub cause: Cause,
    /// Whose secret the latest one showed, when it was one of the tenant's.
    pub credential: Option<CredentialId>,
}

/// The latest call of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialSeen {
    pub credential: CredentialId,
    /// Of a client: with which of its secrets the access token was got.
    pub secret: Option<SecretId>,
    pub at: Timestamp,
    pub provider: Provider,
}
