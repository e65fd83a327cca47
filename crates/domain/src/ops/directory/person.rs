//! What is known of one person or group.

use super::{Counted, Directory};
use crate::Error;
use crate::audit::Entry;
use crate::directory::{GroupRef, Kind, Membership, Related, StoredResource};
use crate::ids::ResourceId;
use crate::journal::What;
use crate::store::EntryQuery;
use crate::tenant::TenantScope;

/// Of so many groups of a person it is looked up when they joined.
const MOST_GROUPS: usize = 10;

/// So many of the newest changes of each such group are looked through.
const AMONG: u64 = 500;

/// Up to so many members are counted.
const MOST_COUNTED: u64 = 10_000;

/// Whether a resource is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// As it is, and a user's groups: the direct ones first.
    There(StoredResource, Vec<GroupRef>),
    /// It was once; the newest entry about it.
    Gone(Entry),
    /// It was once, and what was known of it was erased; the newest entry about it.
    Erased(Entry),
}

/// What happened to a resource, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub entries: Vec<Entry>,
    /// The next page begins before this number.
    pub next: Option<i64>,
}

/// Some members of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MembersPage {
    pub members: Vec<StoredResource>,
    /// The next page begins after this one.
    pub next: Option<ResourceId>,
}

impl Directory {
    /// A user or group as it is or was; none when there never was one of this id.
    pub async fn find(&self, scope: &TenantScope, kind: &Kind, id: ResourceId) -> Result<Option<Presence>, Error> {
        let mut read = self.store.read(scope).await?;
        if let Some(view) = read.find(kind, id, true).await? {
            let groups = match view.related {
                Related::Groups(groups) => groups,
                Related::None | Related::Members(_) => Vec::new(),
            };
            return Ok(Some(Presence::There(view.stored, groups)));
        }
        let query = EntryQuery { about: Some(id.0), providers: true, before: None, limit: 1 };
        let newest = read.entries(&query).await?.into_iter().find(|entry| entry.subject_kind == kind.as_str());
        Ok(newest.map(|entry| match entry.what == What::Erased.as_str() || entry.payload.is_none() {
            true => Presence::Erased(entry),
            false => Presence::Gone(entry),
        }))
    }

    /// What happened to a user or group, before a number or from the newest on.
    pub async fn history(
        &self,
        scope: &TenantScope,
        id: ResourceId,
        before: Option<i64>,
        limit: u64,
    ) -> Result<History, Error> {
        let limited = limit.saturating_add(1);
        let query = EntryQuery { about: Some(id.0), providers: true, before, limit: limited };
        let mut entries = self.store.read(scope).await?.entries(&query).await?;
        let has_more = entries.len() as u64 > limit;
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = entries.last().filter(|_| has_more).map(|entry| entry.number);
        Ok(History { entries, next })
    }

    /// The newest changes of a person's own groups that the person joined or left by, the newest first. Groups that the
    /// person is not in any more are not looked through, and of a group only its newest changes.
    pub async fn memberships(
        &self,
        scope: &TenantScope,
        member: ResourceId,
        groups: &[GroupRef],
    ) -> Result<Vec<Entry>, Error> {
        let mut read = self.store.read(scope).await?;
        let mut entries = Vec::new();
        let direct = groups.iter().filter(|group| group.membership == Membership::Direct);
        for group in direct.take(MOST_GROUPS) {
            entries.append(&mut read.membership_entries(group.id, member, AMONG).await?);
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.number));
        Ok(entries)
    }

    /// A page of a group's members, by creation.
    pub async fn members(
        &self,
        scope: &TenantScope,
        group: ResourceId,
        after: Option<ResourceId>,
        limit: u64,
    ) -> Result<MembersPage, Error> {
        let mut members = self.store.read(scope).await?.members_after(group, after, limit.saturating_add(1)).await?;
        let has_more = members.len() as u64 > limit;
        members.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = members.last().filter(|_| has_more).map(|member| member.id);
        Ok(MembersPage { members, next })
    }

    /// How many members a group has.
    pub async fn size(&self, scope: &TenantScope, group: ResourceId) -> Result<Counted, Error> {
        let sizes = self.store.read(scope).await?.sizes(&[group], MOST_COUNTED + 1).await?;
        Ok(Counted::up_to(MOST_COUNTED, sizes.get(&group).copied().unwrap_or_default()))
    }
}
