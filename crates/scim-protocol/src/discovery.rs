//! What the service provider says of itself (RFC 7643 §5–7, RFC 7644 §4, RFC 9865 §4).

use serde_json::{Value, json};

use crate::resource_type::ResourceType;
use crate::schema::Schema;
use crate::urn;

/// What a deployment can be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    pub default_page_size: u32,
    pub max_page_size: u32,
    /// How long a cursor is good for, in seconds.
    pub cursor_timeout: u32,
    pub bulk: BulkLimits,
}

/// What one bulk request may hold (RFC 7643 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkLimits {
    pub max_operations: u32,
    /// Bytes.
    pub max_payload_size: u32,
}

/// RFC 7643 §5, RFC 9865 §4. `token_url`: where OAuth clients get their access tokens.
pub fn service_provider_config(base_url: &str, token_url: &str, capabilities: Capabilities) -> Value {
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {
            "supported": true,
            "maxOperations": capabilities.bulk.max_operations,
            "maxPayloadSize": capabilities.bulk.max_payload_size,
        },
        "filter": {"supported": true, "maxResults": capabilities.max_page_size},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": capabilities.default_page_size,
            "maxPageSize": capabilities.max_page_size,
            "cursorTimeout": capabilities.cursor_timeout,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A provisioning token of the tenant in the Authorization header.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }, {
            "type": "oauth2",
            "name": "OAuth 2.0 client credentials",
            "description": format!(
                "An access token in the Authorization header, which an OAuth client of the tenant gets at {token_url} \
                 with the grant client_credentials."
            ),
            "specUri": "https://www.rfc-editor.org/info/rfc6749",
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base_url}/ServiceProviderConfig"),
        },
    })
}

/// RFC 7643 §6.
pub fn resource_type(base_url: &str, resource_type: &ResourceType) -> Value {
    let extensions: Vec<Value> = resource_type
        .extensions
        .iter()
        .map(|extension| json!({"schema": extension.schema.id, "required": extension.required}))
        .collect();
    json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": resource_type.name,
        "name": resource_type.name,
        "description": resource_type.description,
        "endpoint": resource_type.endpoint,
        "schema": resource_type.schema.id,
        "schemaExtensions": extensions,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base_url}/ResourceTypes/{}", resource_type.name),
        },
    })
}

/// RFC 7643 §7.
pub fn schema(base_url: &str, schema: &Schema) -> Value {
    json!({
        "schemas": [urn::SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes,
        "meta": {
            "resourceType": "Schema",
            "location": format!("{base_url}/Schemas/{}", schema.id),
        },
    })
}
