//! Reading a request's body.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::rt::time::timeout;
use actix_web::web::{BytesMut, Payload};
use domain::directory::Kind;
use futures_util::StreamExt;
use scim_protocol::patch::PatchRequest;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::validate::{self, Validated};
use scim_protocol::{Fault, dialect, json};
use serde_json::Value;

use crate::{Limits, ScimError, activity};

/// A refused body is read to this multiple of its limit before the answer, so that a client that is still sending gets to
/// read it.
const PATIENCE: usize = 4;

/// The JSON of a request that writes a resource of this type.
///
/// # Errors
/// 408, 413, 415 and the faults of [`json::parse`].
pub async fn body_of(
    request: &HttpRequest,
    body: Payload,
    limits: Limits,
    resource_type: &ResourceType,
) -> Result<Value, ScimError> {
    let limit = match resource_type.name == Kind::GROUP.as_str() {
        true => limits.group_body,
        false => limits.body,
    };
    self::body(request, body, limit, limits.body_time).await
}

/// The JSON of a request, of at most so many bytes, which arrives in this time.
///
/// # Errors
/// As [`body_of`].
pub async fn body(request: &HttpRequest, body: Payload, limit: usize, time: Duration) -> Result<Value, ScimError> {
    let acceptable = check_content_type(request);
    let bytes = timeout(time, bytes(body, limit)).await.map_err(|_| too_slow(time))??.freeze();
    activity::trail(request).body(|| Box::new(bytes.clone()));
    acceptable?;
    Ok(json::parse(&bytes)?)
}

/// A whole resource, as POST and PUT carry it.
///
/// # Errors
/// The faults of [`dialect::document`] and [`validate::document`].
pub fn resource(resource_type: &ResourceType, mut document: Value) -> Result<Validated, Fault> {
    dialect::document(resource_type, &mut document)?;
    validate::document(resource_type, document)
}

/// A PATCH.
///
/// # Errors
/// The faults of [`PatchRequest::read`] and [`dialect::patch`].
pub fn patch(resource_type: &ResourceType, message: Value) -> Result<PatchRequest, Fault> {
    let mut patch = PatchRequest::read(message)?;
    dialect::patch(resource_type, &mut patch)?;
    Ok(patch)
}

/// SCIM's own media type and plain JSON (RFC 7644 §3.8); a missing one is taken for SCIM.
fn check_content_type(request: &HttpRequest) -> Result<(), Fault> {
    if let Some(coding) = request.headers().get(CONTENT_ENCODING) {
        let coding = coding.to_str().unwrap_or("something unreadable");
        return Err(Fault::plain(415, format!("the body is encoded as {coding}; send it as it is")));
    }
    let Some(header) = request.headers().get(CONTENT_TYPE) else {
        return Ok(());
    };
    let given = header.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/scim+json" | "application/json" => Ok(()),
        _ => Err(Fault::plain(415, format!("the body is sent as \"{given}\"; send application/scim+json"))),
    }
}

/// Whoever was let in long ago may not be let in any more.
fn too_slow(time: Duration) -> Fault {
    Fault::plain(408, format!("the body did not arrive within {} s; send the request again", time.as_secs()))
}

async fn bytes(mut body: Payload, limit: usize) -> Result<BytesMut, Fault> {
    let mut bytes = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Fault::invalid_syntax(format!("the body broke off: {error}")))?;
        length += chunk.len();
        if length <= limit {
            bytes.extend_from_slice(&chunk);
        } else if length > limit.saturating_mul(PATIENCE) {
            break;
        }
    }
    match length <= limit {
        true => Ok(bytes),
        false => Err(Fault::plain(413, format!("the body is larger than {limit} bytes, the most that is read here"))),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest as _;
    use actix_web::dev::Payload as Stream;
    use actix_web::test::TestRequest;
    use actix_web::web::Bytes;
    use futures_util::stream;

    use super::*;

    #[actix_web::test]
    async fn a_body_that_does_not_arrive_in_time_is_408() {
        let request = TestRequest::default().to_http_request();
        for begun in [&b""[..], b"{\"userName\": "] {
            let rest = stream::iter([Ok(Bytes::from_static(begun))]).chain(stream::pending());
            let mut stream: Stream = Stream::Stream { payload: Box::pin(rest) };
            let payload = Payload::from_request(&request, &mut stream).await.unwrap();
            let refused = body(&request, payload, 100, Duration::from_millis(20)).await.unwrap_err();
            assert!(refused.to_string().contains("did not arrive within"), "{refused}");
            assert_eq!(actix_web::ResponseError::status_code(&refused), 408);
        }
    }
}
