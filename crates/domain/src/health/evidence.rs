//! What of the setup guide was seen to be done.

use crate::catalogue::Cause;
use crate::ids::ActivityId;
use crate::timestamp::Timestamp;

/// The steps of the guide that leave a trace here, each when it was seen first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    pub authenticated: Step,
    pub user_searched: Step,
    pub user_created: Step,
    pub group_created: Step,
    pub member_added: Step,
    pub user_disabled: Step,
    /// Those of [`MAPPED`](crate::activity::MAPPED) that came with a value.
    pub attributes: Vec<String>,
    /// What came as `externalId`.
    pub external_ids: Option<ExternalIds>,
}

/// One step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The first success.
    pub seen: Option<Seen>,
    /// The latest failure.
    pub failed: Option<Failed>,
}

/// That something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub at: Timestamp,
    pub activity: ActivityId,
}

/// That something was tried and was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    pub at: Timestamp,
    pub activity: ActivityId,
    pub cause: Cause,
}

/// How a step is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    NotYet,
    Seen(Seen),
    /// It was tried, and never done so far.
    Failed(Failed),
}

/// What identity providers send as `externalId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalIds {
    /// Entra's object ids, as the guide asks for.
    ObjectIds,
    /// Something else, such as Entra's default `mailNickname`.
    Others,
}

impl Step {
    /// A step that was done once is done, whatever failed since.
    pub fn tick(&self) -> Tick {
        match (self.seen, self.failed) {
            (Some(seen), _) => Tick::Seen(seen),
            (None, Some(failed)) => Tick::Failed(failed),
            (None, None) => Tick::NotYet,
        }
    }
}

impl ExternalIds {
    /// What a value is; an object id is a UUID.
    pub fn of(value: &str) -> Self {
        match value.len() == 36 && uuid::Uuid::try_parse(value).is_ok() {
            true => Self::ObjectIds,
            false => Self::Others,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_step_that_was_done_stays_done_and_one_that_failed_says_why() {
        let (at, activity) = (Timestamp::from_micros(1), ActivityId(Uuid::from_u128(1)));
        let seen = Seen { at, activity };
        let failed = Failed { at, activity, cause: Cause::UserNameTaken };
        let table = [
            (Step::default(), Tick::NotYet),
            (Step { seen: Some(seen), failed: None }, Tick::Seen(seen)),
            (Step { seen: Some(seen), failed: Some(failed) }, Tick::Seen(seen)),
            (Step { seen: None, failed: Some(failed) }, Tick::Failed(failed)),
        ];
        for (step, tick) in table {
            assert_eq!(step.tick(), tick);
        }
    }

    #[test]
    fn an_object_id_is_a_uuid() {
        assert_eq!(ExternalIds::of("8f0d2c1e-5b7a-4a0e-9c31-2f6f3f0b7712"), ExternalIds::ObjectIds);
        for other in ["ana.kovac", "", "8f0d2c1e5b7a4a0e9c312f6f3f0b7712"] {
            assert_eq!(ExternalIds::of(other), ExternalIds::Others, "{other}");
        }
    }
}
