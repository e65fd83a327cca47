//! What operations need from the world besides the store.

use uuid::Uuid;

use crate::timestamp::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Makes identifiers that are new and grow with time.
pub trait IdGen: Send + Sync {
    fn next(&self, now: Timestamp) -> Uuid;
}

/// Makes 256 bits that nobody can guess.
pub trait SecretGen: Send + Sync {
    fn bytes(&self) -> [u8; 32];
}
