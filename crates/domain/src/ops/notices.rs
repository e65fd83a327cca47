//! Telling a tenant's people by mail how their connection is.

use std::sync::Arc;

use crate::activity::Trail;
use crate::admission::Admission;
use crate::context::{Actor, OpContext};
use crate::health::{Health, health};
use crate::ids::FactId;
use crate::journal::Fact;
use crate::mail::MailAddress;
use crate::notice::text::About;
use crate::notice::{self, Notice, Review};
use crate::ops::{ActivityLog, Mailroom};
use crate::ports::IdGen;
use crate::store::{Store, StoreError, TenantTx};
use crate::timestamp::Timestamp;

/// Compares what people were told with how their connection is.
pub struct Notices {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    log: Arc<ActivityLog>,
    mailroom: Arc<Mailroom>,
}

/// What a review came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// How the connection is.
    pub health: Health,
    /// How many mails were queued.
    pub told: u64,
}

impl Notices {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>, log: Arc<ActivityLog>, mailroom: Arc<Mailroom>) -> Self {
        Self { store, ids, log, mailroom }
    }

    /// Looks at a tenant as it is now and queues mails to these addresses, if there is something to be told that was not.
    /// Two who do so at once tell it once. Where there is no address, nothing counts as told, and what is over
    /// is forgotten.
    ///
    /// # Errors
    /// See [`StoreError`]. An activity log that does not answer is none: then nothing is told.
    pub async fn review(
        &self,
        admission: &Admission,
        to: &[MailAddress],
        about: About<'_>,
        now: Timestamp,
    ) -> Result<Reviewed, StoreError> {
        let pulse = self.log.pulse(&admission.tenant.scope(), now).await.ok();
        let health = health(&admission.tenant, &admission.credentials, pulse.as_deref(), now);
        let told = self.tell(admission, &health, (to, about), now).await?;
        Ok(Reviewed { health, told })
    }

    async fn tell(
        &self,
        admission: &Admission,
        health: &Health,
        (to, about): (&[MailAddress], About<'_>),
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let scope = admission.tenant.scope();
        let compare = |known: &[Notice]| match notice::review(health, known, now) {
            review if to.is_empty() => review.without_telling(),
            review => review,
        };
        if compare(&self.store.read(&scope).await?.notices().await?).is_empty() {
            return Ok(0);
        }
        let mut tx = self.store.write(&scope).await?;
        // Whoever else reviews the tenant waits here.
        if tx.lock_tenant().await?.is_none() {
            return Ok(0);
        }
        let review = compare(&tx.notices().await?);
        let told = self.carry_out(&mut *tx, &review, health, (to, about), now).await?;
        if let Some(telling) = review.telling {
            let cx = OpContext {
                scope,
                actor: Actor::System,
                request_id: "notices".to_owned(),
                now,
                trail: Trail::default(),
            };
            tx.record(&cx, FactId(self.ids.next(now)), &Fact::notified(telling, told)).await?;
        }
        tx.commit().await?;
        Ok(told)
    }

    async fn carry_out(
        &self,
        tx: &mut dyn TenantTx,
        review: &Review,
        health: &Health,
        (to, about): (&[MailAddress], About<'_>),
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        if let Some(since) = review.well_since {
            tx.note_well(since).await?;
        }
        if !review.closed.is_empty() {
            tx.close_notices(&review.closed).await?;
        }
        if let Some(notice) = &review.opened {
            tx.open_notice(notice).await?;
        }
        let Some(telling) = review.telling else { return Ok(0) };
        for address in to {
            let mail = about.mail(address.clone(), telling, health, now);
            self.mailroom.queue(tx, &mail, now).await?;
        }
        Ok(u64::try_from(to.len()).unwrap_or(u64::MAX))
    }
}
