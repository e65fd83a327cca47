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

use crate::{Limits, ScimError};

/// A refused body is read to this multiple of its limit before the answer, so that a client that is still sending gets to
/// read it.
const PATIENCE: usize = 4;

/// A whole resource, as POST and PUT carry it.
///
/// # Errors
/// 413, 415 and the faults of [`json::parse`] and [`validate::document`].
pub async fn resource(
    request: &HttpRequest,
    body: Payload,
    limits: Limits,
    resource_type: &ResourceType,
) -> Result<Validated, ScimError> {
    let mut document = read(request, body, limits, resource_type).await?;
    dialect::document(resource_type, &mut document)?;
    Ok(validate::document(resource_type, document)?)
}

/// A PATCH.
///
/// # Errors
/// 413, 415 and the faults of [`json::parse`] and [`PatchRequest::read`].
pub async fn patch(
    request: &HttpRequest,
    body: Payload,
    limits: Limits,
    resource_type: &ResourceType,
) -> Result<PatchRequest, ScimError> {
    let mut patch = PatchRequest::read(read(request, body, limits, resource_type).await?)?;
    dialect::patch(resource_type, &mut patch)?;
    Ok(patch)
}

async fn read(
    request: &HttpRequest,
    body: Payload,
    limits: Limits,
    resource_type: &ResourceType,
) -> Result<Value, ScimError> {
    let limit = match resource_type.name == Kind::GROUP.as_str() {
        true => limits.group_body,
        false => limits.body,
    };
    let acceptable = check_content_type(request);
    let bytes = bytes(body, limit).await?;
    acceptable?;
    Ok(json::parse(&bytes)?)
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
