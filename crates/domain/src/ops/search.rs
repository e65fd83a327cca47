//! Lists: of one type or of several together, by number or from a place.

use scim_protocol::Fault;
use scim_protocol::sort::SortKey;

use super::{Provisioning, Show};
use crate::Error;
use crate::context::OpContext;
use crate::directory::{Kind, View};
use crate::store::{ListPage, ListQuery, Position, Sort};

/// How deep a page of several sorted types may lie by number: all that lies before it has to be read. A place costs the
/// same wherever it is.
const MOST_MERGED: u64 = 5_000;

/// What is asked of one type.
#[derive(Clone, Debug)]
pub struct Part {
    pub kind: Kind,
    pub query: ListQuery,
    pub show: Show,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// After so many.
    Offset(u64),
    /// In each type where the page before it ended; types that are not named begin at their beginning.
    Progress(Vec<(Kind, Progress)>),
}

/// How far one type has been read.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    After(Position),
    /// To its end.
    Done,
}

/// One page.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub total: u64,
    pub views: Vec<View>,
    /// Where the next page begins; none after the last one, and where pages are numbered.
    pub next: Option<Vec<(Kind, Progress)>>,
}

/// What was read of one type.
struct Read {
    kind: Kind,
    page: ListPage,
    was_done: bool,
}

impl Provisioning {
    /// Reads a page (RFC 7644 §3.4.2, RFC 9865 §2).
    ///
    /// # Errors
    /// As [`page`](Self::page), and 400 `tooMany` when the page lies too deep among several sorted types.
    pub async fn search(&self, cx: &OpContext, parts: Vec<Part>, start: &Start, limit: u64) -> Result<Listing, Error> {
        let shows_members = parts.iter().any(|part| part.kind == Kind::GROUP && part.show == Show::Related);
        let mut listing = self.documents(cx, parts, start, limit).await?;
        // Only of the groups that are in the page: what was read beside them must not be charged to it.
        if shows_members {
            self.add_members(cx, &mut listing.views).await?;
        }
        Ok(listing)
    }

    /// The page, groups without their members.
    async fn documents(
        &self,
        cx: &OpContext,
        parts: Vec<Part>,
        start: &Start,
        limit: u64,
    ) -> Result<Listing, Error> {
        match (start, parts.as_slice()) {
            (Start::Offset(offset), [_]) => self.numbered(cx, parts, *offset, limit).await,
            (Start::Offset(offset), several) if several.iter().all(|part| part.query.sort.is_none()) => {
                self.numbered(cx, parts, *offset, limit).await
            }
            (Start::Offset(offset), _) => {
                if offset.saturating_add(limit) > MOST_MERGED {
                    return Err(Fault::too_many(format!(
                        "a sorted page of several types ends at {MOST_MERGED}; use a cursor, or one type"
                    ))
                    .into());
                }
                let listing = self.merged(cx, parts, &[], offset + limit).await?;
                let views = listing.views.into_iter().skip(usize::try_from(*offset).unwrap_or(usize::MAX)).collect();
                Ok(Listing { views, next: None, ..listing })
            }
            (Start::Progress(progress), _) => self.merged(cx, parts, progress, limit).await,
        }
    }

    /// One type after the other.
    async fn numbered(&self, cx: &OpContext, parts: Vec<Part>, offset: u64, limit: u64) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let (mut offset, mut limit) = (offset, limit);
        for part in parts {
            let query = ListQuery { offset, limit, ..part.query };
            let page = self.found(cx, &part.kind, &query).await?;
            offset = offset.saturating_sub(page.total);
            limit = limit.saturating_sub(page.views.len() as u64);
            listing.total += page.total;
            listing.views.extend(page.views);
        }
        Ok(listing)
    }

    /// All types together, in their common order.
    async fn merged(
        &self,
        cx: &OpContext,
        parts: Vec<Part>,
        progress: &[(Kind, Progress)],
        limit: u64,
    ) -> Result<Listing, Error> {
        let is_descending = parts.iter().any(|part| matches!(part.query.sort, Some(Sort { descending: true, .. })));
        let mut read = Vec::with_capacity(parts.len());
        for part in parts {
            let known = progress.iter().find(|(kind, _)| *kind == part.kind).map(|(_, progress)| progress);
            let was_done = known == Some(&Progress::Done);
            let after = match known {
                Some(Progress::After(position)) => Some(position.clone()),
                _ => None,
            };
            // One more tells whether there is a next page.
            let limit = if was_done || limit == 0 { 0 } else { limit.saturating_add(1) };
            let query = ListQuery { after, offset: 0, limit, ..part.query };
            let page = self.found(cx, &part.kind, &query).await?;
            read.push(Read { kind: part.kind, page, was_done });
        }
        let total = read.iter().map(|read| read.page.total).sum();
        let chosen = chosen(&read, is_descending, usize::try_from(limit).unwrap_or(usize::MAX));
        let next = read.iter().enumerate().map(|(index, read)| {
            let taken = chosen.iter().filter(|(part, _)| *part == index).count();
            (read.progress(taken, progress), taken < read.page.views.len() || !(read.was_done || read.page.is_last))
        });
        let (next, more): (Vec<_>, Vec<_>) = next.unzip();
        let next = next.into_iter().flatten().collect();
        let mut views: Vec<Vec<Option<View>>> =
            read.into_iter().map(|read| read.page.views.into_iter().map(Some).collect()).collect();
        let take = |(part, index): (usize, usize)| views.get_mut(part)?.get_mut(index)?.take();
        let views = chosen.into_iter().filter_map(take).collect();
        Ok(Listing { total, views, next: (limit > 0 && more.contains(&true)).then_some(next) })
    }
}

/// The first of all that was read, as part and place in it.
fn chosen(read: &[Read], is_descending: bool, limit: usize) -> Vec<(usize, usize)> {
    let places = |(part, read): (usize, &Read)| (0..read.page.views.len()).map(move |index| (part, index)).collect();
    let mut all: Vec<(usize, usize)> = read.iter().enumerate().map(places).collect::<Vec<Vec<_>>>().concat();
    let key = |(part, index): &(usize, usize)| {
        read.get(*part).and_then(|read| read.page.keys.get(*index)).unwrap_or(&SortKey::Missing)
    };
    // The sort is stable: what is equal stays in the order of types and places.
    all.sort_by(|left, right| {
        let ascending = key(left).compare(key(right));
        if is_descending { ascending.reverse() } else { ascending }
    });
    all.truncate(limit);
    all
}

impl Read {
    /// How far this type has been read when so many of it are in the page.
    fn progress(&self, taken: usize, before: &[(Kind, Progress)]) -> Option<(Kind, Progress)> {
        let is_read_out = self.was_done || (taken == self.page.views.len() && self.page.is_last);
        if is_read_out {
            return Some((self.kind.clone(), Progress::Done));
        }
        let last = taken.checked_sub(1).and_then(|last| self.page.views.get(last).zip(self.page.keys.get(last)));
        match last {
            Some((view, key)) => {
                let position = Position { key: key.clone(), id: view.stored.id };
                Some((self.kind.clone(), Progress::After(position)))
            }
            None => before.iter().find(|(kind, _)| *kind == self.kind).cloned(),
        }
    }
}
