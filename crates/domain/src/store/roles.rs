//! The rules by which people get their roles.

use async_trait::async_trait;

use super::StoreError;
use crate::role::StoredRules;

#[async_trait]
pub trait ReadRoles: Send {
    /// The rules as they are at one moment; none at all when nobody has ever saved any.
    async fn role_rules(&mut self) -> Result<StoredRules, StoreError>;
}

#[async_trait]
pub trait WriteRoles: ReadRoles {
    /// Puts rules in the place of those there are.
    async fn set_role_rules(&mut self, rules: &StoredRules) -> Result<(), StoreError>;
}
