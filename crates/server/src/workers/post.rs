//! Mails: what people are told of their connections, and sending what waits.

use std::sync::Arc;

use domain::notice::text::About;
use domain::store::{Outbox as _, Store as _, StoreError};
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;

use super::shift::Shift;
use crate::wiring::Rollcall;

/// How often a tenant is looked at, in seconds.
const EVERY_SECONDS: i64 = 60;

/// Looks at how connections are, one process at a time.
pub struct Watcher {
    shift: Shift,
    next: Timestamp,
}

impl Watcher {
    pub fn new(shift: Shift) -> Self {
        Self { next: shift.rollcall.clock.now(), shift }
    }

    /// Looks at every tenant that is open or was told something.
    ///
    /// # Errors
    /// The last failure; the other tenants are looked at all the same.
    pub async fn step(&mut self) -> Result<(), StoreError> {
        // Asked more often than there is work, so that the process that does it goes on doing it.
        let rollcall = self.shift.rollcall.clone();
        let now = rollcall.clock.now();
        if !self.shift.is_on().await? || now < self.next {
            return Ok(());
        }
        self.next = now.plus_seconds(EVERY_SECONDS);
        let mut outcome = Ok(());
        for slug in rollcall.store.watched_tenants().await? {
            if !self.shift.is_on().await? {
                break;
            }
            if let Err(error) = look(&rollcall, &slug).await {
                outcome = Err(error);
            }
        }
        outcome
    }
}

async fn look(rollcall: &Rollcall, slug: &TenantSlug) -> Result<(), StoreError> {
    let Some(admission) = rollcall.store.find_admission(slug).await? else { return Ok(()) };
    let to = &admission.tenant.choices.preferences.notify;
    let page = rollcall.addresses.settings_url(slug);
    let about = About { tenant: &admission.tenant.name, product: &rollcall.product, page: &page };
    let told = rollcall.notices.review(&admission, to, about, rollcall.clock.now()).await?;
    if told > 0 {
        tracing::info!(tenant.slug = slug.as_str(), mails = told, "people are told how their connection is");
    }
    Ok(())
}

/// Sends mails until none is due.
///
/// # Errors
/// See [`StoreError`].
pub async fn deliver(rollcall: &mut Arc<Rollcall>) -> Result<(), StoreError> {
    while rollcall.mailroom.deliver(rollcall.clock.now()).await? > 0 {}
    Ok(())
}
