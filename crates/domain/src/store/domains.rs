//! The domains of e-mail addresses.

use async_trait::async_trait;

use super::StoreError;
use crate::email_domain::{DomainPolicy, DomainSeed, EmailDomain};
use crate::ids::DomainId;

#[async_trait]
pub trait ReadDomains: Send {
    /// The tenant's domains, in the order of their names.
    async fn list_domains(&mut self) -> Result<Vec<EmailDomain>, StoreError>;

    async fn find_domain(&mut self, id: DomainId) -> Result<Option<EmailDomain>, StoreError>;

    /// Whether the tenant's people have to sign in by a connection, which leads them in by their domains.
    async fn is_sso_enforced(&mut self) -> Result<bool, StoreError>;
}

#[async_trait]
pub trait WriteDomains: ReadDomains {
    /// # Errors
    /// [`StoreError::Taken`] when the tenant has the domain already.
    async fn insert_domain(&mut self, domain: &EmailDomain) -> Result<(), StoreError>;

    /// Writes what changes of a domain: all but its name and its challenge.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when it is verified and is another tenant's; nothing else can be done in the transaction then.
    async fn save_domain(&mut self, domain: &EmailDomain) -> Result<(), StoreError>;

    async fn delete_domain(&mut self, id: DomainId) -> Result<(), StoreError>;

    async fn set_domain_policy(&mut self, policy: DomainPolicy) -> Result<(), StoreError>;

    /// What makes the tenant's challenges; this one from now on, when there is none yet.
    async fn domain_seed(&mut self, fresh: DomainSeed) -> Result<DomainSeed, StoreError>;
}
