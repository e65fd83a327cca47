//! Which parts of Redis are left alone for a while because they failed.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use redis::cluster_routing::Slot;

/// How long a part is left alone before somebody looks after it.
pub const PAUSE: Duration = Duration::from_millis(500);

/// What fails together: a slot of a cluster, or all of a single server. Nodes would be fewer, but slots move between them,
/// and only the library knows where they are.
pub type Part = Option<Slot>;

/// Whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Redis.
    Shared,
    /// Ourselves.
    Local,
    /// Ourselves, and somebody could look whether Redis is back.
    Due,
}

/// The parts that failed, and when each may be looked after.
#[derive(Default)]
pub struct Breakers(RwLock<HashMap<Part, Instant>>);

impl Breakers {
    pub fn way(&self, part: Part) -> Way {
        let broken = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match broken.get(&part) {
            None => Way::Shared,
            Some(next) if *next > Instant::now() => Way::Local,
            Some(_) => Way::Due,
        }
    }

    /// Leaves a part alone that failed. It may be left alone already: many requests fail at once.
    pub fn open(&self, part: Part) {
        let mut broken = self.0.write().unwrap_or_else(PoisonError::into_inner);
        broken.entry(part).or_insert_with(|| Instant::now() + PAUSE);
    }

    /// Whether the caller is the one who looks after a part now; the next may in a while.
    pub fn claim(&self, part: Part) -> bool {
        let mut broken = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = broken.get_mut(&part).filter(|next| **next <= now);
        due.is_some_and(|next| {
            *next = now + PAUSE;
            true
        })
    }

    /// Whether no part is left alone.
    pub fn are_closed(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The part answers again.
    pub fn close(&self, part: Part) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_failed_is_left_alone_and_then_looked_after_by_one() {
        let (breakers, one, other) = (Breakers::default(), Slot::new(1), Slot::new(2));
        assert_eq!((breakers.way(one), breakers.are_closed()), (Way::Shared, true));
        breakers.open(one);
        assert!(!breakers.are_closed());
        assert_eq!((breakers.way(one), breakers.way(other)), (Way::Local, Way::Shared));
        assert!(!breakers.claim(one), "too early");
        std::thread::sleep(PAUSE);
        breakers.open(one);
        assert_eq!(breakers.way(one), Way::Due, "a late failure makes it no longer");
        assert!(breakers.claim(one) && !breakers.claim(one));
        breakers.close(one);
        assert_eq!(breakers.way(one), Way::Shared);
        assert!(!breakers.claim(one), "nothing to look after");
    }
}
