//! Admins: who has access to these settings, and what they may do there.

pub mod links;
pub mod list;
pub mod one;

use domain::admin::link::MadeLink;
use domain::admin::{Admin, AdminRole, AdminState, Right};
use domain::ids::AdminId;
use domain::mail::MailAddress;
use uuid::Uuid;

use askama::Template;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot};
use crate::parts::{CopyField, Icon, Pill, Tone};
use crate::text::{self, admins as words};
use crate::when::When;

pub const ADMINS: &str = "/settings/admins";

/// A role to choose.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: &'static str,
    pub word: String,
    pub meaning: &'static str,
    pub is_chosen: bool,
    /// Why it cannot be chosen; empty when it can.
    pub lacks: &'static str,
}

/// All roles, of which those can be chosen that the caller may give.
pub fn choices(call: &AdminCall, chosen: AdminRole) -> Vec<Choice> {
    let choice = |role: AdminRole| Choice {
        value: role.as_str(),
        word: role.to_string(),
        meaning: words::meaning(role),
        is_chosen: role == chosen,
        lacks: if call.may(role.managed_with()) { "" } else { text::lacks(role.managed_with()) },
    };
    AdminRole::ALL.into_iter().map(choice).collect()
}

/// A link that is shown this once.
#[derive(Template)]
#[template(path = "admin_link.html")]
pub struct LinkPage {
    frame: Frame,
    lead: String,
    link: CopyField,
    expires: When,
    back: String,
}

impl LinkPage {
    pub fn new(call: &AdminCall, admin: &Admin, made: &MadeLink, title: &'static str) -> Self {
        let address = call.admin.addresses.link_url(call.slug(), &made.text.reveal());
        Self {
            frame: Frame::new(call, Spot::Admins, title, &[(ADMINS, text::ADMINS)]),
            lead: words::hand_on(admin.email.as_str()),
            link: CopyField {
                id: "link".to_owned(),
                label: "Link".to_owned(),
                name: "link".to_owned(),
                value: address,
                help: words::LINK_HELP.to_owned(),
            },
            expires: When::new(made.link.expires, call.cx.now),
            back: call.href(ADMINS),
        }
    }
}

/// The account of the address.
///
/// # Errors
/// [`PageError::NotFound`].
pub async fn asked(call: &AdminCall) -> Result<Admin, PageError> {
    let id = Uuid::try_parse(call.segment("id")).map(AdminId).map_err(|_| PageError::NotFound)?;
    let admins = call.admin.people.list(&call.cx.scope).await?;
    admins.into_iter().find(|admin| admin.id == id).ok_or(PageError::NotFound)
}

/// Whether the caller may do something to an account.
///
/// # Errors
/// [`PageError::NotAllowed`].
pub fn require(call: &AdminCall, right: Right) -> Result<(), PageError> {
    if call.may(right) { Ok(()) } else { Err(PageError::NotAllowed(right)) }
}

pub fn state(admin: &Admin) -> Pill {
    match admin.state {
        AdminState::Invited => Pill::new(Tone::Info, Icon::Wait, words::INVITED),
        AdminState::Active => Pill::new(Tone::Ok, Icon::Ok, words::ACTIVE),
    }
}

/// The address of an account's page.
pub fn href(call: &AdminCall, id: AdminId) -> String {
    call.href(&format!("{ADMINS}/{id}"))
}

/// Whether this is the caller's own account.
fn is_own(call: &AdminCall, admin: &Admin) -> bool {
    call.caller.admin().is_some_and(|own| own.id == admin.id)
}

/// Whether a mail may be sent to this address now.
///
/// # Errors
/// [`PageError::TooMany`].
async fn try_mail(call: &AdminCall, to: &MailAddress) -> Result<(), PageError> {
    call.admin.sign_in.try_invitation(call.tenant(), to).await.map_err(PageError::TooMany)
}
