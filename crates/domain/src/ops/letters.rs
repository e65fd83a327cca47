//! Letters with links to accounts.

use super::accounts::Accounts;
use crate::admin::Admin;
use crate::admin::link::{LinkPurpose, MadeLink};
use crate::context::OpContext;
use crate::health::text::moment;
use crate::mail::Mail;
use crate::ops::mailroom;
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
        let until = link.link.expires;
        let (subject, reason) = match link.link.purpose {
            LinkPurpose::Reset => (
                format!("A new password for {}", tenant.name),
                format!("Somebody, most likely you, asked for a new password for the settings of {}.", tenant.name),
            ),
            LinkPurpose::Invitation | LinkPurpose::Setup => (
                format!("Your invitation to the settings of {}", tenant.name),
                format!("You were made an admin of {}. Choose a password to sign in.", tenant.name),
            ),
        };
        let text = format!(
            "Hello {},\n\n{reason}\n\n{address}\n\nThe link works once, until {}. If you expected nothing like this, \
             do nothing: without the link nothing changes.\n",
            to.shown_name(),
            moment(until)
        );
        Mail::new(to.email.clone(), &subject, &text).until(until)
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
    mailroom::queue(tx, &letter.mail(), (accounts.ids.as_ref(), &accounts.keys), cx.now).await
}
