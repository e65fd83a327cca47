//! Letters with links to accounts. This is the one place where they are handed to the outbox.

use super::accounts::Accounts;
use crate::admin::Admin;
use crate::admin::link::{LinkPurpose, MadeLink};
use crate::context::OpContext;
use crate::ids::MailId;
use crate::mail::{Mail, QueuedMail};
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

impl Letter<'_> {
    fn mail(&self) -> Mail {
        let Self { tenant, to, link, sign_in_url } = self;
        let address = format!("{sign_in_url}/link/{}", link.text.reveal());
        let (subject, reason, span) = match link.link.purpose {
            LinkPurpose::Reset => (
                format!("A new password for {}", tenant.name),
                format!("Somebody, most likely you, asked for a new password for the settings of {}.", tenant.name),
                "an hour",
            ),
            LinkPurpose::Invitation | LinkPurpose::Setup => (
                format!("Your invitation to the settings of {}", tenant.name),
                format!("You were made an admin of {}. Choose a password to sign in.", tenant.name),
                "7 days",
            ),
        };
        let text = format!(
            "Hello {},\n\n{reason}\n\n{address}\n\nThe link works once, for {span}. If you expected nothing like this, \
             do nothing: without the link nothing changes.\n",
            to.shown_name()
        );
        Mail::new(to.email.clone(), &subject, &text)
    }
}

/// Puts a letter into the outbox; it stands or falls with the transaction.
///
/// # Errors
/// See [`StoreError`].
pub(super) async fn post(
    accounts: &Accounts,
    tx: &mut dyn TenantTx,
    cx: &OpContext,
    letter: Letter<'_>,
) -> Result<(), StoreError> {
    let id = MailId(accounts.ids.next(cx.now));
    tx.queue_mail(&QueuedMail::seal(&letter.mail(), id, &accounts.keys.ring(), cx.now)?).await
}
