//! `/{Users|Groups|…}` and `/{Users|Groups|…}/{id}`: one set of handlers for every resource type.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use domain::activity::Action;
use domain::directory::Kind;
use domain::ops::Show;
use scim_protocol::patch::{Operation, OperationKind, PatchRequest};
use scim_protocol::projection::Projection;
use scim_protocol::resource_type::ResourceType;
use serde_json::Value;

use crate::call::ScimCall;
use crate::query::shown;
use crate::{ScimError, extract, respond};

/// `POST /{endpoint}` (RFC 7644 §3.3)
pub async fn create(call: ScimCall, request: HttpRequest, body: Payload) -> Result<HttpResponse, ScimError> {
    let resource_type = call.resource_type()?;
    call.cx.trail.tries(Action::Created, || Kind::named(&resource_type.name), None, None);
    let projection = call.query.projection(resource_type)?;
    let body = extract::body_of(&request, body, call.api.limits, resource_type).await?;
    let projection = after_writing(projection, resource_type, &body);
    let new = extract::resource(resource_type, body)?;
    let (kind, id) = (Kind::named(&resource_type.name), call.provisioning().new_id(&call.cx));
    let show = shown(resource_type, &projection);
    let view = call.wait(call.provisioning().create(&call.cx, &kind, id, new, show)).await?;
    Ok(respond::created(&call, resource_type, &projection, view))
}

/// `GET /{endpoint}/{id}` (RFC 7644 §3.4.1)
pub async fn get(call: ScimCall) -> Result<HttpResponse, ScimError> {
    let (resource_type, target) = call.target_to(Action::LookedUp)?;
    let projection = call.query.projection(resource_type)?;
    let show = shown(resource_type, &projection);
    let view = call.wait(call.provisioning().get(&call.cx, &target, show)).await?;
    Ok(respond::resource(&call, resource_type, &projection, view))
}

/// `PUT /{endpoint}/{id}` (RFC 7644 §3.5.1)
pub async fn replace(call: ScimCall, request: HttpRequest, body: Payload) -> Result<HttpResponse, ScimError> {
    let (resource_type, target) = call.target_to(Action::Updated)?;
    let projection = call.query.projection(resource_type)?;
    let body = extract::body_of(&request, body, call.api.limits, resource_type).await?;
    let projection = after_writing(projection, resource_type, &body);
    let new = extract::resource(resource_type, body)?;
    let show = shown(resource_type, &projection);
    let expected = call.if_match.as_ref();
    let view = call.wait(call.provisioning().replace(&call.cx, &target, new, expected, show)).await?;
    Ok(respond::saved(&call, resource_type, &projection, view))
}

/// `PATCH /{endpoint}/{id}` (RFC 7644 §3.5.2): 200 with a user, 204 for a group unless attributes are asked for.
pub async fn patch(call: ScimCall, request: HttpRequest, body: Payload) -> Result<HttpResponse, ScimError> {
    let (resource_type, target) = call.target_to(Action::Updated)?;
    let projection = call.query.projection(resource_type)?;
    let body = extract::body_of(&request, body, call.api.limits, resource_type).await?;
    let patch = extract::patch(resource_type, body)?;
    if let Some(members) = about_members(resource_type, &patch) {
        call.cx.trail.did(members);
    }
    let names: Vec<String> = patch.names().collect();
    let projection = projection.after_writing(resource_type, names.iter().map(String::as_str));
    let answers = resource_type.collection.is_none() || !projection.is_default();
    let show = if answers { shown(resource_type, &projection) } else { Show::Version };
    let expected = call.if_match.as_ref();
    let view = call.wait(call.provisioning().patch(&call.cx, &target, patch, expected, show)).await?;
    match answers {
        true => Ok(respond::saved(&call, resource_type, &projection, view)),
        false => Ok(respond::no_content(Some(&view))),
    }
}

/// `DELETE /{endpoint}/{id}` (RFC 7644 §3.6)
pub async fn delete(call: ScimCall) -> Result<HttpResponse, ScimError> {
    let (_, target) = call.target_to(Action::Deleted)?;
    call.wait(call.provisioning().delete(&call.cx, &target, call.if_match.as_ref())).await?;
    Ok(respond::no_content(None))
}

/// Whoever sends a whole document writes what stands in it.
fn after_writing(projection: Projection, resource_type: &ResourceType, document: &Value) -> Projection {
    let names = document.as_object().into_iter().flat_map(|members| members.keys()).map(String::as_str);
    projection.after_writing(resource_type, names)
}

/// What a PATCH would do that is about nothing but who is in a group.
fn about_members(resource_type: &ResourceType, patch: &PatchRequest) -> Option<Action> {
    let collection = resource_type.collection.as_ref()?;
    let mut names = patch.names().peekable();
    names.peek()?;
    if !names.all(|name| name.eq_ignore_ascii_case(collection)) {
        return None;
    }
    let is_removal = |operation: &Operation| operation.kind == OperationKind::Remove;
    let count = patch.operations.iter().map(|operation| match &operation.value {
        Some(Value::Array(elements)) => elements.len(),
        _ => 1,
    });
    let count = u32::try_from(count.sum::<usize>()).unwrap_or(u32::MAX);
    Some(match patch.operations.iter().all(is_removal) {
        true => Action::MembersRemoved { count, who: None },
        false => Action::MembersAdded { count, who: None },
    })
}
