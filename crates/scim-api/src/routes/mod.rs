//! The routes below a tenant's base URL.

mod discovery;
mod resources;

use actix_web::{HttpResponse, Resource, Route, web};

use crate::ScimError;
use crate::call::ScimCall;

/// Every route of the SCIM face. Whatever stands in no route is answered to callers who may be here alone.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(read_only(
            "/ServiceProviderConfig",
            web::get().to(discovery::service_provider_config),
        ))
        .service(read_only("/ResourceTypes", web::get().to(discovery::resource_types)))
        .service(read_only(
            "/ResourceTypes/{id}",
            web::get().to(discovery::resource_type),
        ))
        .service(read_only("/Schemas", web::get().to(discovery::schemas)))
        .service(read_only("/Schemas/{id}", web::get().to(discovery::schema)))
        .service(
            web::resource("/{endpoint}")
                .route(web::get().to(resources::list))
                .route(web::post().to(resources::create))
                .default_service(web::to(wrong_method_for_type)),
        )
        .service(
            web::resource("/{endpoint}/{id}")
                .route(web::get().to(resources::get))
                .route(web::put().to(resources::replace))
                .route(web::patch().to(resources::patch))
                .route(web::delete().to(resources::delete))
                .default_service(web::to(wrong_method_for_resource)),
        )
        .default_service(web::to(unknown));
}

/// Discovery is read and never written (RFC 7644 §4).
fn read_only(path: &str, get: Route) -> Resource {
    web::resource(path.to_owned())
        .route(get)
        .default_service(web::to(wrong_method_for_discovery))
}

/// What the routes that only refuse give.
pub type Refusal = Result<HttpResponse, ScimError>;

async fn wrong_method_for_discovery(_: ScimCall) -> Refusal {
    Err(ScimError::method_not_allowed("GET"))
}

async fn wrong_method_for_type(call: ScimCall) -> Refusal {
    call.resource_type()?;
    Err(ScimError::method_not_allowed("GET, POST"))
}

async fn wrong_method_for_resource(call: ScimCall) -> Refusal {
    call.resource_type()?;
    Err(ScimError::method_not_allowed("GET, PUT, PATCH, DELETE"))
}

async fn unknown(_: ScimCall) -> Refusal {
    Err(ScimError::not_found("this address"))
}

/// The answer to addresses outside every tenant.
///
/// # Errors
/// 404, always.
pub async fn nowhere() -> Refusal {
    Err(ScimError::not_found("this address"))
}
