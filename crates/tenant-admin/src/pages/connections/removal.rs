//! Removing a connection.

use actix_web::HttpResponse;
use askama::Template;

use super::{SETTINGS, asked, href, one, refusal};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::{go, page};
use crate::parts::Icon;
use crate::text::sign_on as words;

#[derive(Template)]
#[template(path = "connections/remove.html")]
struct RemovePage {
    frame: Frame,
    href: String,
    name: String,
    is_open: bool,
}

/// `GET /settings/user-authentication/sso/{id}/remove`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let connection = asked(&call).await?;
    let own = format!("{SETTINGS}/{}", connection.id);
    let below = [(own.as_str(), connection.name.as_str())];
    page(&RemovePage {
        frame: Frame::new(&call, Spot::Tab(Tab::SingleSignOn), words::REMOVE, &below),
        href: href(&call, connection.id),
        is_open: connection.is_open(),
        name: connection.name.clone(),
    })
}

/// `POST /settings/user-authentication/sso/{id}/remove`
pub async fn send(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let connection = asked(&call).await?;
    match call.admin.connections.remove(&call.cx, connection.id).await {
        Ok(()) => Ok(go(&call.href(&format!("{SETTINGS}?done=connection-removed")))),
        Err(error) => one::refused(&call, refusal(error, words::NOT_SWITCHED)?, None).await,
    }
}
