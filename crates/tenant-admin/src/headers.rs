//! What browsers are told about pages: nothing runs or is loaded that is not ours, nobody frames us, nothing is kept.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;

use crate::call::is_secure;

/// No inline script or style, and nothing from elsewhere. Forms go to us alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const EACH: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    // Addresses of one-time links are secrets. (Told nothing at all, browsers would not name the origin of a form either.)
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ("cache-control", "no-store"),
];

/// A middleware for pages.
///
/// # Errors
/// Those of the service it wraps.
pub async fn guard<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let secure = is_secure(request.request());
    let mut response = next.call(request).await?;
    for (name, value) in EACH {
        put(response.headers_mut(), name, value);
    }
    if secure {
        put(response.headers_mut(), "strict-transport-security", "max-age=31536000");
    }
    Ok(response)
}

/// A middleware for assets, one of which is a picture that the vendor chose.
///
/// # Errors
/// Those of the service it wraps.
pub async fn nosniff<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    put(response.headers_mut(), "x-content-type-options", "nosniff");
    put(response.headers_mut(), "content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
    Ok(response)
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &'static str) {
    headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
}
