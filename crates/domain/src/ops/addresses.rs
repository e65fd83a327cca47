//! What a tenant's verified domains say of the addresses that a change brings.

use std::collections::BTreeSet;

use scim_protocol::Fault;
use scim_protocol::value::fold;

use crate::Error;
use crate::catalogue::Cause;
use crate::context::OpContext;
use crate::directory::{Kind, StoredResource};
use crate::email_domain::{DomainName, Judgement};

/// The domains outside of the tenant's own in which addresses of a person lie that were not there `before`. What was there
/// is not judged again: somebody who leaves can be deactivated, wherever their address lies.
///
/// # Errors
/// 400 `invalidValue` for the first such address, when the tenant lets nobody in from outside. The sentence names the
/// address' own domain alone.
pub fn outside(
    cx: &OpContext,
    before: Option<&StoredResource>,
    after: &StoredResource,
) -> Result<Vec<DomainName>, Error> {
    if after.kind != Kind::USER || cx.scope.domains().verified.is_empty() {
        return Ok(Vec::new());
    }
    let known: BTreeSet<_> = before.into_iter().flat_map(StoredResource::addresses).map(fold).collect();
    let mut noted = BTreeSet::new();
    for (attribute, address) in after.named_addresses().filter(|(_, address)| !known.contains(&fold(address))) {
        match cx.scope.domains().judge(address) {
            Judgement::Fine => {}
            Judgement::Noted(domain) => drop(noted.insert(domain)),
            Judgement::Refused(domain) => {
                cx.trail.because(Cause::AddressOutside);
                return Err(refusal(attribute, &domain).into());
            }
        }
    }
    Ok(noted.into_iter().collect())
}

fn refusal(attribute: &str, domain: &DomainName) -> Fault {
    Fault::invalid_value(format!(
        "{attribute} lies in the domain \"{domain}\", which this directory has not verified, and it takes addresses of verified \
         domains alone; an admin can verify the domain, or let other addresses in, in the settings under Domains"
    ))
}
