//! What time it is.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::ports::Clock;
use domain::store::{Store, StoreError};
use domain::timestamp::Timestamp;

/// Clocks that differ by less are taken for equal: an answer is under way for some time.
const TOLERANCE: Duration = Duration::from_secs(1);

/// A difference of this much is worth a word.
const STRANGE: Duration = Duration::from_secs(5);

/// How the start of a clock that goes by this machine is marked.
const BY_MACHINE: i64 = i64::MIN;

/// The machine's clock, until it goes by that of the database, as all processes on a PostgreSQL do (ADR 0047). From then on
/// it does not notice when somebody sets the machine's.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    /// What the database's clock showed at the start, in microseconds.
    started_at: AtomicI64,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now(), started_at: AtomicI64::new(BY_MACHINE) }
    }
}

impl SystemClock {
    /// Goes by the clock of the database, where that is another one; to be called regularly.
    ///
    /// # Errors
    /// [`StoreError`]; the clock goes on as before.
    pub async fn follow(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.follow_by(async { store.work().clock().await }).await
    }

    /// As [`follow`](Self::follow), by whoever asks the database.
    ///
    /// # Errors
    /// Those of asking; the clock goes on as before.
    pub async fn follow_by(
        &self,
        asking: impl Future<Output = Result<Option<Timestamp>, StoreError>>,
    ) -> Result<(), StoreError> {
        let asked = self.now();
        let sent = Instant::now();
        if let Some(shown) = asking.await? {
            self.set(asked, shown, sent.elapsed());
        }
        Ok(())
    }

    /// The database's clock showed `shown` within `took` after this one showed `asked`.
    fn set(&self, asked: Timestamp, shown: Timestamp, took: Duration) {
        let (took, tolerance) = (micros(took), micros(TOLERANCE));
        let ahead = shown.as_micros() - asked.as_micros();
        let is_first = self.started_at.load(Ordering::Acquire) == BY_MACHINE;
        if !is_first && (-tolerance..=took + tolerance).contains(&ahead) {
            return;
        }
        let difference = ahead - took / 2;
        if difference.abs() > micros(STRANGE) {
            let seconds = -difference / 1_000_000;
            tracing::warn!(
                seconds,
                "this clock is ahead of the database's by so much, which is followed; set the machine's"
            );
        }
        let now = shown.as_micros() + took / 2;
        self.started_at.store(now - micros(self.start.elapsed()), Ordering::Release);
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        match self.started_at.load(Ordering::Acquire) {
            BY_MACHINE => machine(),
            started_at => Timestamp::from_micros(started_at + micros(self.start.elapsed())),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn machine() -> Timestamp {
    Timestamp::from_micros(micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    /// How far a clock is ahead of the machine's, in seconds.
    fn ahead(clock: &SystemClock) -> i64 {
        (clock.now().as_micros() - machine().as_micros() + 500_000).div_euclid(1_000_000)
    }

    #[test]
    fn by_itself_it_is_the_machines_clock() {
        assert_eq!(ahead(&SystemClock::default()), 0);
    }

    #[test]
    fn it_goes_by_the_database_whichever_way_that_differs() {
        for seconds in [HOUR, -HOUR] {
            let clock = SystemClock::default();
            let asked = clock.now();
            clock.set(asked, asked.plus_seconds(seconds), Duration::ZERO);
            assert_eq!(ahead(&clock), seconds);
        }
    }

    #[test]
    fn a_slow_answer_does_not_move_it() {
        let clock = SystemClock::default();
        let asked = clock.now();
        clock.set(asked, asked, Duration::ZERO);
        let before = clock.started_at.load(Ordering::Acquire);
        for shown in [asked, asked.plus_seconds(4)] {
            clock.set(asked, shown, Duration::from_secs(4));
        }
        assert_eq!(clock.started_at.load(Ordering::Acquire), before);
    }
}
