//! Who may come in: what is known of a tenant when its requests arrive, and how long it may be believed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use crate::credential::Credential;
use crate::store::{Store, StoreError};
use crate::tenant::{Tenant, TenantSlug};
use crate::timestamp::Timestamp;

/// A tenant and its credentials, as they were read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    pub tenant: Tenant,
    pub credentials: Vec<Credential>,
}

/// A note that something about a tenant is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantChange {
    /// Of two notes with the same id, such as two about one tenant's indexes, each has its own moment.
    pub at: Timestamp,
    pub id: Uuid,
    pub slug: TenantSlug,
}

/// How many tenants a process remembers.
const TENANTS: u64 = 20_000;

/// How long it remembers one, whatever others say: a note that was lost is made up for.
const LIFE: Duration = Duration::from_mins(1);

/// How long a process believes what it knows without having asked what changed (decisions.md 19).
pub const TRUST_SECONDS: i64 = 5;

/// How long the body of a request may take to arrive, which was let in before.
pub const BODY_SECONDS: u32 = 30;

/// How long one operation of a request may take, or it is given up.
pub const OPERATION_SECONDS: u32 = 30;

/// How far back it asks. Notes become visible when their transactions commit, and clocks differ.
const WINDOW_SECONDS: i64 = 120;

/// How long a note is acted on again and again: somebody may be reading what it made obsolete, and remember it afterwards.
/// Longer than such a reading may take.
const ECHO_SECONDS: i64 = 10;

/// What a process remembers of who may come in, so that the check of a token costs no round trip.
pub struct Admissions {
    store: Arc<dyn Store>,
    known: Cache<TenantSlug, Arc<Admission>>,
    /// When it was last asked what changed.
    asked: AtomicI64,
    /// When each note was first seen.
    seen: Mutex<HashMap<(Timestamp, Uuid), Timestamp>>,
}

impl Admissions {
    /// Remembers nothing until [`follow`](Self::follow) is called regularly.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let known = Cache::builder().max_capacity(TENANTS).time_to_live(LIFE).build();
        Self { store, known, asked: AtomicI64::new(i64::MIN), seen: Mutex::default() }
    }

    /// The tenant of that name and its credentials, if somebody may come in by them. What is remembered is good for letting in
    /// alone: a refusal is decided on what is read now, so that a token made a moment ago is good at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it has to be read and cannot.
    pub async fn find(
        &self,
        slug: &TenantSlug,
        now: Timestamp,
        lets_in: impl Fn(&Admission) -> bool,
    ) -> Result<Option<Arc<Admission>>, StoreError> {
        if let Some(known) = self.believed(slug, now).filter(|known| lets_in(known)) {
            return Ok(Some(known));
        }
        self.read(slug).await
    }

    /// What this process remembers of a tenant and may believe now.
    pub fn believed(&self, slug: &TenantSlug, now: Timestamp) -> Option<Arc<Admission>> {
        let trusted = Timestamp::from_micros(self.asked.load(Ordering::Acquire)).plus_seconds(TRUST_SECONDS) > now;
        self.known.get(slug).filter(|_| trusted)
    }

    /// A tenant as it is now, to be remembered.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn read(&self, slug: &TenantSlug) -> Result<Option<Arc<Admission>>, StoreError> {
        let found = self.store.find_admission(slug).await?.map(Arc::new);
        if let Some(found) = &found {
            self.known.insert(slug.clone(), found.clone());
        }
        Ok(found)
    }

    /// Asks what others changed and forgets it; to be called twice a second.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; nothing is believed when that goes on for longer than [`TRUST_SECONDS`].
    pub async fn follow(&self, now: Timestamp) -> Result<(), StoreError> {
        let changes = self.store.tenant_changes(now.plus_seconds(-WINDOW_SECONDS)).await?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for change in &changes {
            let first = *seen.entry((change.at, change.id)).or_insert(now);
            if first.plus_seconds(ECHO_SECONDS) >= now {
                self.forget(&change.slug);
            }
        }
        seen.retain(|_, first| first.plus_seconds(2 * WINDOW_SECONDS) > now);
        self.asked.store(now.as_micros(), Ordering::Release);
        Ok(())
    }

    /// Forgets a tenant that this process has changed.
    pub fn forget(&self, slug: &TenantSlug) {
        self.known.invalidate(slug);
    }
}
