//! The real clock, ids, secrets and digests.

mod offload;
mod passwords;
pub mod ring;

use std::time::{SystemTime, UNIX_EPOCH};

use domain::ports::{Clock, IdGen, SecretGen};
use domain::timestamp::Timestamp;
use uuid::Uuid;

pub use offload::BlockingThreads;
pub use passwords::Argon2Passwords;
pub use ring::RingHome;

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Identifiers of version 7: unique over machines, and within a process each is higher than the one before.
#[derive(Clone, Copy, Debug)]
pub struct TimeOrderedIds;

impl IdGen for TimeOrderedIds {
    #[expect(clippy::disallowed_methods, reason = "this is where ids come from")]
    fn next(&self, _: Timestamp) -> Uuid {
        Uuid::now_v7()
    }
}

/// A cryptographic generator seeded by the operating system.
#[derive(Clone, Copy, Debug)]
pub struct RandomSecrets;

impl SecretGen for RandomSecrets {
    #[expect(clippy::disallowed_methods, reason = "this is where secrets come from")]
    fn bytes(&self) -> [u8; 32] {
        rand::random()
    }
}
