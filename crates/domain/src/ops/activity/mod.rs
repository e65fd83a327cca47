//! The activity log: taking note of requests, writing them down, and reading them.

mod attribute;
mod diagnose;
mod queue;
mod reconcile;
mod refusals;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;

use crate::Error;
use crate::activity::{ActivityDetail, ActivityFilter, ActivityPage, CycleSpan, Entry};
use crate::admission::Admissions;
use crate::health::{Evidence, Pulse};
use crate::ids::{ActivityId, TenantId};
use crate::ops::Credentials;
use crate::store::{ActivityStore, Missing, Store, StoreError};
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

use queue::Queue;
pub use queue::{Knock, Noted};
use refusals::Refusals;

/// How often what has come together is written down, in milliseconds: what a crash may take of reads and failures.
pub const WRITE_EVERY_MS: u64 = 250;

/// Rows that one page, or one piece of an export, has at the most.
pub const MOST: u64 = 1_000;

/// How long what was counted for a tenant is good enough for the next who asks.
const FRESH: Duration = Duration::from_secs(2);

/// Tenants whose counts a process keeps for that long.
const TENANTS: u64 = 1_000;

/// What a process has for the log and has not written yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBacklog {
    pub waiting: usize,
    /// How many could not be kept since the process began.
    pub dropped: u64,
    /// See [`ActivityLog::delay`].
    pub delay_seconds: i64,
}

/// Requests of identity providers, as people read about them.
pub struct ActivityLog {
    log: Arc<dyn ActivityStore>,
    store: Arc<dyn Store>,
    admissions: Arc<Admissions>,
    credentials: Arc<Credentials>,
    queue: Queue,
    /// One batch is written after another, also when two ask for it.
    writing: futures_util::lock::Mutex<()>,
    /// A batch that could not be written, and is tried again.
    pending: Mutex<Option<(Vec<Entry>, Vec<Missing>)>>,
    /// The oldest moment of the batch that is being written, or tried again.
    in_hand: Mutex<Option<Timestamp>>,
    /// What is being added up at the moment.
    refusals: Mutex<Refusals>,
    pulses: Cache<TenantId, Arc<Pulse>>,
}

impl ActivityLog {
    pub fn new(
        log: Arc<dyn ActivityStore>,
        store: Arc<dyn Store>,
        admissions: Arc<Admissions>,
        credentials: Arc<Credentials>,
    ) -> Self {
        let pulses = Cache::builder().max_capacity(TENANTS).time_to_live(FRESH).build();
        Self {
            log,
            store,
            admissions,
            credentials,
            queue: Queue::default(),
            writing: futures_util::lock::Mutex::default(),
            pending: Mutex::default(),
            in_hand: Mutex::default(),
            refusals: Mutex::default(),
            pulses,
        }
    }

    /// Takes note of a request that was let in. Never waits and never fails: what finds no room is counted, reads first.
    pub fn record(&self, noted: Noted) {
        self.queue.add(noted);
    }

    /// Takes note of a request that was refused at the door. Whose it is and what was wrong is found out later, so that the
    /// caller cannot tell by the time it takes.
    pub fn knock(&self, knock: Knock) {
        self.queue.knock(knock);
    }

    /// A page of what a filter is true of, the newest first: what is before a row, or the newest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(
        &self,
        scope: &TenantScope,
        filter: &ActivityFilter,
        before: Option<ActivityId>,
        limit: u64,
    ) -> Result<ActivityPage, StoreError> {
        self.log.page(scope, filter, before, limit.clamp(1, MOST)).await
    }

    /// A row with everything that is known of it.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn find(&self, scope: &TenantScope, id: ActivityId) -> Result<ActivityDetail, Error> {
        let found = self.log.find(scope, id).await?;
        let (activity, bodies) = found.ok_or_else(|| Error::NotFound(format!("activity {id}")))?;
        let facts = match activity.action.kind().is_write() {
            true => self.store.read(scope).await?.facts_of_request(&activity.request_id).await?,
            false => Vec::new(),
        };
        Ok(ActivityDetail { activity, request: bodies.request, response: bodies.response, facts })
    }

    /// The cycles that have something between these moments, the newest first; see [`CycleRef::holds`] for which rows are
    /// whose.
    ///
    /// [`CycleRef::holds`]: crate::activity::CycleRef::holds
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cycles(
        &self,
        scope: &TenantScope,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<CycleSpan>, StoreError> {
        self.log.cycles(scope, from, to).await
    }

    /// What the log knows of a connection; a count may be two seconds old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pulse(&self, scope: &TenantScope, now: Timestamp) -> Result<Arc<Pulse>, StoreError> {
        if let Some(known) = self.pulses.get(&scope.tenant()) {
            return Ok(known);
        }
        let pulse = Arc::new(self.log.pulse(scope, now).await?);
        self.pulses.insert(scope.tenant(), pulse.clone());
        Ok(pulse)
    }

    /// What of the setup guide was seen to be done.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn evidence(&self, scope: &TenantScope) -> Result<Evidence, StoreError> {
        self.log.first_seen(scope).await
    }

    /// When the oldest row is from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn oldest(&self, scope: &TenantScope) -> Result<Option<Timestamp>, StoreError> {
        self.log.oldest(scope).await
    }

    /// How many seconds the log is behind, because what this process has cannot be written.
    pub fn delay(&self, now: Timestamp) -> i64 {
        let oldest = *self.in_hand.lock().unwrap_or_else(PoisonError::into_inner);
        oldest.map_or(0, |oldest| now.as_micros().saturating_sub(oldest.as_micros()).max(0) / 1_000_000)
    }

    /// How much of what this process has is not written yet.
    pub fn backlog(&self, now: Timestamp) -> LogBacklog {
        let (queued, dropped) = self.queue.counts();
        let in_hand = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let in_hand = in_hand.as_ref().map_or(0, |(entries, _)| entries.len());
        LogBacklog { waiting: queued + in_hand, dropped, delay_seconds: self.delay(now) }
    }

    /// How many entries since then could not be kept, because there were too many at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn missing(&self, scope: &TenantScope, since: Timestamp) -> Result<u64, StoreError> {
        self.log.missing(scope, since).await
    }

    /// The tenants that have anything in the log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.log.tenants().await
    }

    /// Removes what is left of a tenant that is no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, tenant: TenantId) -> Result<(), StoreError> {
        self.log.forget(tenant).await
    }

    /// How many rows are too many, when all together may take so many bytes. It is told once for what is then removed: what
    /// the database knows of its size follows only after some seconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn surplus(&self, bytes: u64) -> Result<u64, StoreError> {
        let (size, rows) = self.log.size().await?;
        let over = u128::from(size.saturating_sub(bytes)) * u128::from(rows);
        Ok(u64::try_from(over.div_ceil(u128::from(size.max(1)))).unwrap_or(u64::MAX))
    }

    /// Removes rows, at most so many: the oldest of whoever has the most. Gives how many these were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn shrink(&self, limit: u64) -> Result<u64, StoreError> {
        match self.log.largest().await? {
            Some(tenant) => self.log.prune_oldest(tenant, limit).await,
            None => Ok(0),
        }
    }

    /// Gives back to the disk what is free in the log's file, if it has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_back(&self) -> Result<(), StoreError> {
        self.log.give_back().await
    }

    /// Removes a tenant's rows that are older than it wants, at most `limit` of them. Gives how many these were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prune(&self, tenant: &Tenant, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        let days = tenant.choices.preferences.retention.days();
        let before = now.plus_seconds(-i64::from(days) * 86_400);
        self.log.prune(&tenant.scope(), before, limit).await
    }
}
