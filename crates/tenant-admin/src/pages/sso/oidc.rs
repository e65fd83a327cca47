//! OpenID Connect: where answers come to.

use actix_web::{HttpRequest, HttpResponse};

use super::{Coming, answer_to_nobody};
use crate::error::PageError;

/// `GET /sso/oidc/callback`
pub async fn take(request: HttpRequest) -> Result<HttpResponse, PageError> {
    let Some(coming) = Coming::find(&request).await? else { return answer_to_nobody(&request) };
    if let Some(closed) = coming.closed().await? {
        return Ok(closed);
    }
    let (browser, visitor) = (coming.browser(), coming.visitor());
    let query = request.query_string();
    let sign_on = &coming.admin.single_sign_on;
    let landing = sign_on.oidc_callback(&coming.tenant, query, browser.as_deref(), &visitor, coming.now).await?;
    coming.land(landing).await
}
