//! Where somebody signs in, by the domain of their e-mail address.

use super::SingleSignOn;
use crate::Error;
use crate::admin::throttle::Wait;
use crate::connection::routing::leading;
use crate::email_domain::DomainName;
use crate::ids::ConnectionId;
use crate::limit::Address;
use crate::tenant::{TenantSlug, TenantStatus};

impl SingleSignOn {
    /// The tenant and connection that lead somebody with this address; none when nothing does, for whichever reason. `from`:
    /// who asks, which is counted: the answer tells that a domain belongs to a customer.
    ///
    /// # Errors
    /// Those of the store; within it how many seconds to wait.
    pub async fn find_home(
        &self,
        address: &str,
        from: Address,
    ) -> Result<Result<Option<(TenantSlug, ConnectionId)>, Wait>, Error> {
        if let Err(wait) = self.throttle.lookup(from).await {
            return Ok(Err(wait));
        }
        let Some(name) = DomainName::of_address(address.trim()) else { return Ok(Ok(None)) };
        let Some((slug, _)) = self.tools.store.work().find_verified_domain(&name).await? else { return Ok(Ok(None)) };
        let Some(admission) = self.tools.store.find_admission(&slug).await? else { return Ok(Ok(None)) };
        if admission.tenant.status != TenantStatus::Active {
            return Ok(Ok(None));
        }
        let mut read = self.tools.store.read(&admission.tenant.scope()).await?;
        let domains = read.list_domains().await?;
        let connections = read.list_connections().await?;
        let domain = domains.iter().find(|domain| domain.name == name && domain.is_verified());
        let connection = domain.and_then(|domain| leading(domain, &connections));
        Ok(Ok(connection.map(|connection| (slug, connection.id))))
    }
}
