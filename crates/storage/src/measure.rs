//! What is counted of the database. What the names mean stands in the server's catalogue of measurements; where nobody
//! collects them, nothing is counted.

use std::time::Instant;

use domain::store::StoreError;
use metrics::{counter, histogram};

/// Notes how long somebody waited for a connection, and whether he got one.
pub fn waited<T, E>(pool: &'static str, since: Instant, taken: &Result<T, E>) {
    histogram!("rollcall_database_wait_seconds", "pool" => pool).record(since.elapsed());
    if taken.is_err() {
        counter!("rollcall_database_wait_failures_total", "pool" => pool).increment(1);
    }
}

/// Makes a pool known, in which nobody has waited in vain yet.
pub fn opened(pool: &'static str) {
    counter!("rollcall_database_wait_failures_total", "pool" => pool).increment(0);
}

/// Counts an error by what it means to those who look after the database. What is wrong with somebody's data is none.
pub fn failed(meaning: &StoreError) {
    let kind = match meaning {
        StoreError::Contention => "contention",
        StoreError::Locked => "locked",
        StoreError::TooSlow => "too_slow",
        StoreError::Unavailable(_) => "unavailable",
        StoreError::Internal(_) | StoreError::Schema(_) => "internal",
        StoreError::Taken { .. } | StoreError::MemberGone | StoreError::TooMuchWork { .. } | StoreError::Busy => return,
    };
    counter!("rollcall_database_errors_total", "kind" => kind).increment(1);
}

/// How much of a pool is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    pub name: &'static str,
    /// Connections that it may hold.
    pub most: u32,
    pub in_use: u32,
    pub idle: u32,
}
