//! Whether an admin may come in with a password at all.

use crate::Error;
use crate::admin::Admin;
use crate::connection::{Connection, Switch};
use crate::store::TenantTx;
use crate::tenant::Tenant;

/// Not where the tenant's owners have said so, nor where single sign-on is enforced; but owners who keep the break glass always
/// may. `tenant`: as it is in this transaction.
///
/// # Errors
/// Those of the store.
pub(super) async fn takes_password(tx: &mut dyn TenantTx, tenant: &Tenant, admin: &Admin) -> Result<bool, Error> {
    if admin.is_break_glass {
        return Ok(true);
    }
    let is_enforced = |connection: &Connection| connection.switch == Switch::Enforced;
    Ok(tenant.admin_passwords && !tx.list_connections().await?.iter().any(is_enforced))
}
