//! Tenants, as they see themselves and as operators see them.

use async_trait::async_trait;
use scim_protocol::declaration::Declaration;

use super::StoreError;
use crate::choices::Choices;
use crate::context::OpContext;
use crate::directory::Kind;
use crate::ids::TenantId;
use crate::limit::LimitOverrides;
use crate::tenant::{DirectoryRules, ProvisioningState, Tenant, TenantStatus};
use crate::timestamp::Timestamp;

/// A tenant's own settings.
#[async_trait]
pub trait TenantSettings: Send {
    /// The tenant, held until the transaction ends: what is decided by counting its credentials is decided by one at a time.
    async fn lock_tenant(&mut self) -> Result<Option<Tenant>, StoreError>;

    /// Writes whether admins may sign in with passwords.
    async fn set_admin_passwords(&mut self, are_on: bool) -> Result<(), StoreError>;

    /// Writes the switch of provisioning and what the admins have chosen.
    async fn set_choices(&mut self, state: ProvisioningState, choices: &Choices) -> Result<(), StoreError>;

    /// Writes the rules that can be changed later: all but `unique_group_names`. Where passwords are to be discarded, those
    /// that were kept go.
    async fn set_rules(&mut self, rules: DirectoryRules) -> Result<(), StoreError>;

    async fn set_limits(&mut self, limits: &LimitOverrides) -> Result<(), StoreError>;

    /// What the tenant has declared, in the order in which it did.
    async fn declarations(&mut self) -> Result<Vec<Declaration>, StoreError>;

    async fn declare(&mut self, declared: &Declaration, now: Timestamp) -> Result<(), StoreError>;

    async fn withdraw(&mut self, name: &str) -> Result<(), StoreError>;

    /// How many resources of a kind there are, or how many of them hold something of the extension with this URN.
    async fn count_holding(&mut self, kind: &Kind, urn: Option<&str>) -> Result<u64, StoreError>;
}

/// The list of all tenants.
#[async_trait]
pub trait Tenants: Send {
    /// # Errors
    /// [`StoreError::Taken`] when the slug belongs to another tenant.
    async fn insert_tenant(&mut self, tenant: &Tenant) -> Result<(), StoreError>;

    /// By slug.
    async fn list_tenants(&mut self) -> Result<Vec<Tenant>, StoreError>;

    async fn set_status(&mut self, id: TenantId, status: TenantStatus) -> Result<(), StoreError>;

    /// Removes the context's tenant and all that was ever its.
    async fn delete_tenant(&mut self, cx: &OpContext) -> Result<(), StoreError>;
}
