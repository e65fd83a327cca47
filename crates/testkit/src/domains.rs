//! Domains of tenants in a [`World`].

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "builders are for what has to succeed")]

use domain::email_domain::{DomainPolicy, EmailDomain};
use domain::ops::Look;
use domain::tenant::Tenant;

use crate::World;

impl World {
    /// Adds a domain to a tenant, and nothing more.
    pub async fn domain(&self, tenant: &Tenant, name: &str) -> EmailDomain {
        let name = name.parse().expect("a domain");
        self.domains.add(&self.operator(tenant), name).await.expect("a new domain")
    }

    /// Publishes the record of a domain.
    pub fn publish(&self, domain: &EmailDomain) {
        self.resolver.publish(&domain.name.record(), &[&domain.challenge]);
    }

    /// Has a domain looked for now.
    pub async fn look_for(&self, tenant: &Tenant, domain: &EmailDomain) -> EmailDomain {
        match self.domains.check(&self.operator(tenant), domain.id).await.expect("an answer") {
            Look::Done(domain) => domain,
            Look::Wait(seconds) => unreachable!("{seconds} s are to be waited"),
        }
    }

    /// Adds a domain to a tenant and verifies it.
    pub async fn verified_domain(&self, tenant: &Tenant, name: &str) -> EmailDomain {
        let domain = self.domain(tenant, name).await;
        self.publish(&domain);
        let domain = self.look_for(tenant, &domain).await;
        assert!(domain.is_verified(), "{domain:?}");
        domain
    }

    /// Gives a tenant a verified domain and a policy; gives the tenant as it is then.
    pub async fn with_domain(&self, tenant: &Tenant, name: &str, policy: DomainPolicy) -> Tenant {
        self.verified_domain(tenant, name).await;
        self.domains.set_policy(&self.operator(tenant), policy).await.expect("a policy");
        self.tenants.get(&tenant.slug).await.expect("the tenant")
    }
}
