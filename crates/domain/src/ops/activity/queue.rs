//! What waits to be written. It is bounded, and whoever puts something in never waits.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::activity::{Activity, CredentialRef, Raw, Reach, Shown};
use crate::admission::Admission;
use crate::ids::{CredentialId, SecretId, TenantId};
use crate::store::Missing;
use crate::tenant::TenantSlug;
use crate::timestamp::Timestamp;

/// How many requests may wait, and how many bytes of bodies.
const REQUESTS: usize = 20_000;
const BYTES: usize = 32 << 20;

/// How many refusals that differ may wait; the same ones are counted, and of others how many there are for each tenant.
const KNOCKS: usize = 1_000;

const MINUTE: i64 = 60_000_000;

/// A request of somebody who was let in, and how it ended.
pub struct Noted {
    pub admission: Arc<Admission>,
    /// As it was, so that its path may still hold a secret in its query.
    pub activity: Activity,
    pub query: String,
    pub secret: Option<SecretId>,
    pub is_reference: bool,
    pub request: Option<Raw>,
    pub response: Option<Raw>,
}

/// A request that was refused before anything was done.
#[derive(Clone, Debug)]
pub struct Knock {
    /// Of the address; there may be no such tenant.
    pub slug: TenantSlug,
    pub reach: Reach,
    pub shown: Shown,
    /// Of somebody whose secret is good, and who met what everybody meets.
    pub credential: Option<CredentialRef>,
    /// Where it came from.
    pub address: String,
    pub at: Timestamp,
    pub request_id: String,
    pub method: String,
    /// Without a query.
    pub path: String,
    pub client: Option<String>,
    pub status: u16,
}

/// Refusals that are alike.
pub struct Knocks {
    pub first: Knock,
    pub times: u32,
}

/// Refusals of which it is not known yet whose they are.
#[derive(Default)]
pub struct Refused {
    /// In order of time.
    pub knocks: Vec<Knocks>,
    /// How many more there were in a minute than could wait.
    pub more: Vec<((TenantSlug, Timestamp), u64)>,
}

impl Refused {
    pub const fn is_empty(&self) -> bool {
        self.knocks.is_empty() && self.more.is_empty()
    }
}

/// Everything that waited.
#[derive(Default)]
pub struct Waiting {
    pub requests: Vec<Noted>,
    pub refused: Refused,
    pub missing: Vec<Missing>,
}

#[derive(PartialEq, Eq, Hash)]
struct Alike {
    slug: TenantSlug,
    shape: (&'static str, Option<CredentialId>),
    address: String,
    status: u16,
}

#[derive(Default)]
struct Inner {
    /// The first to go when there is no room.
    reads: VecDeque<Noted>,
    others: VecDeque<Noted>,
    bytes: usize,
    knocks: HashMap<Alike, Knocks>,
    more: HashMap<(TenantSlug, Timestamp), u64>,
    missing: HashMap<(TenantId, i64), u64>,
    /// How many were counted as missing since the start.
    dropped: u64,
}

#[derive(Default)]
pub struct Queue(Mutex<Inner>);

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request. Where there is no room, reads go first; what goes is counted.
    pub fn add(&self, noted: Noted) {
        let mut inner = self.lock();
        let is_read = is_read(&noted);
        let size = size(&noted);
        while !inner.has_room(size) {
            let oldest = if is_read { None } else { inner.reads.pop_front() };
            match oldest {
                Some(oldest) => inner.lose(&oldest),
                None => return inner.miss(&noted),
            }
        }
        inner.bytes += size;
        match is_read {
            true => inner.reads.push_back(noted),
            false => inner.others.push_back(noted),
        }
    }

    /// Counts a refusal.
    pub fn knock(&self, knock: Knock) {
        self.lock().knock(Knocks { first: knock, times: 1 });
    }

    /// Takes back what was taken, to be taken again later.
    pub fn put_back(&self, refused: Refused) {
        let mut inner = self.lock();
        refused.knocks.into_iter().for_each(|knocks| inner.knock(knocks));
        refused.more.into_iter().for_each(|(whose, count)| inner.crowd(whose, count));
    }

    /// Takes at most so many requests, the important ones first, and everything else.
    pub fn take(&self, most: usize) -> Waiting {
        let mut inner = self.lock();
        let others = most.min(inner.others.len());
        let reads = (most - others).min(inner.reads.len());
        let mut requests: Vec<Noted> = inner.others.drain(..others).collect();
        requests.extend(inner.reads.drain(..reads));
        inner.bytes = inner.bytes.saturating_sub(requests.iter().map(size).sum());
        let mut knocks: Vec<Knocks> = std::mem::take(&mut inner.knocks).into_values().collect();
        knocks.sort_by_key(|knocks| knocks.first.at);
        let missing = std::mem::take(&mut inner.missing).into_iter();
        let missing = missing.map(|((tenant, minute), count)| Missing {
            tenant,
            at: Timestamp::from_micros(minute * MINUTE),
            count,
        });
        let more = std::mem::take(&mut inner.more).into_iter().collect();
        Waiting { requests, refused: Refused { knocks, more }, missing: missing.collect() }
    }

    /// Counts what was taken and could not be written in the end.
    pub fn lost(&self, tenant: TenantId, at: Timestamp, count: u64) {
        let mut inner = self.lock();
        inner.missing(tenant, at, count);
        inner.dropped += count;
    }

    /// Takes back a count that was taken and could not be written.
    pub fn put_back_missing(&self, missing: &Missing) {
        self.lock().missing(missing.tenant, missing.at, missing.count);
    }

    /// How many requests wait, and how many entries were lost since the start.
    pub fn counts(&self) -> (usize, u64) {
        let inner = self.lock();
        (inner.reads.len() + inner.others.len(), inner.dropped)
    }

    pub fn is_empty(&self) -> bool {
        let inner = self.lock();
        let has_refused = !inner.knocks.is_empty() || !inner.more.is_empty();
        inner.reads.is_empty() && inner.others.is_empty() && !has_refused && inner.missing.is_empty()
    }
}

impl Inner {
    fn knock(&mut self, knocks: Knocks) {
        let Knocks { first, times } = &knocks;
        let alike = Alike {
            slug: first.slug.clone(),
            shape: shape(first),
            address: first.address.clone(),
            status: first.status,
        };
        let is_full = self.knocks.len() >= KNOCKS;
        match self.knocks.get_mut(&alike) {
            Some(known) => {
                known.times = known.times.saturating_add(*times);
                if first.at < known.first.at {
                    known.first = knocks.first;
                }
            }
            None if is_full => {
                let minute = first.at.as_micros().div_euclid(MINUTE) * MINUTE;
                self.crowd((first.slug.clone(), Timestamp::from_micros(minute)), u64::from(*times));
            }
            None => drop(self.knocks.insert(alike, knocks)),
        }
    }

    /// Strangers can make up any number of tenants; those that come when there are too many are not counted.
    fn crowd(&mut self, whose: (TenantSlug, Timestamp), count: u64) {
        if self.more.len() < KNOCKS || self.more.contains_key(&whose) {
            *self.more.entry(whose).or_default() += count;
        }
    }

    fn has_room(&self, more: usize) -> bool {
        self.reads.len() + self.others.len() < REQUESTS && self.bytes + more <= BYTES
    }

    fn lose(&mut self, noted: &Noted) {
        self.bytes = self.bytes.saturating_sub(size(noted));
        self.miss(noted);
    }

    fn miss(&mut self, noted: &Noted) {
        self.missing(noted.admission.tenant.id, noted.activity.at, 1);
        self.dropped += 1;
    }

    fn missing(&mut self, tenant: TenantId, at: Timestamp, count: u64) {
        *self.missing.entry((tenant, at.as_micros().div_euclid(MINUTE))).or_default() += count;
    }
}

/// What nobody misses first: a question that was answered.
fn is_read(noted: &Noted) -> bool {
    !noted.activity.action.kind().is_write() && !noted.activity.outcome.is_failure()
}

fn size(noted: &Noted) -> usize {
    let body = |raw: &Option<Raw>| raw.as_ref().map_or(0, |raw| (**raw).as_ref().len());
    body(&noted.request) + body(&noted.response) + noted.query.len() + noted.activity.path.len()
}

/// What tells refusals apart before anybody has looked whose they are.
fn shape(knock: &Knock) -> (&'static str, Option<CredentialId>) {
    let of_caller = knock.credential.as_ref().map(|credential| credential.id);
    match &knock.shown {
        Shown::Nothing(cause) => (cause.code(), of_caller),
        Shown::Token(token) => ("token", Some(token.id)),
        Shown::Access(_) => ("access", of_caller),
        Shown::Client(client) => ("client", Some(client.id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Cause;

    #[test]
    fn refusals_that_are_alike_are_counted_and_others_are_bounded() {
        let queue = Queue::default();
        let knock = |address: String, at: i64| Knock {
            slug: "acme".parse().unwrap(),
            reach: Reach::Refused,
            shown: Shown::Nothing(Cause::NoToken),
            credential: None,
            address,
            at: Timestamp::from_micros(at),
            request_id: String::new(),
            method: String::new(),
            path: String::new(),
            client: None,
            status: 401,
        };
        for number in 0..5_000 {
            queue.knock(knock("192.0.2.1".to_owned(), number));
            queue.knock(knock(number.to_string(), number));
        }
        let Refused { knocks, more } = queue.take(1).refused;
        assert_eq!(knocks.len(), KNOCKS);
        assert!(knocks.is_sorted_by_key(|knocks| knocks.first.at));
        assert_eq!(knocks.iter().map(|knocks| knocks.times).max(), Some(5_000));
        let whose = ("acme".parse().unwrap(), Timestamp::from_micros(0));
        assert_eq!(more, [(whose, 4_001)], "the others are counted");
        queue.put_back(Refused { knocks, more });
        let again = queue.take(1).refused;
        assert_eq!((again.knocks.len(), again.more[0].1), (KNOCKS, 4_001));
    }
}
