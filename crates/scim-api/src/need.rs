//! What a request needs: a budget to spend from, and scopes.

use actix_web::HttpRequest;
use actix_web::http::Method;
use domain::directory::{Kind, ResourceTypes};
use domain::limit::Budget;
use domain::scope::{Access, Scope, Scopes};

use crate::ScimError;

/// The budget a request is paid from.
pub fn budget(request: &HttpRequest) -> Budget {
    match access(request) {
        Access::Read => Budget::Reads,
        Access::Write if is_bulk(request) => Budget::Bulk,
        Access::Write => Budget::Writes,
    }
}

/// Refuses a request that needs a scope which its credential lacks. What a bulk request needs is told by its operations, and
/// whoever has any scope may ask what there is.
///
/// # Errors
/// 403.
pub fn require(request: &HttpRequest, types: &ResourceTypes, scopes: Scopes) -> Result<(), ScimError> {
    let access = access(request);
    match request.match_info().get("endpoint") {
        Some(endpoint) => match types.at_endpoint(endpoint) {
            Some(resource_type) => require_one(scopes, &Kind::named(&resource_type.name), access),
            None => Ok(()),
        },
        None if is_over_all_types(request) => {
            types.all().iter().try_for_each(|each| require_one(scopes, &Kind::named(&each.name), access))
        }
        None => Ok(()),
    }
}

/// Refuses access to resources of a kind that a credential has no scope for.
///
/// # Errors
/// 403.
pub fn require_one(scopes: Scopes, kind: &Kind, access: Access) -> Result<(), ScimError> {
    let scope = Scope::of(kind, access);
    match scopes.holds(scope) {
        true => Ok(()),
        false => Err(ScimError::beyond_scope(scope)),
    }
}

/// A search is a question, though it is sent (RFC 7644 §3.4.3).
fn access(request: &HttpRequest) -> Access {
    match *request.method() {
        Method::GET | Method::HEAD => Access::Read,
        Method::POST if request.path().ends_with("/.search") => Access::Read,
        _ => Access::Write,
    }
}

/// No resource: what is written to `/Users/Bulk` is paid for as any other writing.
fn is_bulk(request: &HttpRequest) -> bool {
    let is_of_a_type = request.match_info().get("endpoint").is_some();
    *request.method() == Method::POST && !is_of_a_type && request.path().ends_with("/Bulk")
}

fn is_over_all_types(request: &HttpRequest) -> bool {
    let path = request.path().trim_end_matches('/');
    path.ends_with("/scim/v2") || path.ends_with("/scim/v2/.search")
}
