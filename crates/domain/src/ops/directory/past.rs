//! What a person or group was at a moment, by the journal.

use super::Directory;
use crate::Error;
use crate::ids::ResourceId;
use crate::replay::{Replay, Told};
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;

/// Facts read at once.
const STEP: u64 = 1_000;

/// How many facts about one resource are read to tell what it was.
const MOST_TOLD: u64 = 20_000;

/// A moment in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// When the fact of this number had happened.
    Number(i64),
    /// When everything up to this moment had happened.
    Moment(Timestamp),
}

/// What the journal tells of a moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Past {
    Told(Told),
    /// More facts than are read for one answer.
    TooMany,
}

impl Directory {
    /// What a resource was.
    pub async fn past(&self, scope: &TenantScope, id: ResourceId, as_of: AsOf) -> Result<Past, Error> {
        let mut read = self.store.read(scope).await?;
        let mut replay = Replay::default();
        let (mut number, mut told) = (0, 0);
        while told < MOST_TOLD {
            let facts = read.facts_about_after(id.0, number, STEP).await?;
            for fact in &facts {
                let is_later = match as_of {
                    AsOf::Number(last) => fact.number > last,
                    AsOf::Moment(last) => fact.at > last,
                };
                if is_later {
                    return Ok(Past::Told(replay.resource(id)));
                }
                replay.take(fact);
            }
            if (facts.len() as u64) < STEP {
                return Ok(Past::Told(replay.resource(id)));
            }
            number = facts.last().map_or(number, |fact| fact.number);
            told += facts.len() as u64;
        }
        Ok(Past::TooMany)
    }
}
