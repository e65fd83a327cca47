//! One span and one line a request, with an id that the answer carries too. The span continues the trace of whoever calls
//! (W3C Trace Context), where somebody collects traces.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use opentelemetry::global;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::TraceContextExt as _;
use tracing::{Span, field};
use tracing_actix_web::{RequestId, RootSpanBuilder, TracingLogger};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::address::LINK;

/// The middleware that opens the span. Queries are left out of it, because filters hold names of people.
pub fn logger() -> TracingLogger<RequestSpan> {
    TracingLogger::new()
}

/// Builds the span of a request.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(Started(Instant::now()));
        let span = tracing::info_span!(
            "request",
            request.id = %id(request.request()),
            trace.id = field::Empty,
            http.method = %request.method(),
            http.path = %shown_path(request.path()),
            http.route = field::Empty,
            http.status = field::Empty,
            tenant.id = field::Empty,
            tenant.slug = field::Empty,
            actor.kind = field::Empty,
            actor.id = field::Empty,
            scim.type = field::Empty,
        );
        continue_trace(&span, request.headers());
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        // Whoever takes traces knows no numbers without a sign.
        span.record("http.status", i64::from(status.as_u16()));
        let duration_ms = outcome.as_ref().ok().and_then(|response| elapsed_ms(response.request()));
        span.in_scope(|| {
            if status == StatusCode::TOO_MANY_REQUESTS {
                // Counted and told together (web::limit).
            } else if status.is_server_error() {
                tracing::warn!(duration_ms, "answered");
            } else {
                tracing::info!(duration_ms, "answered");
            }
        });
    }
}

/// Makes the span a part of the caller's trace, or of a new one, and tells the log which.
fn continue_trace(span: &Span, headers: &HeaderMap) {
    let caller = global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
    let trace_of = |context: &opentelemetry::Context| {
        let span = context.span().span_context().clone();
        span.is_valid().then(|| span.trace_id())
    };
    let own = match span.set_parent(caller.clone()) {
        Ok(()) => trace_of(&span.context()),
        // Nobody collects traces; that of the caller is worth knowing all the same.
        Err(_) => None,
    };
    if let Some(id) = own.or_else(|| trace_of(&caller)) {
        span.record("trace.id", field::display(id));
    }
}

/// Headers, as those read them who look for a trace.
struct Headers<'h>(&'h HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// A path as logs have it: what follows `/link/` opens something, and is nobody's to read.
fn shown_path(path: &str) -> &str {
    path.split_once(LINK).map_or(path, |(before, _)| path.get(..before.len() + LINK.len()).unwrap_or(before))
}

struct Started(Instant);

fn elapsed_ms(request: &HttpRequest) -> Option<u64> {
    let elapsed = request.extensions().get::<Started>()?.0.elapsed();
    u64::try_from(elapsed.as_millis()).ok()
}

/// The id of a request, as logs, facts and the `X-Request-Id` of its answer have it.
pub fn id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default()
}

/// Puts the request's id into its answer. A middleware for `actix_web::middleware::from_fn`, inside [`logger`].
///
/// # Errors
/// Those of the service it wraps.
pub async fn show_id<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let id = id(request.request());
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_link_opens_with_is_not_logged() {
        assert_eq!(shown_path("/t/acme/scim/v2/Users"), "/t/acme/scim/v2/Users");
        for path in ["/t/acme/sign-in/link/link_secret", "/t/acme/sign-in/link/", "/t/acme/sign-in/link/a/link/b"] {
            assert_eq!(shown_path(path), "/t/acme/sign-in/link/");
        }
    }
}
