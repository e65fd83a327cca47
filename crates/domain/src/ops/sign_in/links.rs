//! Coming in by a link.

use scim_protocol::secret::Secret;

use super::by_password::takes_password;
use super::{Outcome, SignIn, context_of};
use crate::Error;
use crate::admin::StoredAdmin;
use crate::admin::link::{Link, LinkPurpose, LinkState, LinkText, LinkView};
use crate::admin::session::{HolderId, NewSession};
use crate::context::{Actor, OpContext};
use crate::journal::Fact;
use crate::ops::accounts::{Beginning, Visitor};
use crate::store::{StoreError, TenantRead, TenantTx};
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

/// A link that is to be used.
#[derive(Clone, Debug)]
pub struct LinkUse {
    /// The last part of its address.
    pub text: String,
    /// The password that was chosen; setup links need none.
    pub password: Option<Secret>,
    pub visitor: Visitor,
}

/// What comes of using a link.
#[derive(Clone, Debug)]
pub enum LinkOutcome {
    /// It is no link of this tenant, or it is used, expired or revoked.
    Gone,
    /// The password is set, but this account signs in by single sign-on.
    SingleSignOn,
    /// As [`Outcome::SecondStep`]: a link stands for the password alone.
    SecondStep(NewSession),
    In(NewSession),
}

impl SignIn {
    /// What a link would open; uses nothing up. None when it opens nothing now.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn look_at_link(
        &self,
        scope: &TenantScope,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<LinkView>, Error> {
        let mut read = self.accounts.store.read(scope).await?;
        let Some(link) = self.find_link(read.as_mut(), text, now).await? else {
            return Ok(None);
        };
        let email = match link.admin {
            None => None,
            Some(admin) => match read.find_admin(admin).await? {
                Some(known) => Some(known.admin.email),
                None => return Ok(None),
            },
        };
        Ok(Some(LinkView { purpose: link.purpose, email, label: link.label, expires: link.expires }))
    }

    /// Uses a link up, which begins a session. Behind an invitation and a reset, the password is set first and all other
    /// sessions of the account end.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] with the rule that the password breaks; the link is good still.
    pub async fn use_link(&self, tenant: &Tenant, using: LinkUse, now: Timestamp) -> Result<LinkOutcome, Error> {
        let LinkUse { text, password, visitor } = using;
        let mut read = self.accounts.store.read(&tenant.scope()).await?;
        let found = self.find_link(read.as_mut(), &text, now).await?;
        let Some(link) = found else { return Ok(LinkOutcome::Gone) };
        let Some(id) = link.admin else { return self.use_setup_link(tenant, &link, &visitor, now).await };
        let Some(known) = read.find_admin(id).await? else { return Ok(LinkOutcome::Gone) };
        drop(read);
        let password = password
            .ok_or_else(|| Error::NotAllowed("choose a password, which is what this link is for".to_owned()))?;
        let digest = self.accounts.chosen(tenant, known.admin.email.as_str(), &known.admin.name, &password).await?;
        self.set_password_by_link(tenant, &link, &known, &digest, &visitor, now).await
    }

    async fn set_password_by_link(
        &self,
        tenant: &Tenant,
        link: &Link,
        known: &StoredAdmin,
        digest: &Secret,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<LinkOutcome, Error> {
        let id = known.admin.id;
        let cx = context_of(tenant, known.admin.actor(), visitor, now);
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        let Some(locked) = tx.lock_tenant().await? else { return Ok(LinkOutcome::Gone) };
        let Some(current) = tx.find_admin(id).await? else { return Ok(LinkOutcome::Gone) };
        if !self.use_up(tx.as_mut(), &cx, link).await? {
            return Ok(LinkOutcome::Gone);
        }
        tx.set_admin_password(id, digest).await?;
        tx.revoke_links_of(id, now).await?;
        let ended = tx.end_sessions(HolderId::Admin(id), None).await?;
        self.accounts.record(tx.as_mut(), &cx, &Fact::password_changed(id, ended)).await?;
        // Whoever is invited comes in by the link alone, to join the account to who they are at the identity provider.
        let is_reset = link.purpose == LinkPurpose::Reset;
        if is_reset && !takes_password(tx.as_mut(), &locked, &current.admin).await? {
            tx.commit().await?;
            return Ok(LinkOutcome::SingleSignOn);
        }
        let outcome = self.begin_for(tx.as_mut(), &cx, &current.admin, "link", visitor).await?;
        if matches!(outcome, Outcome::In(_)) {
            tx.note_password(id, now).await?;
        }
        tx.commit().await?;
        Ok(match outcome {
            Outcome::In(session) => LinkOutcome::In(session),
            Outcome::SecondStep(session) => LinkOutcome::SecondStep(session),
            Outcome::Refused | Outcome::SingleSignOn | Outcome::Wait(_) => LinkOutcome::Gone,
        })
    }

    async fn use_setup_link(
        &self,
        tenant: &Tenant,
        link: &Link,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<LinkOutcome, Error> {
        let actor = Actor::SetupLink { id: link.id, label: link.label.clone() };
        let cx = context_of(tenant, actor, visitor, now);
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        if !self.use_up(tx.as_mut(), &cx, link).await? {
            return Ok(LinkOutcome::Gone);
        }
        let holder = HolderId::SetupLink(link.id);
        let beginning =
            Beginning { holder, is_complete: true, by_second_step: false, by: "setup link", sign_on: None, visitor };
        let session = self.accounts.begin(tx.as_mut(), &cx, beginning).await?;
        tx.commit().await?;
        Ok(LinkOutcome::In(session))
    }

    /// Whoever is first uses a link; false for everybody else.
    async fn use_up(&self, tx: &mut dyn TenantTx, cx: &OpContext, link: &Link) -> Result<bool, StoreError> {
        if !tx.use_link(link.id, cx.now).await? {
            return Ok(false);
        }
        self.accounts.record(tx, cx, &Fact::link_used(link)).await?;
        Ok(true)
    }

    /// The link with this text, if it is good now.
    async fn find_link(&self, read: &mut dyn TenantRead, text: &str, now: Timestamp) -> Result<Option<Link>, Error> {
        let Some(text) = LinkText::parse(text) else { return Ok(None) };
        let Some(link) = read.find_link(text.id).await? else { return Ok(None) };
        self.accounts.keys.learn(|ring| ring.holds(&link.digest.key)).await;
        let is_good = link.state(now) == LinkState::Live && text.is_of(&link.digest, &self.accounts.keys.ring());
        Ok(is_good.then_some(link))
    }
}
