//! Ending one's own sessions.

use actix_web::HttpResponse;
use domain::ids::SessionId;
use uuid::Uuid;

use super::{done, own};
use crate::call::Submission;
use crate::error::PageError;

/// `POST /settings/account/sessions/{id}/end`
pub async fn end(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    own(&call)?;
    let id = Uuid::try_parse(call.segment("id")).map(SessionId).map_err(|_| PageError::NotFound)?;
    call.admin.sign_in.end_session(&call.cx, &call.caller, id).await?;
    Ok(done(&call, "session"))
}

/// `POST /settings/account/sessions/end-others`
pub async fn end_others(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    own(&call)?;
    call.admin.sign_in.end_other_sessions(&call.cx, &call.caller).await?;
    Ok(done(&call, "sessions"))
}
