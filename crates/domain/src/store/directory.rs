//! What people look for in a directory. Each question is answered by a few index entries, however many resources there are.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;

use super::StoreError;
use crate::directory::{Kind, StoredResource};
use crate::email_domain::DomainName;
use crate::ids::ResourceId;

/// A look for resources by a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seek<'t> {
    /// What a name, user name, e-mail address or the client's own id begins with, or our id.
    pub text: &'t str,
    /// Whether the text may stand inside of these as well; then whole indexes are read.
    pub inside: bool,
    /// How many each index gives at the most.
    pub limit: u64,
}

/// What was found, each resource once, in no order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finds {
    pub resources: Vec<StoredResource>,
    /// Whether some index may hold more.
    pub has_more: bool,
}

#[async_trait]
pub trait ReadDirectory: Send {
    async fn seek(&mut self, kind: &Kind, seek: Seek<'_>) -> Result<Finds, StoreError>;

    /// At most `limit` resources with this value at a path, by creation, after one of them. None when the path is in no
    /// complete index.
    async fn with_value(
        &mut self,
        kind: &Kind,
        at: (&str, &Value),
        after: Option<ResourceId>,
        limit: u64,
    ) -> Result<Option<Vec<StoredResource>>, StoreError>;

    /// How many there are with this value at a path, counted up to `most`. None as above.
    async fn count_with_value(&mut self, kind: &Kind, at: (&str, &Value), most: u64)
    -> Result<Option<u64>, StoreError>;

    /// At most `limit` members of a group, by creation, after one of them.
    async fn members_after(
        &mut self,
        group: ResourceId,
        after: Option<ResourceId>,
        limit: u64,
    ) -> Result<Vec<StoredResource>, StoreError>;

    /// At most `limit` people whose user name or one of whose e-mail addresses may lie outside of these domains, by creation,
    /// after one of them. Everybody is looked at, so this is expensive.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the tenant's other expensive questions take too long, [`StoreError::TooSlow`].
    async fn people_outside(
        &mut self,
        domains: &[DomainName],
        after: Option<ResourceId>,
        limit: u64,
    ) -> Result<Vec<StoredResource>, StoreError>;

    /// How many members each of these groups has, counted up to `most`.
    async fn sizes(&mut self, groups: &[ResourceId], most: u64) -> Result<HashMap<ResourceId, u64>, StoreError>;
}
