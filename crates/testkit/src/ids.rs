//! Identifiers and secrets that are the same in every run and never the same twice in one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use domain::ports::{IdGen, SecretGen};
use domain::timestamp::Timestamp;
use uuid::{Builder, Uuid};

/// Counts in the shape of UUID version 7: milliseconds, then a number. Each id is greater than the one before, even when the
/// clock goes back.
#[derive(Debug, Default)]
pub struct TestIds(Mutex<Last>);

#[derive(Debug, Default)]
struct Last {
    millis: u64,
    number: u64,
}

impl IdGen for TestIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.millis = last.millis.max(u64::try_from(now.as_micros() / 1_000).unwrap_or_default());
        last.number += 1;
        let mut tail = [0; 10];
        for (place, byte) in tail.iter_mut().rev().zip(last.number.to_le_bytes()) {
            *place = byte;
        }
        Builder::from_unix_timestamp_millis(last.millis, &tail).into_uuid()
    }
}

/// Counts where others draw at random. Two of these give the same secrets, so one database gets one.
#[derive(Debug, Default)]
pub struct TestSecrets(AtomicU64);

impl SecretGen for TestSecrets {
    fn bytes(&self) -> [u8; 32] {
        let number = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        let mut bytes = [0x5E; 32];
        for (place, byte) in bytes.iter_mut().zip(number) {
            *place = byte;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_version_7_and_grow_even_when_the_clock_goes_back() {
        let ids = TestIds::default();
        let moments = [1_767_225_600_000_000, 1_767_225_600_001_000, 0, 1_767_225_600_001_000];
        let made = moments.map(|micros| ids.next(Timestamp::from_micros(micros)));
        assert!(made.is_sorted_by(|left, right| left < right), "{made:?}");
        assert!(made.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(made[0].to_string(), "019b76da-a800-7000-8000-000000000001");
    }

    #[test]
    fn secrets_differ() {
        let secrets = TestSecrets::default();
        assert_ne!(secrets.bytes(), secrets.bytes());
    }
}
