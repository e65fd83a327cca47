//! The real clock, ids, secrets and digests.

mod clock;
mod mailer;
mod offload;
mod passwords;
pub mod ring;

use std::panic::AssertUnwindSafe;
use std::sync::{LazyLock, Mutex};

use domain::ports::{IdGen, SecretGen};
use domain::timestamp::Timestamp;
use uuid::{ContextV7, Uuid};

pub use clock::SystemClock;
pub use mailer::CountedMailer;
pub use offload::BlockingThreads;
pub use passwords::Argon2Passwords;
pub use ring::RingHome;

/// Identifiers of version 7: unique over machines, and within a process each is higher than the one before.
#[derive(Clone, Copy, Debug)]
pub struct TimeOrderedIds;

/// What keeps ids of one moment in order.
static ORDER: LazyLock<Mutex<AssertUnwindSafe<ContextV7>>> =
    LazyLock::new(|| Mutex::new(AssertUnwindSafe(ContextV7::new())));

impl IdGen for TimeOrderedIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let micros = now.as_micros().unsigned_abs();
        let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or_default();
        Uuid::new_v7(uuid::Timestamp::from_unix(&*ORDER, micros / 1_000_000, nanos))
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
