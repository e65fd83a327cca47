//! Setup links, as far as a tenant's own admins look after them.

use actix_web::HttpResponse;
use domain::ids::LinkId;
use uuid::Uuid;

use super::ADMINS;
use crate::call::Submission;
use crate::error::PageError;
use crate::pages::go;

/// `POST /settings/admins/links/{id}/revoke`
pub async fn revoke(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let id = Uuid::try_parse(call.segment("id")).map(LinkId).map_err(|_| PageError::NotFound)?;
    call.admin.people.revoke_setup_link(&call.cx, id).await?;
    Ok(go(&call.href(&format!("{ADMINS}?done=link-revoked"))))
}
