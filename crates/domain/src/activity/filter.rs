//! Questions to the log, and pages of it.

use std::fmt;
use std::str::FromStr;

use super::{ActionKind, Activity, Outcome};
use crate::catalogue::Cause;
use crate::directory::Kind;
use crate::ids::{ActivityId, CredentialId, ResourceId};
use crate::timestamp::Timestamp;

/// What is asked for; what is left empty is not asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// One of these.
    pub outcomes: Vec<Outcome>,
    /// One of these.
    pub actions: Vec<ActionKind>,
    pub kind: Option<Kind>,
    /// The target, or the one person who joined or left a group.
    pub target: Option<ResourceId>,
    pub credential: Option<CredentialId>,
    pub cycle: Option<CycleRef>,
    pub cause: Option<Cause>,
    /// Part of a name, an address, a client, or a request id; without regard to case.
    pub text: Option<String>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Up to this moment, itself included.
    pub to: Option<Timestamp>,
    /// What was refused or failed.
    pub failures_only: bool,
}

/// A cycle by its credential and its time, as an address holds it: `<credential>.<from>.<to>`, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CycleRef {
    pub credential: CredentialId,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// One provisioning cycle: calls of a credential without a long pause between them. It is found when it is asked for, in
/// counts by the minute, so that its ends are known to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CycleSpan {
    pub cycle: CycleRef,
    pub requests: u64,
    /// Writes that were done.
    pub changes: u64,
    /// Requests that were refused or failed.
    pub failures: u64,
}

/// One page, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityPage {
    pub rows: Vec<Activity>,
    /// What to ask for the next page with: rows before this. None at the end of the log.
    pub next: Option<ActivityId>,
    /// The search ended here although nothing was found yet for the whole page: older rows have not been searched.
    pub searched_to: Option<Timestamp>,
}

const MICROS: i64 = 1_000_000;

impl CycleRef {
    /// Whether a row belongs to it.
    pub fn holds(&self, activity: &Activity) -> bool {
        let is_its = activity.credential.as_ref().is_some_and(|credential| credential.id == self.credential);
        is_its && (self.from..=self.to).contains(&activity.at)
    }
}

impl fmt::Display for CycleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.as_micros().div_euclid(MICROS), self.to.as_micros().div_euclid(MICROS));
        write!(f, "{}.{from}.{to}", self.credential)
    }
}

impl FromStr for CycleRef {
    type Err = ();

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or(());
        let credential = CredentialId(uuid::Uuid::try_parse(next()?).map_err(drop)?);
        let mut moment = |more: i64| {
            let seconds: i64 = next()?.parse().map_err(drop)?;
            seconds.checked_mul(MICROS).and_then(|micros| micros.checked_add(more)).ok_or(())
        };
        let (from, to) = (moment(0)?, moment(MICROS - 1)?);
        Ok(Self { credential, from: Timestamp::from_micros(from), to: Timestamp::from_micros(to) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_reads_back_from_an_address() {
        let text = "00000000-0000-0000-0000-000000000007.1767225600.1767225720";
        let cycle: CycleRef = text.parse().unwrap();
        assert_eq!(cycle.to_string(), text);
        assert_eq!(cycle.to.as_micros() % MICROS, MICROS - 1);
        for bad in [
            "",
            "7.1.2",
            "00000000-0000-0000-0000-000000000007.1",
            "00000000-0000-0000-0000-000000000007.9223372036854775807.1",
        ] {
            assert_eq!(bad.parse::<CycleRef>(), Err(()), "{bad}");
        }
    }
}
