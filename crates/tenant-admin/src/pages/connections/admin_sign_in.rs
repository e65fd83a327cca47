//! How admins sign in, and who always can.

use actix_web::HttpResponse;
use domain::admin::{Admin, Right};
use domain::connection::{Connection, Switch};
use domain::ids::AdminId;
use uuid::Uuid;

use super::{SETTINGS, list, refusal};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::pages::go;
use crate::text::{self, sign_on as words};
use crate::when::When;

pub struct Owner {
    pub name: String,
    pub email: String,
    pub href: String,
    pub keeps: bool,
    /// When they last signed in with the password, without which nobody knows that they can.
    pub password_used: Option<When>,
}

/// The part of the tab about admins. Whoever came by a setup link is told nothing about accounts.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "what the template asks, each on its own")]
pub struct Section {
    pub is_shown: bool,
    pub passwords: bool,
    /// Why passwords cannot be switched off yet.
    pub keeps_passwords: Option<&'static str>,
    pub is_enforced: bool,
    pub href: String,
    pub owners: Vec<Owner>,
    pub may: bool,
    pub why_not: &'static str,
}

/// # Errors
/// Those of the store.
pub async fn section(call: &AdminCall, connections: &[Connection]) -> Result<Section, PageError> {
    if !call.may(Right::SeePeople) {
        return Ok(Section::default());
    }
    let admins = call.admin.people.list(&call.cx.scope).await?;
    let owners = admins.iter().filter(|admin| admin.is_active_owner());
    let owner = |admin: &Admin| Owner {
        name: admin.shown_name().to_owned(),
        email: if admin.name.is_empty() { String::new() } else { admin.email.to_string() },
        href: call.href(&format!("/settings/admins/{}/break-glass", admin.id)),
        keeps: admin.is_break_glass,
        password_used: admin.password_used.map(|at| When::new(at, call.cx.now)),
    };
    Ok(Section {
        is_shown: true,
        passwords: call.tenant().admin_passwords,
        keeps_passwords: keeps_passwords(connections, &admins).filter(|_| call.tenant().admin_passwords),
        is_enforced: connections.iter().any(|connection| connection.switch == Switch::Enforced),
        href: call.href(&format!("{SETTINGS}/admin-sign-in")),
        owners: owners.map(owner).collect(),
        may: call.may(Right::ManageOwners),
        why_not: text::lacks(Right::ManageOwners),
    })
}

/// What has to be there before passwords can be switched off.
fn keeps_passwords(connections: &[Connection], admins: &[Admin]) -> Option<&'static str> {
    match (connections.iter().any(Connection::is_open), admins.iter().any(Admin::can_break_glass)) {
        (false, _) => Some(words::NO_ACTIVE_CONNECTION),
        (true, false) => Some(words::NO_BREAK_GLASS),
        (true, true) => None,
    }
}

/// `POST /settings/user-authentication/sso/admin-sign-in`
pub async fn set(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let passwords = form.text("passwords") == "on";
    match call.admin.connections.set_admin_passwords(&call.cx, passwords).await {
        Ok(()) => Ok(go(&call.href(&format!("{SETTINGS}?done=admin-sign-in")))),
        Err(error) => list::refused(&call, refusal(error, words::NOT_SWITCHED)?).await,
    }
}

/// `POST /settings/admins/{id}/break-glass`
pub async fn set_break_glass(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let id = AdminId(Uuid::try_parse(call.segment("id")).map_err(|_| PageError::NotFound)?);
    let keeps = form.text("keeps") == "on";
    match call.admin.connections.set_break_glass(&call.cx, id, keeps).await {
        Ok(()) => Ok(go(&call.href(&format!("{SETTINGS}?done=break-glass")))),
        Err(error) => list::refused(&call, refusal(error, words::NOT_SWITCHED)?).await,
    }
}
