//! Reading again what identity providers publish, and telling of certificates that end.

use std::time::Duration;

use domain::Error;
use domain::notice::text::About;
use domain::store::Store as _;
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;
use futures_util::{StreamExt as _, stream};
use tokio::time::interval;

use super::shift::{RENEW_SECONDS, Shift};
use crate::metrics::tenants::Found;
use crate::wiring::Rollcall;

/// How often a tenant is looked at, in seconds.
const EVERY_SECONDS: i64 = 60;

/// Tenants that are looked at at the same time.
const AT_ONCE: usize = 8;

/// What says when certificates end.
const ENDS: &str = "rollcall_certificate_expires_timestamp_seconds";

/// Looks after connections, one process at a time.
pub struct Reader {
    shift: Shift,
    next: Timestamp,
    found: Found,
}

impl Reader {
    pub fn new(shift: Shift) -> Self {
        Self { next: shift.rollcall.clock.now(), shift, found: Found::default() }
    }

    /// Looks at every tenant that has a connection.
    ///
    /// # Errors
    /// The last failure; the other tenants are looked at all the same.
    pub async fn step(&mut self) -> Result<(), Error> {
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
        let tenants = rollcall.store.work().connected_tenants().await?;
        // Slow identity providers of one tenant keep no other waiting, and the shift goes on meanwhile.
        let mut looks = stream::iter(&tenants).map(|slug| look(&rollcall, slug)).buffer_unordered(AT_ONCE);
        let (mut outcome, mut found) = (Ok(()), Found::default());
        let mut renewal = interval(Duration::from_secs(RENEW_SECONDS.unsigned_abs()));
        loop {
            tokio::select! {
                looked = looks.next() => match looked {
                    Some(Ok((slug, first))) => {
                        if let Some(first) = first {
                            found.end(rollcall.labels.of(Some(slug)), first);
                        }
                    }
                    Some(Err(error)) => outcome = Err(error),
                    None => {
                        self.found.replace(found, ENDS);
                        self.found.tell(ENDS);
                        return outcome;
                    }
                },
                _ = renewal.tick() => {
                    if !self.shift.is_on().await? {
                        return outcome;
                    }
                }
            }
        }
    }
}

/// Looks at one tenant; gives when the first of its connections has no certificate any more.
async fn look<'s>(rollcall: &Rollcall, slug: &'s TenantSlug) -> Result<(&'s TenantSlug, Option<Timestamp>), Error> {
    let Some(admission) = rollcall.store.find_admission(slug).await? else { return Ok((slug, None)) };
    let (tenant, now) = (&admission.tenant, rollcall.clock.now());
    rollcall.connections.read_due(&tenant.scope(), now).await?;
    let page = rollcall.addresses.settings_url(slug);
    let about = About { tenant: &tenant.name, product: &rollcall.product, page: &page };
    let ends = rollcall.connections.tell_of_ends(tenant, &rollcall.mailroom, about, now).await?;
    if ends.mails > 0 {
        tracing::info!(tenant.slug = slug.as_str(), mails = ends.mails, "people are told that a certificate ends");
    }
    Ok((slug, ends.first))
}
