//! Whom somebody can ask who is not let in.

use super::SingleSignOn;
use crate::Error;
use crate::admin::Admin;
use crate::tenant::TenantScope;

/// So many are named.
const MOST_NAMED: usize = 3;

impl SingleSignOn {
    /// Names and addresses of the tenant's owners, for somebody whom its identity provider knows.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn whom_to_ask(&self, scope: &TenantScope) -> Result<Vec<(String, String)>, Error> {
        let admins = self.tools.store.read(scope).await?.list_admins().await?;
        let owners = admins.into_iter().map(|known| known.admin).filter(Admin::is_active_owner);
        Ok(owners.take(MOST_NAMED).map(|admin| (admin.shown_name().to_owned(), admin.email.to_string())).collect())
    }
}
