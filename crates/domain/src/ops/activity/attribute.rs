//! Whose address was called by those who were not let in. Nothing here is on a caller's way.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use super::ActivityLog;
use super::queue::{Knock, Knocks, Refused};
use super::refusals::Place;
use crate::activity::{Action, Activity, Entry, Outcome};
use crate::admission::Admission;
use crate::catalogue::Cause;
use crate::ids::ActivityId;
use crate::provider::Provider;
use crate::tenant::TenantSlug;
use crate::timestamp::Timestamp;

/// Tenants of refusals that are looked for in a batch, when this process does not know them.
const LOOK_UPS: usize = 20;

/// Whose an address is.
enum Whose {
    Tenants(Arc<Admission>),
    Nobodys,
    /// To be asked again: there were too many at once, or the database does not answer.
    Unknown,
}

/// What a batch has looked for.
struct LookUps {
    left: usize,
    nobodys: HashSet<TenantSlug>,
}

impl ActivityLog {
    /// Finds out whose address was called, and what was wrong with what was shown there; gives what has to be asked again.
    /// Nothing is left of those who called addresses of no tenant.
    pub(super) async fn attribute(&self, refused: Refused, now: Timestamp) -> (Vec<Entry>, Refused) {
        let mut look_ups = LookUps { left: LOOK_UPS, nobodys: HashSet::new() };
        let (mut entries, mut later) = (Vec::new(), Refused::default());
        for knocks in refused.knocks {
            match self.whose(&knocks.first.slug, &mut look_ups, now).await {
                Whose::Tenants(admission) => entries.extend(self.refusal(&admission, knocks).await),
                Whose::Nobodys => {}
                Whose::Unknown => later.knocks.push(knocks),
            }
        }
        for ((slug, at), count) in refused.more {
            match self.whose(&slug, &mut look_ups, now).await {
                Whose::Tenants(admission) => self.queue.lost(admission.tenant.id, at, count),
                Whose::Nobodys => {}
                Whose::Unknown => later.more.push(((slug, at), count)),
            }
        }
        (entries, later)
    }

    async fn whose(&self, slug: &TenantSlug, look_ups: &mut LookUps, now: Timestamp) -> Whose {
        if look_ups.nobodys.contains(slug) {
            return Whose::Nobodys;
        }
        if let Some(believed) = self.admissions.believed(slug, now) {
            return Whose::Tenants(believed);
        }
        if look_ups.left == 0 {
            return Whose::Unknown;
        }
        look_ups.left -= 1;
        match self.admissions.read(slug).await {
            Ok(Some(admission)) => Whose::Tenants(admission),
            Ok(None) => {
                look_ups.nobodys.insert(slug.clone());
                Whose::Nobodys
            }
            Err(_) => Whose::Unknown,
        }
    }

    /// The row of refusals that are alike; none when there are too many rows, where they are counted instead.
    async fn refusal(&self, admission: &Admission, Knocks { first, times }: Knocks) -> Option<Entry> {
        let diagnosis = self.diagnose(admission, &first.shown, first.at).await;
        let (cause, credential) = diagnosis.unwrap_or((Cause::NotLetIn, None));
        let credential = credential.or(first.credential);
        let tenant = admission.tenant.id;
        let id = uuid::Uuid::try_parse(&first.request_id).unwrap_or_default();
        let own = (ActivityId::of_request(first.at, id), first.at);
        let place = {
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            refusals.place(tenant, cause, credential.as_ref().map(|one| one.id), &first.address, own)
        };
        let Some(Place { row, at, address }) = place else {
            self.queue.lost(tenant, first.at, u64::from(times));
            return None;
        };
        let Knock { reach, request_id, client, method, path, status, .. } = first;
        let activity = Activity {
            id: row,
            at,
            took_us: 0,
            request_id,
            credential,
            client,
            provider: Provider::Other,
            method,
            path,
            action: Action::Other,
            target: None,
            outcome: Outcome::of_status(status),
            status,
            cause: Some(cause),
            times,
            address: Some(address),
        };
        Some(Entry { reach, ..Entry::of(tenant, activity) })
    }
}
