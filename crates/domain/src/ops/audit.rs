//! The journal for people: pages and exports of what happened.

use std::collections::HashMap;
use std::sync::Arc;

use scim_protocol::value::fold;
use uuid::Uuid;

use crate::audit::{AuditFilter, Entry, Sought};
use crate::context::OpContext;
use crate::directory::Kind;
use crate::ids::FactId;
use crate::journal::Fact;
use crate::ports::IdGen;
use crate::store::{EntryQuery, Seek, Store, StoreError, TenantRead};
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;

/// Entries read at once.
const STEP: u64 = 200;

/// How many entries are looked at for one page.
const MOST_LOOKED_AT: u64 = 4_000;

/// How many of each kind a text may stand for.
const MOST_SOUGHT: u64 = 100;

/// Numbers are given in the order of transactions, and moments when a request comes in, by the clock of each server: so far
/// may the one be from the order of the other.
const SLACK_SECONDS: i64 = 600;

pub struct Audit {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
}

/// One page, the newest entry first.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    pub entries: Vec<Entry>,
    pub further: Further,
}

/// What comes after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Further {
    /// Nothing.
    End,
    /// The next page begins before this number.
    Before(i64),
    /// As above; so many entries were looked at that the page ended before it was full. What happened after this moment
    /// is known.
    NotSearched(i64, Timestamp),
}

impl Audit {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>) -> Self {
        Self { store, ids }
    }

    /// Writes down that a list is taken away as a file, before it is: see [`Fact::exported`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn note_export(&self, cx: &OpContext, list: &str, format: &str, asked: &str) -> Result<(), StoreError> {
        let mut tx = self.store.write(&cx.scope).await?;
        tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::exported(list, format, asked)).await?;
        tx.commit().await
    }

    /// At most `limit` entries that a filter is true of, before a number or from the newest on.
    pub async fn page(
        &self,
        scope: &TenantScope,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let mut walk = self.walk(scope, filter, before);
        let mut entries: Vec<Entry> = Vec::new();
        while entries.len() <= limit && !walk.is_done {
            if walk.looked_at >= MOST_LOOKED_AT {
                let last = walk.last.unwrap_or((0, Timestamp::from_micros(0)));
                return Ok(AuditPage { entries, further: Further::NotSearched(last.0, last.1) });
            }
            entries.extend(walk.next().await?.into_iter().flatten());
        }
        let has_more = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| has_more).map(|entry| entry.number);
        Ok(AuditPage { entries, further: last.map_or(Further::End, Further::Before) })
    }

    /// Everything that a filter is true of, piece by piece: for exports.
    pub fn walk(&self, scope: &TenantScope, filter: &AuditFilter, before: Option<i64>) -> Walk {
        Walk {
            store: self.store.clone(),
            scope: scope.clone(),
            filter: filter.clone(),
            before,
            has_begun: false,
            is_done: false,
            looked_at: 0,
            last: None,
        }
    }

    /// A text to look for, and who goes by it now: people and groups by their names, credentials by their labels. Admins are
    /// the caller's to [add](Sought::or_about).
    pub async fn sought(&self, scope: &TenantScope, text: &str) -> Result<Sought, StoreError> {
        let text = text.trim();
        let mut read = self.store.read(scope).await?;
        let mut known: Vec<Uuid> = Vec::new();
        for kind in [Kind::USER, Kind::GROUP] {
            let finds = read.seek(&kind, Seek { text, inside: false, limit: MOST_SOUGHT }).await?;
            known.extend(finds.resources.iter().map(|resource| resource.id.0));
        }
        let folded = fold(text);
        let credentials = read.list_credentials().await?;
        let labelled = credentials.iter().filter(|it| fold(&it.label).contains(&*folded));
        known.extend(labelled.map(|credential| credential.id.0));
        Ok(Sought::new(text).or_about(known))
    }

    /// What the tenant's credentials are called, those that were revoked among them.
    pub async fn labels(&self, scope: &TenantScope) -> Result<HashMap<Uuid, String>, StoreError> {
        let credentials = self.store.read(scope).await?.list_credentials().await?;
        Ok(credentials.into_iter().map(|credential| (credential.id.0, credential.label)).collect())
    }
}

/// A way back through a journal.
pub struct Walk {
    store: Arc<dyn Store>,
    scope: TenantScope,
    filter: AuditFilter,
    before: Option<i64>,
    has_begun: bool,
    is_done: bool,
    looked_at: u64,
    /// The last entry that was looked at.
    last: Option<(i64, Timestamp)>,
}

impl Walk {
    /// The next entries that the filter is true of, which may be none for a while; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, StoreError> {
        if self.is_done {
            return Ok(None);
        }
        let mut read = self.store.read(&self.scope).await?;
        if !self.has_begun {
            self.has_begun = true;
            if let Some(to) = self.filter.to {
                let end = first_after(read.as_mut(), to.plus_seconds(SLACK_SECONDS)).await?;
                self.before = Some(self.before.map_or(end, |before| before.min(end)));
            }
        }
        let query = EntryQuery {
            about: self.filter.subject,
            providers: self.filter.by.has_providers() || self.filter.subject.is_some(),
            before: self.before,
            limit: STEP,
        };
        let entries = read.entries(&query).await?;
        self.looked_at += entries.len() as u64;
        self.last = entries.last().map(|entry| (entry.number, entry.at)).or(self.last);
        self.before = self.last.map(|(number, _)| number).or(self.before);
        let floor = self.filter.from.map(|from| from.plus_seconds(-SLACK_SECONDS));
        let is_past = self.last.zip(floor).is_some_and(|((_, at), floor)| at < floor);
        self.is_done = is_past || (entries.len() as u64) < STEP;
        Ok(Some(entries.into_iter().filter(|entry| self.filter.matches(entry)).collect()))
    }
}

/// The number of the first fact after a moment, give or take what happened at the same time; found by halving.
async fn first_after<R: TenantRead + ?Sized>(read: &mut R, moment: Timestamp) -> Result<i64, StoreError> {
    let (mut below, mut above) = (0, read.last_fact().await? + 1);
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        match read.moment_of(middle).await? {
            Some(at) if at <= moment => below = middle,
            _ => above = middle,
        }
    }
    Ok(above)
}
