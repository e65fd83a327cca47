//! Removing a domain.

use actix_web::HttpResponse;
use askama::Template;

use super::{DOMAINS, asked, asked_id, href};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::{go, page};
use crate::parts::Icon;
use crate::text::domains as words;

#[derive(Template)]
#[template(path = "domains/remove.html")]
struct RemovePage {
    frame: Frame,
    name: String,
    follows: Vec<String>,
    own: String,
}

/// `GET …/domains/{id}/remove`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let domain = asked(&call).await?;
    let all = call.admin.domains.list(&call.cx.scope).await?;
    let is_last = all.iter().filter(|domain| domain.is_verified()).count() == 1;
    let (path, name) = (format!("{DOMAINS}/{}", domain.id), domain.name.shown());
    page(&RemovePage {
        frame: Frame::new(&call, Spot::Tab(Tab::Domains), words::REMOVE, &[(&path, &name)]),
        follows: words::removal(&domain, is_last),
        own: href(&call, domain.id),
        name,
    })
}

/// `POST …/domains/{id}/remove`
pub async fn send(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    call.admin.domains.remove(&call.cx, asked_id(&call)?).await?;
    Ok(go(&call.href(&format!("{DOMAINS}?done=domain-removed"))))
}
