//! Whose turn it is.

use std::sync::Arc;

use domain::store::{Lease, Store as _, StoreError};
use domain::timestamp::Timestamp;

use super::marks::Marks;
use crate::wiring::Rollcall;

/// How long a lease holds without being renewed.
const LEASE_SECONDS: i64 = 6;
/// How often it is renewed, and how often others ask whether it has run out.
pub const RENEW_SECONDS: i64 = 2;

/// One kind of work, and whether this process is the one that does it.
pub struct Shift {
    pub rollcall: Arc<Rollcall>,
    pub lease: Lease,
    is_on: bool,
    ask_at: Timestamp,
    marks: Arc<Marks>,
}

impl Shift {
    pub fn new(rollcall: Arc<Rollcall>, work: &'static str, holder: &str, marks: Arc<Marks>) -> Self {
        let now = rollcall.clock.now();
        let lease = Lease { name: work, holder: holder.to_owned(), until: now };
        Self { rollcall, lease, is_on: false, ask_at: now, marks }
    }

    /// A part of a long step is done, so that it is not taken for one that hangs.
    pub fn has_progressed(&self) {
        self.marks.succeeded(self.lease.name, self.rollcall.clock.now());
    }

    /// Whether it is this process's turn.
    pub async fn is_on(&mut self) -> Result<bool, StoreError> {
        let now = self.rollcall.clock.now();
        if now >= self.ask_at || self.lease.until > now.plus_seconds(LEASE_SECONDS) {
            let lease = Lease { until: now.plus_seconds(LEASE_SECONDS), ..self.lease.clone() };
            self.is_on = self.rollcall.store.work().take_lease(&lease, now).await?;
            self.lease = lease;
            self.ask_at = now.plus_seconds(RENEW_SECONDS);
            self.marks.turn(self.lease.name, self.is_on);
        }
        Ok(self.is_on && now < self.lease.until)
    }
}
