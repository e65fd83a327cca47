//! From what was noted to rows.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::ActivityLog;
use super::queue::{Noted, Refused};
use crate::activity::{
    ActionKind, Activity, Bodies, Entry, Outcome, Raw, SensitiveNames, attributes_of, guess_provider, looks_secret,
    redact_body, redact_path,
};
use crate::admission::Admission;
use crate::health::ExternalIds;
use crate::ids::{ActivityId, ResourceId, TenantId};
use crate::store::StoreError;
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;

/// Rows that are written in one transaction.
const BATCH: usize = 500;

/// Characters that are kept of a body: of a request that failed, and of one that did not.
const MOST_OF_FAILED: usize = 16_384;
const MOST_OF_DONE: usize = 8_192;

/// Bodies that are longer are not read again for their redaction, and so not kept.
const LONGEST: usize = 65_536;

impl ActivityLog {
    /// Writes down what has come together, a batch after the other. What comes meanwhile waits for the next time, so that
    /// there are few large transactions under load. Whoever drops this may lose the batch in hand.
    ///
    /// # Errors
    /// [`StoreError`]. A batch is tried again when that may help, and is counted as missing otherwise.
    pub async fn flush(&self, now: Timestamp) -> Result<(), StoreError> {
        let _turn = self.writing.lock().await;
        let (mut left, _) = self.queue.counts();
        let mut is_last = false;
        loop {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (entries, missing) = match pending {
                Some(pending) => pending,
                None if is_last || self.queue.is_empty() => return Ok(()),
                None => {
                    let waiting = self.queue.take(BATCH);
                    left = left.saturating_sub(waiting.requests.len());
                    let (entries, later) = self.entries(waiting.requests, waiting.refused, now).await;
                    is_last = left == 0 || !later.is_empty();
                    self.queue.put_back(later);
                    (entries, waiting.missing)
                }
            };
            self.hold(entries.iter().map(|entry| entry.activity.at).min());
            let Err(error) = self.log.append(&entries, &missing).await else {
                self.hold(None);
                continue;
            };
            if error.may_pass() {
                *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some((entries, missing));
                return Err(error);
            }
            self.hold(None);
            for entry in &entries {
                self.queue.lost(entry.tenant, entry.activity.at, 1);
            }
            for missing in &missing {
                self.queue.put_back_missing(missing);
            }
            return Err(error);
        }
    }

    fn hold(&self, oldest: Option<Timestamp>) {
        *self.in_hand.lock().unwrap_or_else(PoisonError::into_inner) = oldest;
    }

    /// The rows of a batch, and what has to be asked again whose it is.
    async fn entries(&self, requests: Vec<Noted>, refused: Refused, now: Timestamp) -> (Vec<Entry>, Refused) {
        let mut entries = Vec::with_capacity(requests.len() + refused.knocks.len());
        let mut sensitive = HashMap::new();
        for noted in requests {
            entries.push(entry(noted, &mut sensitive));
        }
        self.name_people(&mut entries).await;
        let mut entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
        let (refusals, later) = self.attribute(refused, now).await;
        entries.extend(refusals);
        (rows(entries), later)
    }

    /// Whoever joined or left a group is noted by id; what they are called is found out here, where nobody waits for it.
    async fn name_people(&self, entries: &mut [(Arc<Admission>, Entry)]) {
        let mut by_tenant: HashMap<TenantId, (TenantScope, Vec<ResourceId>)> = HashMap::new();
        for (admission, entry) in entries.iter() {
            if let Some(person) = entry.activity.action.person().filter(|person| person.name.is_none()) {
                let of_tenant = by_tenant.entry(entry.tenant).or_insert_with(|| (admission.tenant.scope(), Vec::new()));
                of_tenant.1.push(person.id);
            }
        }
        for (tenant, (scope, ids)) in by_tenant {
            let names = async { self.store.read(&scope).await?.names(&ids).await };
            // A row without a name is better than none.
            let Ok(names) = names.await else { continue };
            for (_, entry) in entries.iter_mut().filter(|(_, entry)| entry.tenant == tenant) {
                if let Some(person) = entry.activity.action.person_mut() {
                    person.name = names.get(&person.id).cloned();
                }
            }
        }
    }
}

/// Of several refusals that go into one row only the sum is written.
fn rows(entries: Vec<Entry>) -> Vec<Entry> {
    let mut rows: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut places: HashMap<(TenantId, ActivityId), usize> = HashMap::new();
    for entry in entries {
        let known = places.get(&(entry.tenant, entry.activity.id)).and_then(|place| rows.get_mut(*place));
        match known {
            Some(known) if entry.activity.address.is_some() => {
                known.activity.times = known.activity.times.saturating_add(entry.activity.times);
            }
            Some(_) => {}
            None => {
                places.insert((entry.tenant, entry.activity.id), rows.len());
                rows.push(entry);
            }
        }
    }
    rows
}

fn entry(noted: Noted, sensitive: &mut HashMap<TenantId, SensitiveNames>) -> (Arc<Admission>, Entry) {
    let Noted { admission, mut activity, query, secret, is_reference, request, response } = noted;
    let tenant = admission.tenant.id;
    let names = sensitive.entry(tenant).or_insert_with(|| SensitiveNames::of(&admission.tenant.types));
    let sent = bytes(request.as_ref());
    activity.provider = guess_provider(activity.client.as_deref(), &query, activity.action.kind(), sent);
    activity.path = redact_path(names, &activity.path, &query);
    hide_names(&mut activity);
    let bodies = bodies(names, &activity, sent, bytes(response.as_ref()));
    let mut entry = Entry { bodies, secret, is_reference, ..Entry::of(tenant, activity) };
    if entry.activity.action.kind().is_write() {
        observe(&mut entry, sent);
    }
    (admission, entry)
}

/// A search that was refused may have been for a secret, and people paste tokens into the strangest places.
fn hide_names(activity: &mut Activity) {
    let is_refused_search = activity.action.kind() == ActionKind::Searched && activity.outcome != Outcome::Done;
    if let Some(target) = &mut activity.target {
        target.name = target.name.take().filter(|name| !is_refused_search && !looks_secret(name));
    }
    activity.client = activity.client.take().filter(|client| !looks_secret(client));
}

fn bytes(raw: Option<&Raw>) -> Option<&[u8]> {
    raw.map(|raw| (**raw).as_ref())
}

fn bodies(names: &SensitiveNames, activity: &Activity, sent: Option<&[u8]>, answered: Option<&[u8]>) -> Bodies {
    let most = if activity.outcome.is_failure() { MOST_OF_FAILED } else { MOST_OF_DONE };
    let is_read = |body: &&[u8]| body.len() <= LONGEST;
    let (mut request, mut response) = redact_body(names, sent.filter(is_read), answered.filter(is_read), most);
    let long = |body: Option<&[u8]>| {
        body.filter(|body| body.len() > LONGEST).map(|body| format!("(not kept: {} bytes)", body.len()))
    };
    request = request.or_else(|| long(sent));
    response = response.or_else(|| long(answered));
    Bodies { request, response }
}

/// What the setup guide wants to know, and what somebody is called who was not made.
fn observe(entry: &mut Entry, sent: Option<&[u8]>) {
    let Some(body) = sent.filter(|body| body.len() <= LONGEST) else { return };
    let Ok(body) = serde_json::from_slice(body) else { return };
    let seen = attributes_of(&body);
    if let Some(target) = entry.activity.target.as_mut().filter(|target| target.name.is_none() && target.id.is_none()) {
        target.name = seen.name.filter(|name| !looks_secret(name));
    }
    let is_user = entry.activity.target.as_ref().is_some_and(|target| target.kind == crate::directory::Kind::USER);
    if entry.activity.action.kind() != ActionKind::Bulk && !entry.activity.outcome.is_failure() {
        entry.attributes = seen.names;
        entry.external_ids = seen.external_ids.filter(|_: &ExternalIds| is_user);
    }
}
