//! S7: which domains are the tenant's own, and what holds for addresses outside of them.

pub mod add;
pub mod one;
pub mod outside;
pub mod remove;

pub use add::{send, set_policy, show};

use domain::email_domain::EmailDomain;
use domain::ids::DomainId;
use uuid::Uuid;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::Tab;

const DOMAINS: &str = Tab::Domains.path();

/// The address of a domain's page.
fn href(call: &AdminCall, id: DomainId) -> String {
    call.href(&format!("{DOMAINS}/{id}"))
}

/// The id in the address.
fn asked_id(call: &AdminCall) -> Result<DomainId, PageError> {
    Uuid::try_parse(call.segment("id")).map(DomainId).map_err(|_| PageError::NotFound)
}

/// The domain of the address.
///
/// # Errors
/// [`PageError::NotFound`].
async fn asked(call: &AdminCall) -> Result<EmailDomain, PageError> {
    Ok(call.admin.domains.get(&call.cx.scope, asked_id(call)?).await?)
}
