//! What is counted of requests. What the names mean stands in the server's catalogue of measurements; where nobody collects
//! them, nothing is counted.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};
use domain::activity::Outcome;
use domain::catalogue::Cause;
use domain::connection::cause::SignInCause;
use domain::tenant::TenantSlug;
use metrics::{SharedString, counter, histogram};
use tracing::Span;

/// What stands for all tenants without a label of their own, and for addresses of none.
const OTHER: &str = "other";

/// What stands where there is nothing to say.
const NONE: &str = "none";

/// What the path form of an address begins with; the host form lacks it.
const TENANT: &str = "/t/{tenant}";

/// The tenants that are told apart. Strangers can make up names, so whoever is not known here is one of the others.
#[derive(Default)]
pub struct TenantLabels(RwLock<HashMap<TenantSlug, SharedString>>);

impl TenantLabels {
    /// Tells these tenants apart from now on, and no others.
    pub fn tell_apart(&self, slugs: impl IntoIterator<Item = TenantSlug>) {
        let labels = slugs.into_iter().map(|slug| {
            let label = SharedString::from(slug.to_string());
            (slug, label)
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = labels.collect();
    }

    /// The label of a tenant; none is an address of none.
    pub fn of(&self, slug: Option<&TenantSlug>) -> SharedString {
        let labels = self.0.read().unwrap_or_else(PoisonError::into_inner);
        slug.and_then(|slug| labels.get(slug).cloned()).unwrap_or(SharedString::const_str(OTHER))
    }
}

/// Counts a request and takes its time until the answer begins. A middleware for `actix_web::middleware::from_fn`, inside
/// [`logger`](crate::trace::logger), whose span it tells the route.
///
/// # Errors
/// Those of the service it wraps.
pub async fn requests<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let (started, method) = (Instant::now(), method(request.method()));
    let answered = next.call(request).await;
    let (route, status) = match &answered {
        Ok(response) => (route(response.request()), response.status()),
        Err(error) => (NONE.into(), error.as_response_error().status_code()),
    };
    Span::current().record("http.route", route.as_ref());
    let (face, route) = (face(&route), SharedString::from(route.into_owned()));
    counter!("rollcall_http_requests_total", "face" => face, "route" => route.clone(), "method" => method, "status" => class(status))
        .increment(1);
    histogram!("rollcall_http_request_seconds", "face" => face, "route" => route, "method" => method)
        .record(started.elapsed());
    answered
}

/// The pattern of the address, the same for both of its forms; never the address itself, of which there is no end.
fn route(request: &HttpRequest) -> Cow<'static, str> {
    match request.match_pattern() {
        Some(pattern) => match pattern.strip_prefix(TENANT) {
            Some("") => "/".into(),
            Some(rest) => rest.to_owned().into(),
            None => pattern.into(),
        },
        None => NONE.into(),
    }
}

fn face(route: &str) -> &'static str {
    match route {
        NONE => NONE,
        "/healthz" | "/readyz" => "probe",
        "/oauth/token" => "scim",
        scim if scim.starts_with("/scim/v2") => "scim",
        _ => "admin",
    }
}

/// Anything can stand where the method stands.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => OTHER,
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

/// Counts a request to a tenant's SCIM face. `is_let_in`: false for one whose credential opened nothing; `tenant`: that of the
/// address, which need not exist.
pub fn scim(tenant: SharedString, is_let_in: bool, outcome: Outcome, cause: Option<Cause>) {
    let outcome = if is_let_in { outcome.as_str() } else { "not_let_in" };
    let cause = cause.map_or(NONE, Cause::code);
    counter!("rollcall_scim_requests_total", "tenant" => tenant, "outcome" => outcome, "cause" => cause).increment(1);
}

/// Counts a sign-in by single sign-on that has ended; without a cause it led in.
pub fn sign_in(tenant: SharedString, cause: Option<SignInCause>) {
    let cause = cause.map_or(NONE, SignInCause::code);
    counter!("rollcall_sso_sign_ins_total", "tenant" => tenant, "cause" => cause).increment(1);
}

/// Counts a look at a budget.
pub fn limit(budget: &'static str, is_allowed: bool) {
    let verdict = if is_allowed { "allowed" } else { "limited" };
    counter!("rollcall_limit_checks_total", "budget" => budget, "verdict" => verdict).increment(1);
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use actix_web::{App, HttpResponse, web};

    use super::*;

    #[test]
    fn only_tenants_that_are_known_have_a_label_of_their_own() {
        let (labels, slug) = (TenantLabels::default(), |name: &str| name.parse::<TenantSlug>().unwrap());
        assert_eq!(labels.of(Some(&slug("acme"))), "other".into());
        labels.tell_apart([slug("acme"), slug("globex")]);
        assert_eq!(
            (labels.of(Some(&slug("acme"))), labels.of(Some(&slug("made-up")))),
            ("acme".into(), "other".into())
        );
        labels.tell_apart([slug("globex")]);
        assert_eq!(labels.of(Some(&slug("acme"))), "other".into());
    }

    #[actix_web::test]
    async fn a_route_is_a_pattern_whatever_the_address_says() {
        let answer = |request: HttpRequest| async move { HttpResponse::Ok().body(route(&request).into_owned()) };
        let scim = move || web::scope("/t/{tenant}/scim/v2").route("/{endpoint}/{id}", web::get().to(answer));
        let app = App::new()
            .service(scim())
            .service(web::resource("/t/{tenant}").to(answer))
            .service(web::resource("/scim/v2/{endpoint}/{id}").to(answer))
            .default_service(web::to(answer));
        let app = actix_web::test::init_service(app).await;
        for (path, expected) in [
            ("/t/acme/scim/v2/Users/ada@acme.example", "/scim/v2/{endpoint}/{id}"),
            ("/scim/v2/Users/ada@acme.example", "/scim/v2/{endpoint}/{id}"),
            ("/t/acme", "/"),
            ("/t/acme/ada@acme.example", "none"),
            ("/ada@acme.example", "none"),
        ] {
            let body = actix_web::test::call_and_read_body(&app, TestRequest::get().uri(path).to_request()).await;
            assert_eq!(body, expected, "{path}");
        }
    }

    #[test]
    fn every_route_has_a_face_and_no_label_is_what_a_stranger_sent() {
        let faces = ["/scim/v2/{endpoint}", "/oauth/token", "/readyz", "/settings/user-authentication", NONE].map(face);
        assert_eq!(faces, ["scim", "scim", "probe", "admin", "none"]);
        let made_up = Method::from_bytes(b"ADA").unwrap();
        assert_eq!([method(&Method::PATCH), method(&made_up)], ["PATCH", "other"]);
        let classes = [100, 204, 302, 404, 503, 999].map(|status| class(StatusCode::from_u16(status).unwrap()));
        assert_eq!(classes, ["1xx", "2xx", "3xx", "4xx", "5xx", "5xx"]);
    }
}
