//! Your account: the password, the second step, and where one is signed in.

pub mod second_step;
pub mod sessions;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::Secret;
use domain::admin::Admin;
use domain::admin::session::AdminSession;
use domain::timestamp::Timestamp;

use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::form::Form;
use crate::frame::{Frame, Spot};
use crate::pages::sign_in::Refusal;
use crate::pages::{go, page, page_with};
use crate::parts::{Icon, Pill, Tone};
use crate::text::{self, account as words};
use crate::when::When;

pub const ACCOUNT: &str = "/settings/account";

/// A place where somebody is signed in.
pub struct SessionRow {
    pub id: String,
    pub browser: String,
    pub address: String,
    pub is_own: bool,
    pub signed_in: When,
    pub last_seen: When,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    email: String,
    name: String,
    role: String,
    step: Pill,
    has_second_step: bool,
    codes: u64,
    sessions: Vec<SessionRow>,
    refusal: Option<Refusal>,
    /// The connection that the account is linked to.
    joined: Option<String>,
    /// Connections it can be linked to: their names, and where that begins.
    joinable: Vec<(String, String)>,
}

/// `GET /settings/account`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    page(&view(&call, None).await?)
}

/// `POST /settings/account/password`
pub async fn change_password(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    try_password(&call).await?;
    let (old, new) = (password(&form), Secret::new(form.exact("new_password").to_owned()));
    let people = &call.admin.people;
    match people.change_password(&call.cx, call.tenant(), &call.caller, &old, &new).await {
        Ok(()) => Ok(done(&call, "password")),
        Err(error) => refused(&call, error, words::PASSWORD_NOT_CHANGED).await,
    }
}

/// The account of the caller.
///
/// # Errors
/// [`PageError::NotFound`] for whoever came by a setup link.
pub fn own(call: &AdminCall) -> Result<&Admin, PageError> {
    call.caller.admin().ok_or(PageError::NotFound)
}

/// What was typed as the password that one has.
pub fn password(form: &Form) -> Secret {
    Secret::new(form.exact("password").to_owned())
}

/// Whether the password may be tried now.
///
/// # Errors
/// [`PageError::TooMany`].
pub async fn try_password(call: &AdminCall) -> Result<(), PageError> {
    call.admin.sign_in.try_own_password(call.tenant(), &call.caller).await.map_err(PageError::TooMany)
}

/// Back to the page, which says what was done.
pub fn done(call: &AdminCall, deed: &str) -> HttpResponse {
    go(&call.href(&format!("{ACCOUNT}?done={deed}")))
}

/// The page, which says why something was not done.
///
/// # Errors
/// Whatever else went wrong.
pub async fn refused(call: &AdminCall, error: domain::Error, title: &'static str) -> Result<HttpResponse, PageError> {
    let domain::Error::NotAllowed(why) = error else { return Err(error.into()) };
    let refusal = Refusal { title, message: text::sentence(&why) };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(call, Some(refusal)).await?)
}

async fn view(call: &AdminCall, refusal: Option<Refusal>) -> Result<AccountPage, PageError> {
    let admin = own(call)?;
    let sessions = call.admin.sign_in.sessions(&call.cx.scope, &call.caller, call.cx.now).await?;
    let codes = call.admin.people.count_recovery_codes(&call.cx, &call.caller).await?;
    let step = match admin.has_second_step {
        true => Pill::new(Tone::Ok, Icon::Ok, words::ON),
        false => Pill::new(Tone::Idle, Icon::Off, words::OFF),
    };
    let open = call.admin.single_sign_on.open_connections(&call.cx.scope).await?;
    let joined = admin.identity.as_ref().map(|identity| {
        let known = open.iter().find(|connection| connection.id == identity.connection);
        known.map_or_else(|| words::SWITCHED_OFF.to_owned(), |connection| connection.name.clone())
    });
    let begin = |connection: &domain::connection::Connection| {
        (connection.name.clone(), call.href(&format!("{ACCOUNT}/sso/{}", connection.id)))
    };
    let mut frame = Frame::new(call, Spot::Account, text::ACCOUNT, &[]);
    if let (Some(notice), Some(name), "linked") = (&mut frame.notice, &joined, call.query.text("done")) {
        notice.text = words::linked(name);
    }
    Ok(AccountPage {
        joinable: open.iter().map(begin).collect(),
        joined,
        frame,
        email: admin.email.to_string(),
        name: admin.name.clone(),
        role: admin.role.to_string(),
        step,
        has_second_step: admin.has_second_step,
        codes,
        sessions: sessions.into_iter().map(|session| SessionRow::new(session, call.cx.now)).collect(),
        refusal,
    })
}

impl SessionRow {
    pub fn new(session: AdminSession, now: Timestamp) -> Self {
        Self {
            id: session.id.to_string(),
            browser: words::browser(session.client.as_deref()),
            address: session.address,
            is_own: session.is_own,
            signed_in: When::new(session.signed_in, now),
            last_seen: When::new(session.last_seen, now),
        }
    }
}
