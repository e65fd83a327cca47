//! `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas` (RFC 7644 §4).

use std::borrow::Cow;

use actix_web::HttpResponse;
use scim_protocol::discovery;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::schema::Schema;
use scim_protocol::schemas::provider;

use crate::call::ScimCall;
use crate::{ScimError, respond};

/// `GET /ServiceProviderConfig`
pub async fn service_provider_config(call: ScimCall) -> Result<HttpResponse, ScimError> {
    refuse_filter(&call)?;
    Ok(respond::document(&discovery::service_provider_config(
        &call.base_url,
        &call.token_url(),
        call.api.limits.capabilities,
    )))
}

/// `GET /ResourceTypes`
pub async fn resource_types(call: ScimCall) -> Result<HttpResponse, ScimError> {
    refuse_filter(&call)?;
    let all = call.types().all();
    Ok(respond::whole_list(all.iter().map(|each| discovery::resource_type(&call.base_url, each)).collect()))
}

/// `GET /ResourceTypes/{id}`
pub async fn resource_type(call: ScimCall) -> Result<HttpResponse, ScimError> {
    let id = call.segment("id");
    let all = call.types().all();
    let found = all.iter().find(|each| each.name.eq_ignore_ascii_case(id));
    let found = found.ok_or_else(|| ScimError::unknown_address(&format!("the resource type {id}")))?;
    Ok(respond::document(&discovery::resource_type(&call.base_url, found)))
}

/// `GET /Schemas`
pub async fn schemas(call: ScimCall) -> Result<HttpResponse, ScimError> {
    refuse_filter(&call)?;
    Ok(respond::whole_list(published(&call).map(|schema| discovery::schema(&call.base_url, &schema)).collect()))
}

/// `GET /Schemas/{id}`
pub async fn schema(call: ScimCall) -> Result<HttpResponse, ScimError> {
    let id = call.segment("id");
    let found = published(&call).find(|schema| schema.is(id));
    let found = found.ok_or_else(|| ScimError::unknown_address(&format!("the schema {id}")))?;
    Ok(respond::document(&discovery::schema(&call.base_url, &found)))
}

/// Each schema once, in the order of the types that use it, and then those of discovery itself (RFC 7643 §8.7.2).
fn published(call: &ScimCall) -> impl Iterator<Item = Cow<'_, Schema>> {
    let own = [provider::service_provider_config(), provider::resource_type(), provider::schema()];
    call.types().all().iter().flat_map(ResourceType::schemas).map(Cow::Borrowed).chain(own.map(Cow::Owned))
}

/// RFC 7644 §4: a filter is answered with 403 here.
fn refuse_filter(call: &ScimCall) -> Result<(), ScimError> {
    match &call.query.filter {
        None => Ok(()),
        Some(_) => Err(ScimError::filtered_discovery()),
    }
}
