//! Reading a request's body.

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
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
/// 413, 415 and the faults of [`json::parse`].
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
    self::body(request, body, limit).await
}

/// The JSON of a request, of at most so many bytes.
///
/// # Errors
/// As [`body_of`].
pub async fn body(request: &HttpRequest, body: Payload, limit: usize) -> Result<Value, ScimError> {
    let acceptable = check_content_type(request);
    let bytes = bytes(body, limit).await?.freeze();
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
