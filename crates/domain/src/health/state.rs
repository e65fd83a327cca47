//! The states of a connection (settings-ui.md, S1) and what the page says of them.

use super::{CauseCount, Cycle, Refusals};
use crate::ids::{CredentialId, SecretId};
use crate::provider::Provider;
use crate::timestamp::Timestamp;

/// How a tenant's connection is; one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// Off, and never used.
    OffNever,
    /// Off, and was on.
    Off,
    /// A token exists, and nothing came in with one.
    Waiting,
    /// Something was asked, and nothing written.
    Tested,
    /// Writing began, and has not paused yet.
    FirstSync,
    Healthy,
    /// Nothing has come for more than two of the intervals it comes in.
    Quiet,
    /// 5 % of the changes fail, or the same one again and again.
    Degraded,
    /// Entra is about to slow down, or has done so.
    QuarantineLikely,
    /// By an admin.
    Paused,
    /// The last token that is good ends within 30 days.
    TokenExpiring,
    /// No token is good any more.
    Refused,
    /// Two are good: the one in use and the one it is being replaced with.
    Rotating,
    /// By the vendor.
    Suspended,
    /// The activity log does not answer.
    Unknown,
}

impl ConnectionState {
    /// Its name for those who look after the installation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OffNever => "off_never",
            Self::Off => "off",
            Self::Waiting => "waiting",
            Self::Tested => "tested",
            Self::FirstSync => "first_sync",
            Self::Healthy => "healthy",
            Self::Quiet => "quiet",
            Self::Degraded => "degraded",
            Self::QuarantineLikely => "quarantine_likely",
            Self::Paused => "paused",
            Self::TokenExpiring => "token_expiring",
            Self::Refused => "refused",
            Self::Rotating => "rotating",
            Self::Suspended => "suspended",
            Self::Unknown => "unknown",
        }
    }
}

/// A connection's state, and the facts behind it. Facts are given in every state in which they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub state: ConnectionState,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    pub provider: Provider,
    pub last_call: Option<Timestamp>,
    pub last_cycle: Option<Cycle>,
    /// Whether that cycle goes on.
    pub is_running: bool,
    /// When the next cycle should begin; never in the past.
    pub next_expected: Option<Timestamp>,
    /// How long it takes from one cycle to the next, in seconds.
    pub interval_seconds: Option<i64>,
    /// Of the last 24 hours.
    pub attempts: u64,
    pub failures: u64,
    /// Failures in a hundred attempts, from 0 to 100.
    pub percent: u8,
    /// The three most common.
    pub causes: Vec<CauseCount>,
    /// How many people and groups fail.
    pub affected: u64,
    pub forecast: Option<Forecast>,
    /// What the identity provider was refused, as far as it can be told from strangers.
    pub refused: Option<Refusals>,
    /// The secrets in use that end within 30 days, the first to end first.
    pub expiring: Vec<Expiring>,
    pub rotation: Option<Rotation>,
}

/// When Entra stops coming every 40 minutes, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    pub reason: QuarantineReason,
    pub quarantine: Quarantine,
    /// When Entra disables the job unless a cycle succeeds: 28 days after the quarantine began. Never in the past.
    pub disabled: Timestamp,
}

/// Whether it has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quarantine {
    /// Since then, by all that can be seen.
    Since(Timestamp),
    /// At this rate; never in the past.
    Expected(Timestamp),
}

/// What of Entra's arithmetic leads to it (client-behaviour.md, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarantineReason {
    /// The token is refused, which Entra answers at once.
    Credentials,
    /// At least 5,000 fail, and these are more than 40 %.
    Share { percent: u8 },
    /// More than 40,000 fail.
    Failures { failing: u64 },
    /// 60,000 fail, references among them.
    Cap { failing: u64 },
}

/// A secret that ends soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    pub slot: Slot,
    pub at: Timestamp,
    pub notice: ExpiryNotice,
}

/// How near the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExpiryNotice {
    Days30,
    Days7,
    Day1,
}

/// A token, or a secret of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub credential: CredentialId,
    pub secret: SecretId,
    /// Whether it is the secret of a client.
    pub is_of_client: bool,
    pub label: String,
    pub last_four: String,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
    pub last_used: Option<Timestamp>,
}

/// Two secrets that are good at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub old: Slot,
    pub new: Slot,
    /// Which of them was used last.
    pub used_last: Option<Side>,
}

/// One of two secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Old,
    New,
}

impl Health {
    /// Whether Entra has slowed down already.
    pub fn is_quarantined(&self) -> bool {
        self.forecast.is_some_and(|forecast| matches!(forecast.quarantine, Quarantine::Since(_)))
    }
}

impl Rotation {
    /// Whether the old one can go: the new one was seen, and the old one not since.
    pub fn is_over(&self) -> bool {
        self.used_last == Some(Side::New)
    }
}
