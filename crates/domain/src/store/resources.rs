//! Users, groups and memberships.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{ListPage, ListQuery, StoreError};
use crate::change::{Change, Saved};
use crate::directory::{Candidate, GroupRef, Kind, Member, StoredResource, View};
use crate::ids::ResourceId;

#[async_trait]
pub trait ReadResources: Send {
    /// A resource, and the groups of a user if `groups`.
    async fn find(&mut self, kind: &Kind, id: ResourceId, groups: bool) -> Result<Option<View>, StoreError>;

    /// # Errors
    /// [`StoreError::TooMuchWork`] when answering would look at too many resources.
    async fn list(&mut self, kind: &Kind, query: &ListQuery) -> Result<ListPage, StoreError>;

    /// A group, and what each of these is to it. None when there is no such group.
    async fn find_group(
        &mut self,
        id: ResourceId,
        named: &[ResourceId],
    ) -> Result<Option<(StoredResource, HashMap<ResourceId, Candidate>)>, StoreError>;

    /// What each of these is to a group that is still to be made: nobody is a member.
    async fn candidates(&mut self, named: &[ResourceId]) -> Result<HashMap<ResourceId, Candidate>, StoreError>;

    /// How many members these groups have together.
    async fn count_members(&mut self, groups: &[ResourceId]) -> Result<u64, StoreError>;

    /// The members of each group, by id.
    async fn members(&mut self, groups: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<Member>>, StoreError>;

    /// The groups each of these is a direct member of, by id.
    async fn groups_of(&mut self, members: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<GroupRef>>, StoreError>;

    /// What those of these are called that there are and that have a name.
    async fn names(&mut self, ids: &[ResourceId]) -> Result<HashMap<ResourceId, String>, StoreError>;

    /// Whether a digest of the resource's password is kept.
    async fn has_password(&mut self, id: ResourceId) -> Result<bool, StoreError>;

    /// All groups that a group is in, directly or by way of others.
    async fn groups_above(&mut self, group: ResourceId) -> Result<Vec<ResourceId>, StoreError>;
}

#[async_trait]
pub trait WriteResources: ReadResources {
    /// Reads for change: until the transaction ends nobody else changes it.
    async fn lock(&mut self, kind: &Kind, id: ResourceId) -> Result<Option<StoredResource>, StoreError>;

    /// Carries out a change within this transaction.
    ///
    /// # Errors
    /// Those of [`Store::save`](super::Store::save); after any of them the transaction is of no use.
    async fn save(&mut self, change: &Change<'_>) -> Result<Saved, StoreError>;
}
