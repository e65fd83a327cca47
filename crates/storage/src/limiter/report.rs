//! What the log is told: an outage fails every request, and one line says as much.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// At most one line of failure in so long.
const QUIET: Duration = Duration::from_mins(1);

/// The log's lines about Redis. None of them holds its address.
#[derive(Default)]
pub struct Report(Mutex<Told>);

#[derive(Default)]
struct Told {
    failure: Option<Instant>,
    /// Nobody was told yet that it is over.
    pending: bool,
}

impl Report {
    /// Redis failed, or is still not back.
    pub fn failed(&self, reason: &dyn Display) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.failure.is_none_or(|last| last.elapsed() >= QUIET) {
            tracing::warn!(%reason, "Redis failed; this process counts limits by itself until it is back");
            *told = Told { failure: Some(Instant::now()), pending: true };
        }
    }

    /// Redis answers again.
    pub fn back(&self) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut told.pending) {
            tracing::info!("Redis answers; limits are shared again");
        }
    }
}
