//! What is asked of some things is only when they were seen first, so they are written once and not with every batch: of a
//! busy tenant they would be most of its rows there (docs/performance.md).

use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use super::counted::{Counted, Seen, is_asked_for_its_first};

/// Things of tenants that a process knows to be written, and for how long it does: a tenant that is erased and brought back
/// from an archive may lack them.
const MOST: u64 = 20_000;
const KNOWN: Duration = Duration::from_mins(10);

/// What of a batch has to be written: what was seen of whom.
pub type Unknown<'c> = Vec<(&'c (Uuid, String), &'c Seen)>;

/// First moments that are written, in microseconds; there may be earlier ones.
pub struct Firsts(Cache<(Uuid, String), i64>);

impl Default for Firsts {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(KNOWN).build())
    }
}

impl Firsts {
    pub fn unknown<'c>(&self, counted: &'c Counted) -> Unknown<'c> {
        let is_known = |key: &(Uuid, String), seen: &Seen| {
            is_asked_for_its_first(&key.1) && self.0.get(key).is_some_and(|first| first <= seen.first.0)
        };
        counted.seen.iter().filter(|(key, seen)| !is_known(key, seen)).collect()
    }

    /// Takes note of what is written.
    pub fn note(&self, written: Unknown<'_>) {
        for (key, seen) in written.into_iter().filter(|((_, what), _)| is_asked_for_its_first(what)) {
            self.0.insert(key.clone(), seen.first.0);
        }
    }
}
