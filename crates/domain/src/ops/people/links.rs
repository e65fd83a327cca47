//! Setup links: the settings of one tenant, once, for somebody without an account.

use super::People;
use crate::Error;
use crate::admin::AdminRole;
use crate::admin::link::{LONGEST_SETUP_SECONDS, Link, LinkPurpose, LinkState, MAX_SETUP_LINKS, MadeLink};
use crate::context::OpContext;
use crate::ids::LinkId;
use crate::journal::Fact;
use crate::ops::accounts::require_manager;
use crate::tenant::{TenantScope, shown_text};

impl People {
    /// Makes a setup link that is good for so many seconds.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when that is more than 30 days, when [`MAX_SETUP_LINKS`] are good already, or when the actor may
    /// not.
    pub async fn make_setup_link(&self, cx: &OpContext, label: &str, seconds: i64) -> Result<MadeLink, Error> {
        if !(1..=LONGEST_SETUP_SECONDS).contains(&seconds) {
            return Err(Error::NotAllowed("a setup link is good for at most 30 days".to_owned()));
        }
        let label = shown_text(label).map_err(Error::NotAllowed)?;
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        require_manager(tx.as_mut(), &cx.actor, AdminRole::Admin).await?;
        let known = tx.list_links(LinkPurpose::Setup).await?;
        let live = known.iter().filter(|link| link.state(cx.now) == LinkState::Live).count();
        if live >= MAX_SETUP_LINKS {
            return Err(Error::NotAllowed(format!(
                "the tenant has {live} setup links that are good already, which is the most there may be; revoke one first"
            )));
        }
        let made = self.accounts.make_link(tx.as_mut(), cx, LinkPurpose::Setup, None, label, seconds).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// The tenant's setup links, the newest first, also those that open nothing any more.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn setup_links(&self, scope: &TenantScope) -> Result<Vec<Link>, Error> {
        Ok(self.accounts.store.read(scope).await?.list_links(LinkPurpose::Setup).await?)
    }

    /// Ends a setup link, and the session that began with it. One that is revoked already stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] when the actor may not.
    pub async fn revoke_setup_link(&self, cx: &OpContext, id: LinkId) -> Result<(), Error> {
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        require_manager(tx.as_mut(), &cx.actor, AdminRole::Admin).await?;
        let known = tx.find_link(id).await?.filter(|link| link.purpose == LinkPurpose::Setup);
        let link = known.ok_or_else(|| Error::NotFound(format!("setup link {id}")))?;
        if link.revoked.is_none() {
            tx.revoke_link(id, cx.now).await?;
            self.accounts.record(tx.as_mut(), cx, &Fact::link_revoked(&link)).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
