//! The tab: all connections, how admins sign in, and our own keys.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::admin::Right;
use domain::connection::attempt::Attempt;
use domain::connection::{Connection, Protocol, Stage};

use super::keys::{self, KeyRow};
use super::{SETTINGS, admin_sign_in, href, open_tests, provider, refusal, standing};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::sign_in::Refusal;
use crate::pages::{go, page, page_with};
use crate::parts::{CopyField, Icon, Pill};
use crate::text::{self, sign_on as words};
use crate::when::When;

struct Row {
    href: String,
    name: String,
    protocol: &'static str,
    provider: String,
    state: Pill,
    last: Option<When>,
}

#[derive(Default)]
pub struct Entered {
    pub name: String,
    pub is_oidc: bool,
    pub is_sent: bool,
}

#[derive(Template)]
#[template(path = "connections/list.html")]
pub struct ListPage {
    frame: Frame,
    page: String,
    rows: Vec<Row>,
    entered: Entered,
    /// Whether the form for another connection is what somebody is at.
    is_adding: bool,
    refusal: Option<Refusal>,
    may: bool,
    why_not: &'static str,
    log: String,
    keys: Vec<KeyRow>,
    /// Whether a key was just made or removed, or there is one to be removed.
    opens_keys: bool,
    metadata: CopyField,
    admins: admin_sign_in::Section,
}

/// `GET /settings/user-authentication/sso`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    page(&view(&call, Entered::default(), None).await?)
}

/// `POST /settings/user-authentication/sso`
pub async fn create(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let is_oidc = form.text("protocol") == "oidc";
    let protocol = if is_oidc { Protocol::Oidc } else { Protocol::Saml };
    let name = form.text("name").to_owned();
    match call.admin.connections.create(&call.cx, call.tenant(), &name, protocol).await {
        Ok(connection) => Ok(go(&format!("{}?done=created", href(&call, connection.id)))),
        Err(error) => {
            let refusal = refusal(error, words::NOT_CREATED)?;
            let view = view(&call, Entered { name, is_oidc, is_sent: true }, Some(refusal)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
    }
}

/// The page, which says why something was not done.
///
/// # Errors
/// Those of the store.
pub async fn refused(call: &AdminCall, refusal: Refusal) -> Result<HttpResponse, PageError> {
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(call, Entered::default(), Some(refusal)).await?)
}

async fn view(call: &AdminCall, entered: Entered, refusal: Option<Refusal>) -> Result<ListPage, PageError> {
    let connections = call.admin.connections.list(&call.cx.scope).await?;
    let tests = open_tests(call).await?;
    let mut rows = Vec::new();
    for connection in &connections {
        rows.push(row(call, connection, &tests).await?);
    }
    let keys = keys::rows(call).await?;
    Ok(ListPage {
        frame: Frame::new(call, Spot::Tab(Tab::SingleSignOn), words::SINGLE_SIGN_ON, &[]),
        page: call.href(SETTINGS),
        rows,
        is_adding: entered.is_sent,
        entered,
        refusal,
        may: call.may(Right::Configure),
        why_not: text::lacks(Right::Configure),
        log: call.href(&format!("{SETTINGS}/log")),
        opens_keys: keys.len() > 1 || call.query.text("done").starts_with("key-"),
        keys,
        metadata: keys::metadata(call),
        admins: admin_sign_in::section(call, &connections).await?,
    })
}

async fn row(call: &AdminCall, connection: &Connection, open_tests: &[Attempt]) -> Result<Row, PageError> {
    let month = call.cx.now.plus_seconds(-30 * 86_400);
    let last = match connection.stage() {
        Stage::Draft => None,
        _ => call.admin.connections.counts(&call.cx.scope, connection.id, month).await?.last,
    };
    Ok(Row {
        href: href(call, connection.id),
        name: connection.name.clone(),
        protocol: words::protocol(connection.protocol()),
        provider: provider(connection),
        state: words::standing::pill(standing(call, connection, open_tests).await?),
        last: last.map(|at| When::new(at, call.cx.now)),
    })
}
