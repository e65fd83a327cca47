//! The activity log: what identity providers asked of a tenant, and what they were answered.
//!
//! It stands beside the [journal](crate::journal), which holds changes and never loses one. A row here is about one request
//! (or about many refused ones that are alike), holds what a person needs to understand it, and goes after some weeks.

mod action;
mod filter;
mod provider;
mod reach;
mod redact;
mod seen;
mod shown;
mod trail;

use uuid::{Builder, Uuid};

use crate::catalogue::Cause;
use crate::directory::Kind;
use crate::health::ExternalIds;
use crate::ids::{ActivityId, CredentialId, ResourceId, SecretId, TenantId};
use crate::journal::NumberedFact;
use crate::provider::Provider;
use crate::timestamp::Timestamp;

pub use action::{Action, ActionKind, Person};
pub use filter::{ActivityFilter, ActivityPage, CycleRef, CycleSpan};
pub use provider::guess as guess_provider;
pub use reach::Reach;
pub use redact::{SensitiveNames, WITHHELD, body as redact_body, looks_secret, path as redact_path};
pub use seen::{MAPPED, SeenAttributes, attributes_of};
pub use shown::{AccessText, Shown};
pub use trail::{Raw, Trace, Trail, change_of, name_of};

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// In order of time.
    pub id: ActivityId,
    /// When the request arrived; of several that were added up, the first.
    pub at: Timestamp,
    pub took_us: u64,
    /// What the answer carried as `X-Request-Id`, and the journal's facts have.
    pub request_id: String,
    pub credential: Option<CredentialRef>,
    /// The User-Agent, shortened.
    pub client: Option<String>,
    pub provider: Provider,
    pub method: String,
    /// With its query, in which secrets are left out.
    pub path: String,
    /// What was done or, when it was refused, tried.
    pub action: Action,
    pub target: Option<TargetRef>,
    pub outcome: Outcome,
    pub status: u16,
    /// Why it was refused or failed.
    pub cause: Option<Cause>,
    /// More than one when refused requests that are alike were added up.
    pub times: u32,
    /// Where refused requests came from: an address, or the part of one that a network gives to one customer.
    pub address: Option<String>,
}

/// Whose credential it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRef {
    pub id: CredentialId,
    pub label: String,
}

/// What a request was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRef {
    pub kind: Kind,
    /// None for what was not made, and for searches.
    pub id: Option<ResourceId>,
    /// What people call it: a group's name, a person's; of a search, what was looked for.
    pub name: Option<String>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    Done,
    /// It was a change that changes nothing.
    Unchanged,
    /// What was asked for does not exist. A search without a hit is [`Outcome::Done`].
    NotFound,
    /// By the request's own fault: 4xx.
    Refused,
    /// By ours: 5xx.
    Failed,
}

impl Outcome {
    pub const ALL: [Self; 5] = [Self::Done, Self::Unchanged, Self::NotFound, Self::Refused, Self::Failed];

    /// Its name as it is stored and stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unchanged => "unchanged",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// The outcome of a stored name; none when it is no name of one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }

    /// How an answer with this status ended; whether something changed is known to the operation alone.
    pub const fn of_status(status: u16) -> Self {
        match status {
            404 => Self::NotFound,
            400..=499 => Self::Refused,
            500.. => Self::Failed,
            _ => Self::Done,
        }
    }

    /// Whether somebody may have to do something about it.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Refused | Self::Failed)
    }
}

/// A row with everything that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityDetail {
    pub activity: Activity,
    /// Without its secrets, and not more than a few thousand characters of it.
    pub request: Option<String>,
    /// Likewise.
    pub response: Option<String>,
    /// What changed by it.
    pub facts: Vec<NumberedFact>,
}

/// The bodies that are kept of a request, redacted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bodies {
    pub request: Option<String>,
    pub response: Option<String>,
}

/// A row on its way into the log, and what is counted of it beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub tenant: TenantId,
    pub activity: Activity,
    pub bodies: Bodies,
    pub reach: Reach,
    /// Of an OAuth client: by which of its secrets the access token was got.
    pub secret: Option<SecretId>,
    /// Whether it failed because of something else that the request refers to: the member of a group, a manager.
    pub is_reference: bool,
    /// Those of [`MAPPED`] that came with a value.
    pub attributes: Vec<&'static str>,
    /// What came as `externalId`.
    pub external_ids: Option<ExternalIds>,
}

impl Entry {
    /// A row of a request that was served, with nothing beside it.
    pub fn of(tenant: TenantId, activity: Activity) -> Self {
        Self {
            tenant,
            activity,
            bodies: Bodies::default(),
            reach: Reach::Served,
            secret: None,
            is_reference: false,
            attributes: Vec::new(),
            external_ids: None,
        }
    }
}

impl ActivityId {
    /// The id of the row of a request that arrived then: ids are in order of time, and a request has one.
    pub fn of_request(at: Timestamp, request: Uuid) -> Self {
        let random = request.as_u128().to_be_bytes();
        let mut tail = [0; 10];
        for (place, byte) in tail.iter_mut().zip(random.into_iter().skip(6)) {
            *place = byte;
        }
        Self(Builder::from_unix_timestamp_millis(millis(at), &tail).into_uuid())
    }

    /// The lowest id that a row of that moment can have.
    pub fn first_at(at: Timestamp) -> Self {
        Self(Uuid::from_u128(u128::from(millis(at)) << 80))
    }

    /// The highest id that a row of that moment can have.
    pub fn last_at(at: Timestamp) -> Self {
        Self(Uuid::from_u128((u128::from(millis(at)) << 80) | ((1 << 80) - 1)))
    }
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_micros() / 1_000).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_of_time_and_between_the_bounds_of_their_moment() {
        let request = Uuid::from_u128(u128::MAX);
        let (early, late) =
            (Timestamp::from_micros(1_767_225_600_000_999), Timestamp::from_micros(1_767_225_600_001_000));
        let id = ActivityId::of_request(early, request);
        assert!(id < ActivityId::of_request(late, Uuid::nil()));
        assert!(ActivityId::first_at(early) <= id && id <= ActivityId::last_at(early));
        assert!(ActivityId::last_at(early) < ActivityId::first_at(late));
        assert_eq!(id.0.get_version_num(), 7);
    }

    #[test]
    fn outcomes_follow_from_the_status() {
        let of = |status| Outcome::of_status(status).as_str();
        assert_eq!([200, 204, 304, 404, 409, 503].map(of), ["done", "done", "done", "not_found", "refused", "failed"]);
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::named(outcome.as_str()), Some(outcome));
        }
    }
}
