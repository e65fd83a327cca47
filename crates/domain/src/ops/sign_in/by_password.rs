//! Whether an admin may come in with a password at all.

use crate::Error;
use crate::admin::Admin;
use crate::connection::routing::is_enforced_for;
use crate::store::TenantRead;
use crate::tenant::Tenant;

/// Not where the tenant's owners have said so, nor where single sign-on is enforced for the domain of their address; but owners
/// who keep the break glass always may. `tenant`: as it is in this transaction.
///
/// # Errors
/// Those of the store.
pub(in crate::ops) async fn takes_password<R: TenantRead + ?Sized>(
    tx: &mut R,
    tenant: &Tenant,
    admin: &Admin,
) -> Result<bool, Error> {
    if admin.is_break_glass {
        return Ok(true);
    }
    let (domains, connections) = (tx.list_domains().await?, tx.list_connections().await?);
    Ok(tenant.admin_passwords && !is_enforced_for(admin.email.as_str(), &domains, &connections))
}
