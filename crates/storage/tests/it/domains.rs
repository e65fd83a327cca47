//! Domains of e-mail addresses, from adding them to what they mean for a directory.

mod limits;
mod looking;
mod people;

use domain::email_domain::{DomainState, EmailDomain};
use domain::tenant::Tenant;
use testkit::World;

use crate::raw;

const DAY: i64 = 86_400;

/// What a tenant's journal says about one of its domains: what happened, and the states before and after.
async fn told(world: &World, tenant: &Tenant, domain: &EmailDomain) -> Vec<(String, String, String)> {
    let facts = raw::facts(world, tenant).await;
    let about = facts.into_iter().filter(|fact| fact.subject_id == Some(domain.id.0));
    about
        .map(|fact| {
            assert_eq!(fact.subject_kind, "Domain");
            let payload = fact.payload();
            let state = |part: &str| payload[part]["state"].as_str().unwrap_or_default().to_owned();
            (fact.what, state("before"), state("after"))
        })
        .collect()
}

/// The domain as it is now.
async fn now(world: &World, tenant: &Tenant, domain: &EmailDomain) -> EmailDomain {
    world.domains.get(&tenant.scope(), domain.id).await.unwrap()
}

async fn state(world: &World, tenant: &Tenant, domain: &EmailDomain) -> DomainState {
    now(world, tenant, domain).await.state
}
