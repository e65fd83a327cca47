//! What is asked of some things is only when they were seen first, so they are written once and not with every batch: of a
//! busy tenant they would be most of its rows there (docs/performance.md).

use moka::sync::Cache;
use uuid::Uuid;

use super::counted::{Counted, Seen, is_asked_for_its_first};

/// Things of tenants that a process knows to be written.
const MOST: u64 = 20_000;

/// The first moments that are written, in microseconds.
pub struct Firsts(Cache<(Uuid, String), i64>);

impl Default for Firsts {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Firsts {
    /// What of a batch has to be written.
    pub fn unknown<'c>(&self, counted: &'c Counted) -> Vec<(&'c (Uuid, String), &'c Seen)> {
        let is_known = |key: &(Uuid, String), seen: &Seen| {
            is_asked_for_its_first(&key.1) && self.0.get(key).is_some_and(|first| first <= seen.first.0)
        };
        counted.seen.iter().filter(|(key, seen)| !is_known(key, seen)).collect()
    }

    /// Takes note of a batch that is written.
    pub fn note(&self, counted: Counted) {
        for (key, seen) in counted.seen.into_iter().filter(|((_, what), _)| is_asked_for_its_first(what)) {
            self.0
                .entry(key)
                .and_upsert_with(|known| known.map_or(seen.first.0, |known| known.into_value().min(seen.first.0)));
        }
    }
}
