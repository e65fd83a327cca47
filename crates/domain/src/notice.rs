//! What a tenant's people are told by mail of its connection: one mail a reason, and one when all is well again.
//!
//! What has been told is kept as [`Notice`]s. [`review`] compares them with the connection's health and says what is to be
//! kept and told now; whoever asks does so in a transaction that holds the tenant, so that nothing is told twice.

pub mod text;

use uuid::Uuid;

use crate::health::{ConnectionState, Expiring, ExpiryNotice, Health};
use crate::ids::{ConnectionId, SecretId};
use crate::timestamp::Timestamp;

/// Silence is told when it has lasted a day, however soon it is seen: nobody wants a mail about a quiet evening.
const SILENCE_SECONDS: i64 = 86_400;

/// A connection has to be well for so long before that is told, so that one which comes and goes is told once.
const WELL_SECONDS: i64 = 3_600;

/// Notices about tokens are of no use when these have long ended.
const FORGOTTEN_SECONDS: i64 = 60 * 86_400;

/// Why somebody is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    Degraded,
    QuarantineLikely,
    Refused,
    Quiet,
    /// The token or client's secret ends within so many days.
    Expiring(SecretId, ExpiryNotice),
    /// The last certificate of a connection's identity provider ends within so many days. It is told by whoever looks after
    /// connections, and is no matter of [`review`].
    CertificateEnds(ConnectionId, u32),
}

/// What the page shows in a notice, or what its absence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    Trouble(Reason),
    /// All that was told is over.
    Well,
}

/// Something that was told and is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    pub reason: Reason,
    pub told: Timestamp,
    /// Since when all is well; none when it is not.
    pub well_since: Option<Timestamp>,
}

/// What is to be kept, and what is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    pub opened: Option<Notice>,
    /// Since when all is well, to be noted in all notices but those about tokens.
    pub well_since: Option<Option<Timestamp>>,
    pub closed: Vec<Reason>,
    pub telling: Option<Telling>,
}

impl Review {
    /// What is left of it where there is nobody to be told: nothing counts as told, and what is over is over.
    #[must_use]
    pub fn without_telling(self) -> Self {
        Self { opened: None, telling: None, ..self }
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Reason {
    /// Its name as it is stored.
    pub fn key(self) -> String {
        match self {
            Self::Degraded => "degraded".to_owned(),
            Self::QuarantineLikely => "quarantine_likely".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::Quiet => "quiet".to_owned(),
            Self::Expiring(secret, notice) => format!("expiring {secret} {}", notice.days()),
            Self::CertificateEnds(connection, days) => format!("certificate {connection} {days}"),
        }
    }

    /// The reason of that name.
    pub fn named(key: &str) -> Option<Self> {
        match key {
            "degraded" => Some(Self::Degraded),
            "quarantine_likely" => Some(Self::QuarantineLikely),
            "refused" => Some(Self::Refused),
            "quiet" => Some(Self::Quiet),
            other if other.starts_with("certificate ") => {
                let (connection, days) = other.strip_prefix("certificate ")?.split_once(' ')?;
                Some(Self::CertificateEnds(ConnectionId(Uuid::try_parse(connection).ok()?), days.parse().ok()?))
            }
            other => {
                let (secret, days) = other.strip_prefix("expiring ")?.split_once(' ')?;
                let notice = [ExpiryNotice::Days30, ExpiryNotice::Days7, ExpiryNotice::Day1];
                let notice = notice.into_iter().find(|notice| notice.days().to_string() == days)?;
                Some(Self::Expiring(SecretId(Uuid::try_parse(secret).ok()?), notice))
            }
        }
    }

    fn of_end(expiring: &Expiring) -> Self {
        Self::Expiring(expiring.slot.secret, expiring.notice)
    }

    /// Whether it is about a token, whose end is no trouble of the connection.
    pub const fn is_about_a_token(self) -> bool {
        matches!(self, Self::Expiring(..))
    }
}

/// How the connection is for those who get mails.
enum Condition {
    Trouble(Reason),
    Well,
    /// Neither is sure.
    Open,
    /// An admin or the vendor closed the connection; there is nobody to be told.
    Closed,
}

impl Condition {
    fn of(health: &Health, now: Timestamp) -> Self {
        let is_long = health.last_call.is_some_and(|last| last.plus_seconds(SILENCE_SECONDS) <= now);
        match health.state {
            ConnectionState::Degraded => Self::Trouble(Reason::Degraded),
            ConnectionState::QuarantineLikely => Self::Trouble(Reason::QuarantineLikely),
            ConnectionState::Refused => Self::Trouble(Reason::Refused),
            ConnectionState::Quiet if is_long => Self::Trouble(Reason::Quiet),
            ConnectionState::Healthy | ConnectionState::Rotating => Self::Well,
            // The last day of a token is told before failures, so that it says nothing of these.
            ConnectionState::TokenExpiring => match health.expiring.first() {
                Some(Expiring { notice: ExpiryNotice::Day1, .. }) => Self::Open,
                _ => Self::Well,
            },
            ConnectionState::Quiet
            | ConnectionState::Waiting
            | ConnectionState::Tested
            | ConnectionState::FirstSync
            | ConnectionState::Unknown => Self::Open,
            ConnectionState::OffNever | ConnectionState::Off | ConnectionState::Paused | ConnectionState::Suspended => {
                Self::Closed
            }
        }
    }
}

/// Compares what was told with how the connection is. One thing is told at a time; the next review comes soon.
pub fn review(health: &Health, known: &[Notice], now: Timestamp) -> Review {
    let own = |notice: &&Notice| !matches!(notice.reason, Reason::CertificateEnds(..));
    let known: Vec<Notice> = known.iter().filter(own).copied().collect();
    let known = known.as_slice();
    let told = || known.iter().filter(|notice| !notice.reason.is_about_a_token());
    let open = |reason: Reason| {
        let notice = Notice { reason, told: now, well_since: None };
        Review { opened: Some(notice), telling: Some(Telling::Trouble(reason)), ..Review::default() }
    };
    let is_known = |reason: Reason| known.iter().any(|notice| notice.reason == reason);
    let condition = Condition::of(health, now);
    if let Condition::Closed = condition {
        return Review { closed: known.iter().map(|notice| notice.reason).collect(), ..Review::default() };
    }
    let mut expiring = health.expiring.iter().map(Reason::of_end);
    let is_thought_well = told().any(|notice| notice.well_since.is_some());
    let decided = match condition {
        Condition::Trouble(reason) if !is_known(reason) => {
            Review { well_since: is_thought_well.then_some(None), ..open(reason) }
        }
        Condition::Trouble(_) if is_thought_well => Review { well_since: Some(None), ..Review::default() },
        Condition::Well => match told().map(|notice| notice.well_since).max() {
            Some(None) => Review { well_since: Some(Some(now)), ..Review::default() },
            Some(Some(since)) if since.plus_seconds(WELL_SECONDS) <= now => Review {
                closed: told().map(|notice| notice.reason).collect(),
                telling: Some(Telling::Well),
                ..Review::default()
            },
            _ => Review::default(),
        },
        _ => Review::default(),
    };
    if !decided.is_empty() {
        return decided;
    }
    expiring.find(|reason| !is_known(*reason)).map_or_else(|| forget(known, now), open)
}

fn forget(known: &[Notice], now: Timestamp) -> Review {
    let old = |notice: &&Notice| notice.reason.is_about_a_token() && notice.told.plus_seconds(FORGOTTEN_SECONDS) <= now;
    Review { closed: known.iter().filter(old).map(|notice| notice.reason).collect(), ..Review::default() }
}

#[cfg(test)]
mod tests;
