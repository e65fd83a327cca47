//! Bearer token → who is calling.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, USER_AGENT};
use actix_web::rt::time::timeout;
use domain::admission::Admission;
use domain::context::Actor;
use domain::timestamp::Timestamp;
use domain::token::BearerToken;

use crate::{ScimApi, ScimError};

/// A database that hangs is told from one that is slow here, at the first statements of a request.
const PATIENCE: Duration = Duration::from_secs(4);

/// The tenant of the address and the caller, if the caller's token opens that tenant. A missing, malformed, unknown,
/// expired, revoked or foreign token and an unknown tenant all get the same answer.
///
/// # Errors
/// 401; 503 when the database is away.
pub async fn authenticate(
    api: &ScimApi,
    request: &HttpRequest,
    now: Timestamp,
) -> Result<(Arc<Admission>, Actor), ScimError> {
    match timeout(PATIENCE, identify(api, request, now)).await {
        Ok(answer) => answer?.ok_or_else(ScimError::unauthorized),
        Err(_) => Err(ScimError::database_away("no answer within 4 s")),
    }
}

async fn identify(
    api: &ScimApi,
    request: &HttpRequest,
    now: Timestamp,
) -> Result<Option<(Arc<Admission>, Actor)>, ScimError> {
    let (Some(slug), Some(presented)) = (api.addresses.tenant_of(request), bearer(request)) else {
        return Ok(None);
    };
    let Some(bearer) = BearerToken::parse(presented) else {
        return Ok(None);
    };
    let lets_in = |known: &Admission| known.tenant.closure().is_none() && api.tokens.accept(known, &bearer, now);
    let Some(admission) = api.admissions.find(&slug, now, lets_in).await? else {
        return Ok(None);
    };
    let client = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let actor = api.tokens.authenticate(&admission, &bearer, now, client);
    Ok(actor.map(|actor| (admission, actor)))
}

/// RFC 6750 §2.1; the scheme is read in any case (RFC 9110 §11.1).
fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
