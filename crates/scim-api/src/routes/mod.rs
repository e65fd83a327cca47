//! The routes below a tenant's base URL.

mod bulk;
mod discovery;
mod lists;
mod me;
mod resources;

use std::future::ready;

use actix_web::guard::{Guard, fn_guard};
use actix_web::http::Method;
use actix_web::{HttpResponse, Resource, Route, web};

use crate::ScimError;
use crate::call::ScimCall;
use crate::need::About;

/// Something a client can ask for.
pub struct ScimRoute {
    pub method: Method,
    /// Below the base URL; variable parts stand in braces.
    pub path: &'static str,
    handler: fn() -> Route,
}

/// Every route of the SCIM face; those of one path stand together. The server is built from this table, and its test of
/// who may come in walks it.
pub static ROUTES: [ScimRoute; 21] = [
    on(Method::GET, "", || web::to(lists::list_all)),
    on(Method::GET, "/", || web::to(lists::list_all)),
    on(Method::POST, "/.search", || web::to(lists::search_all)),
    on(Method::POST, "/Bulk", || web::to(bulk::bulk)),
    on(Method::GET, "/Me", || web::to(me::me)),
    on(Method::POST, "/Me", || web::to(me::me)),
    on(Method::PUT, "/Me", || web::to(me::me)),
    on(Method::PATCH, "/Me", || web::to(me::me)),
    on(Method::DELETE, "/Me", || web::to(me::me)),
    on(Method::GET, "/ServiceProviderConfig", || web::to(discovery::service_provider_config)),
    on(Method::GET, "/ResourceTypes", || web::to(discovery::resource_types)),
    on(Method::GET, "/ResourceTypes/{id}", || web::to(discovery::resource_type)),
    on(Method::GET, "/Schemas", || web::to(discovery::schemas)),
    on(Method::GET, "/Schemas/{id}", || web::to(discovery::schema)),
    on(Method::GET, "/{endpoint}", || web::to(lists::list)),
    on(Method::POST, "/{endpoint}", || web::to(resources::create)),
    on(Method::POST, "/{endpoint}/.search", || web::to(lists::search)),
    on(Method::GET, "/{endpoint}/{id}", || web::to(resources::get)),
    on(Method::PUT, "/{endpoint}/{id}", || web::to(resources::replace)),
    on(Method::PATCH, "/{endpoint}/{id}", || web::to(resources::patch)),
    on(Method::DELETE, "/{endpoint}/{id}", || web::to(resources::delete)),
];

const fn on(method: Method, path: &'static str, handler: fn() -> Route) -> ScimRoute {
    ScimRoute { method, path, handler }
}

/// Adds every route. Whatever stands in none is answered to callers who may be here alone.
pub fn routes(config: &mut web::ServiceConfig) {
    for place in ROUTES.chunk_by(|one, other| one.path == other.path) {
        config.service(resource(place));
    }
    config.default_service(web::to(unknown));
}

/// One path with its methods; any other is 405.
fn resource(place: &[ScimRoute]) -> Resource {
    let path = place.first().map_or("", |route| route.path);
    let methods = place.iter().flat_map(|route| answered(&route.method));
    let allow = methods.map(Method::as_str).collect::<Vec<_>>().join(", ");
    let of_a_type = path.starts_with("/{endpoint}");
    let resource = place.iter().fold(web::resource(path).app_data(About::of(path)), |resource, route| {
        resource.route((route.handler)().guard(asks_for(&route.method)))
    });
    resource.default_service(web::to(move |call: ScimCall| ready(wrong_method(&call, of_a_type, &allow))))
}

/// What can be read can be asked about with HEAD as well (RFC 9110 §9.3.2); the server leaves the body out.
fn answered(method: &Method) -> Vec<&Method> {
    match *method {
        Method::GET => vec![method, &Method::HEAD],
        _ => vec![method],
    }
}

fn asks_for(method: &Method) -> impl Guard + use<> {
    let method = method.clone();
    fn_guard(move |request| answered(&method).contains(&&request.head().method))
}

/// What the routes that only refuse give.
pub type Refusal = Result<HttpResponse, ScimError>;

/// `of_a_type`: the path has meaning only when it names a resource type.
fn wrong_method(call: &ScimCall, of_a_type: bool, allow: &str) -> Refusal {
    if of_a_type {
        call.resource_type()?;
    }
    Err(ScimError::method_not_allowed(allow))
}

async fn unknown(_: ScimCall) -> Refusal {
    Err(ScimError::unknown_address("this address"))
}

/// The answer to addresses outside every tenant.
///
/// # Errors
/// 404, always.
pub async fn nowhere() -> Refusal {
    Err(ScimError::unknown_address("this address"))
}
