//! Users, groups and memberships.

use std::collections::HashMap;

use async_trait::async_trait;
use scim_protocol::resource::Resource;

use super::{ListPage, ListQuery, StoreError};
use crate::directory::{GroupRef, Kind, Member, StoredResource};
use crate::ids::ResourceId;
use crate::timestamp::Timestamp;

#[async_trait]
pub trait ReadResources: Send {
    async fn find(&mut self, kind: &Kind, id: ResourceId) -> Result<Option<StoredResource>, StoreError>;

    /// # Errors
    /// [`StoreError::TooMuchWork`] when answering would look at too many resources.
    async fn list(&mut self, kind: &Kind, query: &ListQuery) -> Result<ListPage, StoreError>;

    /// How many members these groups have together.
    async fn count_members(&mut self, groups: &[ResourceId]) -> Result<u64, StoreError>;

    /// The members of each group, by id.
    async fn members(&mut self, groups: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<Member>>, StoreError>;

    /// The groups each of these is a direct member of, by id.
    async fn groups_of(&mut self, members: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<GroupRef>>, StoreError>;

    /// The kind of each of these that exists and can be a member.
    async fn kinds_of(&mut self, ids: &[ResourceId]) -> Result<HashMap<ResourceId, Kind>, StoreError>;
}

#[async_trait]
pub trait WriteResources: ReadResources {
    /// Reads for change: until the transaction ends nobody else changes it.
    async fn lock(&mut self, kind: &Kind, id: ResourceId) -> Result<Option<StoredResource>, StoreError>;

    /// # Errors
    /// [`StoreError::Taken`] when its unique name belongs to another.
    async fn insert(&mut self, new: &StoredResource) -> Result<(), StoreError>;

    /// Gives `before` the document `after` and the next version.
    ///
    /// # Errors
    /// [`StoreError::Contention`] when `before` is not its version any more, [`StoreError::Taken`] as for `insert`.
    async fn update(
        &mut self,
        before: &StoredResource,
        after: &Resource,
        now: Timestamp,
    ) -> Result<StoredResource, StoreError>;

    /// Gives these the next version because of something kept beside their documents; those that are gone are passed
    /// over. Returns how many there were.
    async fn touch(&mut self, kind: &Kind, ids: &[ResourceId], now: Timestamp) -> Result<u64, StoreError>;

    /// Removes a resource that is nobody's member and has no members.
    async fn delete(&mut self, kind: &Kind, id: ResourceId) -> Result<(), StoreError>;

    /// Adds members, in the order given; returns those that were not members yet.
    ///
    /// # Errors
    /// [`StoreError::MemberGone`] when one of them was deleted meanwhile.
    async fn add_members(
        &mut self,
        group: ResourceId,
        members: &[(ResourceId, Kind)],
    ) -> Result<Vec<ResourceId>, StoreError>;

    /// Removes members, in the order given; returns those that were members.
    async fn remove_members(
        &mut self,
        group: ResourceId,
        members: &[ResourceId],
    ) -> Result<Vec<ResourceId>, StoreError>;

    /// The ids of a group's members, in order.
    async fn member_ids(&mut self, group: ResourceId) -> Result<Vec<ResourceId>, StoreError>;

    /// Takes somebody out of all groups; returns these groups in order.
    async fn leave_groups(&mut self, member: ResourceId) -> Result<Vec<ResourceId>, StoreError>;
}
