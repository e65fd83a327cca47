//! How the workers of this process do, for those who look after it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::timestamp::Timestamp;
use metrics::{counter, gauge};

use crate::metrics::tenants::seconds;

/// What each worker has last done.
#[derive(Default)]
pub struct Marks(Mutex<Known>);

#[derive(Default)]
struct Known {
    succeeded: BTreeMap<&'static str, Timestamp>,
    held: BTreeMap<&'static str, bool>,
}

impl Marks {
    fn note(&self, note: impl FnOnce(&mut Known)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A worker begins. Until its first step ends it counts as well, so that one that never ends a step is seen.
    pub(super) fn begun(&self, worker: &'static str, now: Timestamp) {
        self.succeeded(worker, now);
        counter!("rollcall_worker_failures_total", "worker" => worker).increment(0);
    }

    pub(super) fn succeeded(&self, worker: &'static str, now: Timestamp) {
        self.note(|known| {
            known.succeeded.insert(worker, now);
        });
    }

    /// Whether it is this process's turn.
    pub(super) fn turn(&self, work: &'static str, is_on: bool) {
        self.note(|known| {
            known.held.insert(work, is_on);
        });
    }

    /// Measures now.
    pub fn measure(&self) {
        self.note(|known| {
            for (worker, at) in &known.succeeded {
                gauge!("rollcall_worker_last_success_timestamp_seconds", "worker" => *worker).set(seconds(*at));
            }
            for (work, is_held) in &known.held {
                gauge!("rollcall_worker_lease_held", "work" => *work).set(f64::from(u8::from(*is_held)));
            }
        });
    }
}
