//! What each request leaves in the activity log. Handlers leave word on a [`Trail`] of what they find out anyway; the rest is
//! put together here, once the answer is there, and written down by somebody else.

use std::sync::Arc;
use std::time::Instant;

use ::web::measure;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::USER_AGENT;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use domain::activity::{Action, Activity, Outcome, Raw, Reach, Shown, Trace, Trail};
use domain::admission::Admission;
use domain::catalogue::Cause;
use domain::ids::ActivityId;
use domain::ops::{Knock, Noted};
use domain::provider::Provider;
use uuid::Uuid;

use crate::oauth::OAuthError;
use crate::{ScimApi, ScimError};

/// Characters that are kept of a User-Agent.
const CLIENT: usize = 200;

/// Characters that are kept of a path of somebody who was not let in.
const PATH: usize = 300;

/// Where the handlers of a request leave word.
pub fn trail(request: &HttpRequest) -> Trail {
    request.extensions().get::<Trail>().cloned().unwrap_or_default()
}

/// Takes note of a request and its answer. A middleware for `actix_web::middleware::from_fn`.
///
/// # Errors
/// Those of the service it wraps.
pub async fn record(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let (trail, started) = (Trail::begin(), Instant::now());
    request.extensions_mut().insert(trail.clone());
    let response = next.call(request).await?;
    let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let api = response.request().app_data::<web::Data<ScimApi>>().cloned();
    let Some(api) = api else { return Ok(response) };
    let trace = trail.take();
    let cause = cause(&response, &trace);
    let refusal = cause.map(|cause| (response.status().as_u16(), cause));
    let reach = Reach::of(trace.admission.is_some(), refusal);
    count(&api, &response, &trace, (reach, cause));
    if let (Reach::Served, Some(admission)) = (reach, trace.admission.clone()) {
        return Ok(note(&api, response, admission, trace, cause, took_us));
    }
    knock(&api, &response, trace, (reach, cause));
    Ok(response)
}

/// Of a token that opens nothing it is not known yet what is wrong with it.
fn count(api: &ScimApi, response: &ServiceResponse<BoxBody>, trace: &Trace, (reach, cause): (Reach, Option<Cause>)) {
    let slug = match &trace.admission {
        Some(admission) => Some(admission.tenant.slug.clone()),
        None => api.addresses.tenant_of(response.request()),
    };
    let cause = match &trace.shown {
        Some(Shown::Nothing(shown)) if reach == Reach::Refused => Some(*shown),
        _ => cause,
    };
    let outcome = outcome(response.status().as_u16(), trace.is_unchanged);
    measure::scim(api.labels.of(slug.as_ref()), reach != Reach::Refused, outcome, cause);
}

fn outcome(status: u16, is_unchanged: bool) -> Outcome {
    match Outcome::of_status(status) {
        Outcome::Done if is_unchanged => Outcome::Unchanged,
        other => other,
    }
}

fn cause(response: &ServiceResponse<BoxBody>, trace: &Trace) -> Option<Cause> {
    let status = response.status().as_u16();
    if status < 400 {
        return None;
    }
    let error = response.response().error();
    let scim = || error.and_then(|error| error.as_error::<ScimError>()).map(ScimError::cause);
    let oauth = || error.and_then(|error| error.as_error::<OAuthError>()).map(OAuthError::cause);
    trace.cause.or_else(scim).or_else(oauth).or(Some(Cause::of(status, None)))
}

fn note(
    api: &ScimApi,
    response: ServiceResponse<BoxBody>,
    admission: Arc<Admission>,
    trace: Trace,
    cause: Option<Cause>,
    took_us: u64,
) -> ServiceResponse<BoxBody> {
    let Trace { credential, secret, at, action, target, is_unchanged, body, .. } = trace;
    let status = response.status().as_u16();
    let outcome = outcome(status, is_unchanged);
    let action = action.unwrap_or_else(|| by_route(response.request()));
    let keeps_answer = outcome.is_failure() || action.kind().is_write();
    // A secret is exchanged for another there.
    let is_exchange = action == Action::IssuedToken;
    let (response, answer) = if keeps_answer && !is_exchange { with_bytes(response) } else { (response, None) };
    let request = response.request();
    let at = at.unwrap_or_else(|| api.clock.now());
    let request_id = ::web::trace::id(request);
    let id = Uuid::try_parse(&request_id).unwrap_or_default();
    let activity = Activity {
        id: ActivityId::of_request(at, id),
        at,
        took_us,
        request_id,
        credential,
        client: client(request),
        provider: Provider::Other,
        method: request.method().to_string(),
        path: request.path().to_owned(),
        action,
        target,
        outcome,
        status,
        cause,
        times: 1,
        address: None,
    };
    let is_reference = cause == Some(Cause::MemberUnknown);
    let query = request.query_string().to_owned();
    let body = body.filter(|_| !is_exchange && keeps_answer);
    api.activity.record(Noted { admission, activity, query, secret, is_reference, request: body, response: answer });
    response
}

/// An answer and its bytes, which stay where they are; none of one that is written piece by piece.
fn with_bytes(response: ServiceResponse<BoxBody>) -> (ServiceResponse<BoxBody>, Option<Raw>) {
    let mut kept: Option<Raw> = None;
    let response = response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => {
            kept = Some(Box::new(bytes.clone()));
            BoxBody::new(bytes)
        }
        Err(body) => body,
    });
    (response, kept)
}

/// What nobody left word of.
fn by_route(request: &HttpRequest) -> Action {
    const DISCOVERY: [&str; 3] = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"];
    let route = request.match_pattern().unwrap_or_default();
    match DISCOVERY.iter().any(|part| route.contains(part)) {
        true => Action::ReadDiscovery,
        false => Action::Other,
    }
}

/// Nothing is looked up here: whoever is refused must not learn anything by the time it takes.
fn knock(api: &ScimApi, response: &ServiceResponse<BoxBody>, trace: Trace, (reach, cause): (Reach, Option<Cause>)) {
    let request = response.request();
    let (Some(slug), Some(cause)) = (api.addresses.tenant_of(request), cause) else { return };
    let shown = trace.shown.filter(|_| reach == Reach::Refused).unwrap_or(Shown::Nothing(cause));
    api.activity.knock(Knock {
        slug,
        reach,
        shown,
        credential: trace.credential,
        address: api.budgets.address(request).to_string(),
        at: trace.at.unwrap_or_else(|| api.clock.now()),
        request_id: ::web::trace::id(request),
        method: request.method().to_string(),
        path: request.path().chars().take(PATH).collect(),
        client: client(request),
        status: response.status().as_u16(),
    });
}

fn client(request: &HttpRequest) -> Option<String> {
    let agent = request.headers().get(USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().filter(|each| !each.is_control()).take(CLIENT).collect())
}
