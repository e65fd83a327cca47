//! What has to be asked for to be measured: every process looks whether the database and Redis answer, and one of them how much
//! waits.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::timeout;
use domain::ids::TenantId;
use domain::limit::{Budget, LimitKey, Policy};
use domain::ports::RateLimiter;
use domain::store::{Backlog, Queued, Store as _, StoreError};
use domain::timestamp::Timestamp;
use metrics::gauge;
use uuid::Uuid;

use super::shift::Shift;
use crate::metrics::Metrics;

/// A database that does not answer within this is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks whether a bucket of nobody's has something left; nothing is spent.
const PROBE: Policy = Policy::per_second(1, 1);

pub struct Observer {
    shift: Shift,
    collected: Metrics,
    limiter: Arc<dyn RateLimiter>,
    /// How many tenants are told apart.
    tenants: u32,
    /// Whether the last to tell how much waits was this process.
    has_told: bool,
}

impl Observer {
    /// `tenants`: how many are told apart.
    pub fn new(shift: Shift, collected: Metrics, limiter: Arc<dyn RateLimiter>, tenants: u32) -> Self {
        Self { shift, collected, limiter, tenants, has_told: false }
    }

    /// Looks once.
    ///
    /// # Errors
    /// [`StoreError`]: the database is away, or too busy to say what waits.
    pub async fn step(&mut self) -> Result<(), StoreError> {
        self.collected.tidy();
        let nobody = LimitKey::of_tenant(TenantId(Uuid::nil()), Budget::Reads);
        self.limiter.spend(&nobody, PROBE, 0).await;
        let rollcall = self.shift.rollcall.clone();
        let answered = in_time(rollcall.store.ping()).await;
        gauge!("rollcall_database_up").set(f64::from(u8::from(answered.is_ok())));
        answered?;
        // A database whose connections are all in use is not away.
        in_time(self.look()).await
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let rollcall = self.shift.rollcall.clone();
        rollcall.tell_tenants_apart(self.tenants).await?;
        if self.shift.is_on().await? {
            let backlog = rollcall.store.work().backlog().await?;
            self.tell(Some(backlog), rollcall.clock.now());
        } else if self.has_told {
            self.tell(None, rollcall.clock.now());
        }
        Ok(())
    }

    /// Tells how much waits; none when it is somebody else's to tell.
    fn tell(&mut self, backlog: Option<Backlog>, now: Timestamp) {
        self.has_told = backlog.is_some();
        let (facts, mails) = (backlog.map(|it| it.facts), backlog.map(|it| it.mails));
        gauge!("rollcall_facts_waiting").set(count(facts));
        gauge!("rollcall_facts_waiting_seconds").set(age(facts, now));
        gauge!("rollcall_mails_waiting").set(count(mails));
        gauge!("rollcall_mails_waiting_seconds").set(age(mails, now));
    }
}

async fn in_time<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = |_| StoreError::Unavailable("no answer in time".to_owned());
    timeout(PATIENCE, asked).await.map_err(late)?
}

/// What nothing compares with stands for what is not known.
fn count(queued: Option<Queued>) -> f64 {
    queued.map_or(f64::NAN, |queued| f64::from(u32::try_from(queued.count).unwrap_or(u32::MAX)))
}

fn age(queued: Option<Queued>, now: Timestamp) -> f64 {
    queued.map_or(f64::NAN, |queued| {
        let micros = queued.since.map_or(0, |since| now.as_micros().saturating_sub(since.as_micros()).max(0));
        Duration::from_micros(micros.unsigned_abs()).as_secs_f64()
    })
}
