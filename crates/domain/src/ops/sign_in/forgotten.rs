//! Asking for a new password.

use super::{SignIn, context_of};
use crate::Error;
use crate::admin::link::{LinkPurpose, RESET_SECONDS};
use crate::context::Actor;
use crate::mail::address;
use crate::ops::accounts::Visitor;
use crate::ops::letters::{self, Letter};
use crate::tenant::Tenant;
use crate::timestamp::Timestamp;

impl SignIn {
    /// Sends a link to a new password to an account with this e-mail address, if there is one. Whoever asked is told the
    /// same in any case; the page answers before this is done, so that not even the time tells. Links that were made before
    /// stay good: anybody can ask, and nobody's invitation may end by it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forgot_password(
        &self,
        tenant: &Tenant,
        email: &str,
        sign_in_url: &str,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<(), Error> {
        let account = address::key(email);
        if self.throttle.letter(tenant.id, &account, visitor.address).await.is_err() {
            return Ok(());
        }
        let cx = context_of(tenant, Actor::System, visitor, now);
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        let Some(known) = tx.find_admin_by_email(&account).await? else { return Ok(()) };
        let id = Some(known.admin.id);
        let made =
            self.accounts.make_link(tx.as_mut(), &cx, LinkPurpose::Reset, id, String::new(), RESET_SECONDS).await?;
        letters::post(&self.accounts, tx.as_mut(), &cx, Letter { tenant, to: &known.admin, link: &made, sign_in_url })
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
