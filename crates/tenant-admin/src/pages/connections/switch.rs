//! Activating, enforcing, ending enforcement, switching off, and reading again.

use actix_web::HttpResponse;
use domain::connection::Switch;

use super::{asked_id, href, one, refusal};
use crate::call::Submission;
use crate::error::PageError;
use crate::pages::go;
use crate::text::sign_on as words;

/// `POST /settings/user-authentication/sso/{id}/switch`
pub async fn send(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let (id, seen) = (asked_id(&call)?, form.text("seen").parse().ok());
    let to = Switch::named(form.text("to")).ok_or(PageError::NotFound)?;
    match call.admin.connections.switch(&call.cx, id, seen, to).await {
        Ok(_) => Ok(go(&format!("{}?done=switched", href(&call, id)))),
        Err(error) => one::refused(&call, refusal(error, words::NOT_SWITCHED)?, None).await,
    }
}

/// `POST /settings/user-authentication/sso/{id}/read`
pub async fn read(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let id = asked_id(&call)?;
    match call.admin.connections.read_now(&call.cx, id).await {
        Ok(_) => Ok(go(&format!("{}?done=read", href(&call, id)))),
        Err(error) => one::refused(&call, refusal(error, "Could not be read")?, None).await,
    }
}
