//! Mails: what people are told of their connections, and sending what waits.

use std::sync::Arc;

use domain::health::Health;
use domain::notice::text::About;
use domain::ops::Reviewed;
use domain::store::{Outbox as _, Store as _, StoreError};
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;
use metrics::SharedString;

use super::marks::Marks;
use super::shift::Shift;
use crate::metrics::tenants::Found;
use crate::wiring::Rollcall;

/// How often a tenant is looked at, in seconds.
const EVERY_SECONDS: i64 = 60;

/// What the worker that sends is called.
pub const MAILS: &str = "mails";

/// What says when tokens and secrets end.
const ENDS: &str = "rollcall_secret_expires_timestamp_seconds";

/// Looks at how connections are, one process at a time.
pub struct Watcher {
    shift: Shift,
    next: Timestamp,
    found: Found,
}

impl Watcher {
    pub fn new(shift: Shift) -> Self {
        Self { next: shift.rollcall.clock.now(), shift, found: Found::default() }
    }

    /// Looks at every tenant that is open or was told something.
    ///
    /// # Errors
    /// The last failure; the other tenants are looked at all the same.
    pub async fn step(&mut self) -> Result<(), StoreError> {
        // Asked more often than there is work, so that the process that does it goes on doing it.
        let rollcall = self.shift.rollcall.clone();
        let now = rollcall.clock.now();
        if !self.shift.is_on().await? {
            // Somebody else tells now.
            self.found.replace(Found::default(), ENDS);
            return Ok(());
        }
        if now < self.next {
            self.found.tell(ENDS);
            return Ok(());
        }
        self.next = now.plus_seconds(EVERY_SECONDS);
        let (mut outcome, mut found) = (Ok(()), Found::default());
        for slug in rollcall.store.watched_tenants().await? {
            if !self.shift.is_on().await? {
                return outcome;
            }
            match look(&rollcall, &slug).await {
                Ok(health) => {
                    note(&mut found, &rollcall.labels.of(Some(&slug)), health.as_ref());
                    self.shift.has_progressed();
                }
                Err(error) => outcome = Err(error),
            }
        }
        self.found.replace(found, ENDS);
        self.found.tell(ENDS);
        outcome
    }
}

fn note(found: &mut Found, tenant: &SharedString, health: Option<&Health>) {
    let Some(health) = health else { return };
    found.state(tenant.clone(), health.state.as_str());
    if let Some(first) = health.expiring.first() {
        found.end(tenant.clone(), first.at);
    }
}

async fn look(rollcall: &Rollcall, slug: &TenantSlug) -> Result<Option<Health>, StoreError> {
    let Some(admission) = rollcall.store.find_admission(slug).await? else { return Ok(None) };
    let to = &admission.tenant.choices.preferences.notify;
    let page = rollcall.addresses.settings_url(slug);
    let about = About { tenant: &admission.tenant.name, product: &rollcall.product, page: &page };
    let Reviewed { health, told } = rollcall.notices.review(&admission, to, about, rollcall.clock.now()).await?;
    if told > 0 {
        tracing::info!(tenant.slug = slug.as_str(), mails = told, "people are told how their connection is");
    }
    Ok(Some(health))
}

/// Sends mails until none is due.
///
/// # Errors
/// See [`StoreError`].
pub async fn deliver((rollcall, marks): &mut (Arc<Rollcall>, Arc<Marks>)) -> Result<(), StoreError> {
    while rollcall.mailroom.deliver(rollcall.clock.now()).await? > 0 {
        marks.succeeded(MAILS, rollcall.clock.now());
    }
    Ok(())
}
