//! Admin accounts: inviting, changing and removing them, and what everybody does with their own.
//!
//! Each operation holds the tenant, so that the last owner is the last one also when two owners act at once.

mod links;
mod own;
mod second_step;

use scim_protocol::secret::Secret;

use super::accounts::{Accounts, find, require_another_owner, require_manager, require_somebody_else};
use super::letters::{self, Letter};
use super::sign_in::by_password::takes_password;
use crate::Error;
use crate::admin::link::{INVITATION_SECONDS, LinkPurpose, MadeLink, RESET_SECONDS};
use crate::admin::{Admin, AdminRole, AdminState, StoredAdmin};
use crate::context::OpContext;
use crate::ids::AdminId;
use crate::journal::Fact;
use crate::mail::MailAddress;
use crate::store::{StoreError, TenantRead, TenantTx};
use crate::tenant::{Tenant, TenantScope, shown_text};

pub use second_step::Enrolment;

/// What a new account is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAdmin {
    pub email: MailAddress,
    /// May be empty.
    pub name: String,
    pub role: AdminRole,
}

/// A new account, and the link with which its owner chooses a password.
#[derive(Clone, Debug)]
pub struct Invited {
    pub admin: Admin,
    pub link: MadeLink,
}

pub struct People {
    accounts: Accounts,
}

impl People {
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }

    /// The tenant's accounts, the oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, scope: &TenantScope) -> Result<Vec<Admin>, Error> {
        let stored = self.accounts.store.read(scope).await?.list_admins().await?;
        Ok(stored.into_iter().map(|known| known.admin).collect())
    }

    /// The account with this e-mail address.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn find(&self, scope: &TenantScope, address: &MailAddress) -> Result<Admin, Error> {
        let known = self.accounts.store.read(scope).await?.find_admin_by_email(&address.key()).await?;
        known.map(|known| known.admin).ok_or_else(|| Error::NotFound(format!("an admin with the address {address}")))
    }

    /// All accounts there ever were, those that were removed too: what readers of the journal call its actors.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn known(&self, scope: &TenantScope) -> Result<Vec<Admin>, Error> {
        Ok(self.accounts.store.read(scope).await?.known_admins().await?)
    }

    /// Makes an account with a password.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when there is one with this address, when the password or the address is not one that there may
    /// be, or when the actor may not.
    pub async fn create(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        new: NewAdmin,
        password: &Secret,
    ) -> Result<Admin, Error> {
        let digest = self.accounts.chosen(tenant, new.email.as_str(), &new.name, password).await?;
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        let admin = self.insert(tx.as_mut(), cx, new, Some(digest)).await?;
        tx.commit().await?;
        Ok(admin)
    }

    /// Makes an account and a link with which its owner chooses a password; the link is sent where mail is set up.
    ///
    /// # Errors
    /// As [`People::create`].
    pub async fn invite(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        new: NewAdmin,
        sign_in_url: &str,
    ) -> Result<Invited, Error> {
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        let admin = self.insert(tx.as_mut(), cx, new, None).await?;
        let link = self.send(tx.as_mut(), cx, tenant, &admin, LinkPurpose::Invitation, sign_in_url).await?;
        tx.commit().await?;
        Ok(Invited { admin, link })
    }

    async fn insert(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        new: NewAdmin,
        password: Option<Secret>,
    ) -> Result<Admin, Error> {
        tx.lock_tenant().await?;
        require_manager(tx, &cx.actor, new.role).await?;
        let admin = Admin {
            id: AdminId(self.accounts.ids.next(cx.now)),
            email: new.email,
            name: shown_text(&new.name).map_err(Error::NotAllowed)?,
            role: new.role,
            state: if password.is_some() { AdminState::Active } else { AdminState::Invited },
            has_second_step: false,
            created: cx.now,
            last_sign_in: None,
            password_used: None,
            is_break_glass: false,
            identity: None,
        };
        let stored = StoredAdmin { admin, password, second_step: None };
        tx.insert_admin(&stored).await.map_err(|error| match error {
            StoreError::Taken { .. } => {
                Error::NotAllowed(format!("there is an account with the address {} already", stored.admin.email))
            }
            other => other.into(),
        })?;
        self.accounts.record(tx, cx, &Fact::admin_created(&stored.admin)).await?;
        Ok(stored.admin)
    }

    /// Makes an invitation anew; the one before opens nothing any more.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] when the account has a password already by which it can sign in, or has been
    /// joined to an identity provider, or the actor may not.
    pub async fn invite_again(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        id: AdminId,
        sign_in_url: &str,
    ) -> Result<MadeLink, Error> {
        self.make_link(cx, tenant, id, LinkPurpose::Invitation, sign_in_url).await
    }

    /// Whether an account needs a link to come in: it was never used, or passwords are taken no more and no identity provider
    /// says who it is.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn needs_invitation(&self, tenant: &Tenant, admin: &Admin) -> Result<bool, Error> {
        let mut read = self.accounts.store.read(&tenant.scope()).await?;
        Ok(admin.state == AdminState::Invited || needs_to_join(read.as_mut(), tenant, admin).await?)
    }

    /// Makes a link with which the owner of an account chooses another password; until then the old one is good.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] when the actor may not.
    pub async fn reset(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        id: AdminId,
        sign_in_url: &str,
    ) -> Result<MadeLink, Error> {
        self.make_link(cx, tenant, id, LinkPurpose::Reset, sign_in_url).await
    }

    async fn make_link(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        id: AdminId,
        purpose: LinkPurpose,
        sign_in_url: &str,
    ) -> Result<MadeLink, Error> {
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        let locked = tx.lock_tenant().await?;
        let known = find(tx.as_mut(), id).await?.admin;
        require_manager(tx.as_mut(), &cx.actor, known.role).await?;
        require_somebody_else(&cx.actor, id)?;
        let is_in = known.state == AdminState::Active;
        if purpose == LinkPurpose::Invitation
            && is_in
            && !needs_to_join(tx.as_mut(), locked.as_ref().unwrap_or(tenant), &known).await?
        {
            return Err(Error::NotAllowed(format!("{} has accepted the invitation already", known.email)));
        }
        let link = self.send(tx.as_mut(), cx, tenant, &known, purpose, sign_in_url).await?;
        tx.commit().await?;
        Ok(link)
    }

    async fn send(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        tenant: &Tenant,
        to: &Admin,
        purpose: LinkPurpose,
        sign_in_url: &str,
    ) -> Result<MadeLink, Error> {
        tx.revoke_links_of(to.id, cx.now).await?;
        let seconds = if purpose == LinkPurpose::Reset { RESET_SECONDS } else { INVITATION_SECONDS };
        let link = self.accounts.make_link(tx, cx, purpose, Some(to.id), String::new(), seconds).await?;
        letters::post(&self.accounts, tx, cx, Letter { tenant, to, link: &link, sign_in_url }).await?;
        Ok(link)
    }

    /// Gives an account another role, which counts from the next request on.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] for the last owner who can sign in, or when the actor may not.
    pub async fn set_role(&self, cx: &OpContext, id: AdminId, role: AdminRole) -> Result<(), Error> {
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let known = find(tx.as_mut(), id).await?.admin;
        require_manager(tx.as_mut(), &cx.actor, known.role).await?;
        require_manager(tx.as_mut(), &cx.actor, role).await?;
        if known.role == role {
            return Ok(());
        }
        require_another_owner(tx.as_mut(), &known).await?;
        require_no_break_glass(&known)?;
        tx.set_admin_role(id, role).await?;
        self.accounts.record(tx.as_mut(), cx, &Fact::role_changed(&known, role)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes an account with its sessions and links. Its name stays known to the journal's readers.
    ///
    /// # Errors
    /// As [`People::set_role`].
    pub async fn remove(&self, cx: &OpContext, id: AdminId) -> Result<(), Error> {
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let known = find(tx.as_mut(), id).await?.admin;
        require_manager(tx.as_mut(), &cx.actor, known.role).await?;
        require_another_owner(tx.as_mut(), &known).await?;
        require_no_break_glass(&known)?;
        tx.remove_admin(id, cx.now).await?;
        self.accounts.record(tx.as_mut(), cx, &Fact::admin_removed(&known)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Whether somebody can come in only by a link, to say who they are at an identity provider: passwords are taken from them no
/// more, and single sign-on does not know them yet.
///
/// # Errors
/// Those of the store.
async fn needs_to_join<R: TenantRead + ?Sized>(read: &mut R, tenant: &Tenant, known: &Admin) -> Result<bool, Error> {
    Ok(known.identity.is_none() && !takes_password(read, tenant, known).await?)
}

/// Whoever keeps the break glass hands it over first, which is checked where that is done.
///
/// # Errors
/// [`Error::NotAllowed`].
fn require_no_break_glass(admin: &Admin) -> Result<(), Error> {
    match admin.is_break_glass {
        false => Ok(()),
        true => Err(Error::NotAllowed(
            "this owner keeps the break glass for single sign-on; take it away under Break glass first".to_owned(),
        )),
    }
}
