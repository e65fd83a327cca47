//! What everybody does with their own account.

use scim_protocol::secret::Secret;

use super::People;
use crate::Error;
use crate::admin::session::HolderId;
use crate::admin::{AdminCaller, StoredAdmin};
use crate::context::OpContext;
use crate::journal::Fact;
use crate::ops::accounts::find;
use crate::ports::{Asker, Checked};
use crate::tenant::Tenant;

impl People {
    /// Changes the caller's password, which ends all their other sessions.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when the old password is wrong or the new one is not one that there may be.
    pub async fn change_password(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        caller: &AdminCaller,
        old: &Secret,
        new: &Secret,
    ) -> Result<(), Error> {
        let admin = own(caller)?;
        let checked = self.require_password(tenant, caller, old).await?;
        let digest = self.accounts.chosen(tenant, admin.email.as_str(), &admin.name, new).await?;
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        still_the_password(&find(tx.as_mut(), admin.id).await?, &checked)?;
        tx.set_admin_password(admin.id, &digest).await?;
        tx.revoke_links_of(admin.id, cx.now).await?;
        let ended = tx.end_sessions(HolderId::Admin(admin.id), Some(caller.session)).await?;
        self.accounts.record(tx.as_mut(), cx, &Fact::password_changed(admin.id, ended)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether this is the caller's password, before somebody else could be let in by what is done next.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when it is not.
    pub async fn confirm_password(
        &self,
        tenant: &Tenant,
        caller: &AdminCaller,
        password: &Secret,
    ) -> Result<(), Error> {
        self.require_password(tenant, caller, password).await.map(drop)
    }

    /// Whether this is the caller's password; gives the digest that says so. What somebody is asked for who finds a browser open must not be enough to
    /// lock its owner out.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when it is not.
    pub(super) async fn require_password(
        &self,
        tenant: &Tenant,
        caller: &AdminCaller,
        password: &Secret,
    ) -> Result<Secret, Error> {
        let admin = own(caller)?;
        let known = self.accounts.store.read(&tenant.scope()).await?.find_admin(admin.id).await?;
        let digest = known.and_then(|known| known.password);
        let checked = self.accounts.passwords.verify(tenant.id, Asker::Known, password, digest.as_ref()).await?;
        match (checked, digest) {
            (Checked::Right, Some(digest)) => Ok(digest),
            _ => Err(Error::NotAllowed("this is not your password".to_owned())),
        }
    }
}

/// Whether what was checked a moment ago is the password now, under the lock.
///
/// # Errors
/// [`Error::NotAllowed`] when somebody has set another one meanwhile.
pub(super) fn still_the_password(known: &StoredAdmin, checked: &Secret) -> Result<(), Error> {
    match known.password.as_ref() == Some(checked) {
        true => Ok(()),
        false => Err(Error::NotAllowed("your password was changed meanwhile; sign in with the new one".to_owned())),
    }
}

/// The account of a caller.
///
/// # Errors
/// [`Error::NotAllowed`] for somebody who came by a setup link or still owes the second step.
pub(super) fn own(caller: &AdminCaller) -> Result<&crate::admin::Admin, Error> {
    let admin = caller.admin().filter(|_| caller.is_complete);
    admin.ok_or_else(|| Error::NotAllowed("this takes an account that has signed in".to_owned()))
}
