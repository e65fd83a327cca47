//! Groups, as rules of roles look at them.

use std::collections::HashMap;

use async_trait::async_trait;

use super::StoreError;
use crate::directory::Kind;
use crate::ids::ResourceId;
use crate::role::NamedGroup;

/// Some of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among<'i> {
    These(&'i [ResourceId]),
    /// Everybody but these.
    Without(&'i [ResourceId]),
}

#[async_trait]
pub trait ReadGroups: Send {
    /// Those of these that are groups, and the groups that have one of these display names, whatever its case; each once.
    async fn find_groups(&mut self, ids: &[ResourceId], names: &[&str]) -> Result<Vec<NamedGroup>, StoreError>;

    /// Of each of these groups, and of each group in them, directly or by way of others: which groups are directly in it.
    async fn groups_below(&mut self, groups: &[ResourceId])
    -> Result<HashMap<ResourceId, Vec<NamedGroup>>, StoreError>;

    /// The first of some by display name, with what people call them; those without a display name come last.
    async fn first_by_name(
        &mut self,
        kind: &Kind,
        among: Among<'_>,
        limit: u64,
    ) -> Result<Vec<(ResourceId, String)>, StoreError>;
}
