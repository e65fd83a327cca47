//! Facts about the domains of a tenant's e-mail addresses.

use serde_json::{Value, json};

use super::{Fact, Subject, What};
use crate::email_domain::{DomainPolicy, EmailDomain};

impl Fact {
    pub fn domain_added(domain: &EmailDomain) -> Self {
        let payload = json!({"after": shown(domain)});
        Self { what: What::Created, subject: Subject::Domain(domain.id), payload }
    }

    pub fn domain_removed(domain: &EmailDomain) -> Self {
        let payload = json!({"before": shown(domain)});
        Self { what: What::Deleted, subject: Subject::Domain(domain.id), payload }
    }

    /// What is known of a domain, before and after; none when nothing is that somebody would look for later.
    pub fn domain_changed(before: &EmailDomain, after: &EmailDomain) -> Option<Self> {
        let (old, new) = (shown(before), shown(after));
        let is_changed = old != new;
        let payload = json!({"before": old, "after": new});
        is_changed.then(|| Self { what: What::DomainChanged, subject: Subject::Domain(after.id), payload })
    }

    pub fn domain_policy_changed(before: DomainPolicy, after: DomainPolicy) -> Self {
        let payload = json!({"before": {"domain_policy": before.as_str()}, "after": {"domain_policy": after.as_str()}});
        Self { what: What::DomainPolicyChanged, subject: Subject::Tenant, payload }
    }
}

fn shown(domain: &EmailDomain) -> Value {
    json!({
        "name": domain.name.shown(),
        "state": domain.state.as_str(),
        "record_gone_since": domain.missing.map(|since| since.to_string()),
        "connection": domain.connection.map(|id| id.to_string()),
    })
}
