//! What a request needs: a budget to spend from, and scopes.
//!
//! Both are decided by the route that was found, never by the text of the address, which can be written in many ways.

use actix_web::HttpRequest;
use actix_web::http::Method;
use domain::directory::{Kind, ResourceTypes};
use domain::limit::Budget;
use domain::scope::{Access, Scope, Scopes};

use crate::ScimError;

/// What the requests to a route are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The service provider itself.
    Provider,
    /// Resources of the type that the address names.
    Type,
    /// As [`About::Type`], but sent questions (RFC 7644 §3.4.3).
    TypeSearch,
    /// Resources of all types.
    AllTypes,
    /// As [`About::AllTypes`], but sent questions.
    AllTypesSearch,
    /// Operations, of which each has needs of its own.
    Bulk,
}

impl About {
    /// What a route of [`ROUTES`](crate::ROUTES) is about.
    pub fn of(route: &str) -> Self {
        match route {
            "" | "/" => Self::AllTypes,
            "/.search" => Self::AllTypesSearch,
            "/Bulk" => Self::Bulk,
            "/{endpoint}/.search" => Self::TypeSearch,
            typed if typed.starts_with("/{endpoint}") => Self::Type,
            _ => Self::Provider,
        }
    }
}

/// What the route of a request is about. An address without a route is about nothing that there is.
fn about(request: &HttpRequest) -> About {
    request.app_data::<About>().copied().unwrap_or(About::Provider)
}

/// The budget a request is paid from.
pub fn budget(request: &HttpRequest) -> Budget {
    match (access(request), about(request)) {
        (Access::Read, _) => Budget::Reads,
        (Access::Write, About::Bulk) if *request.method() == Method::POST => Budget::Bulk,
        (Access::Write, _) => Budget::Writes,
    }
}

/// Refuses a request that needs a scope which its credential lacks. What a bulk request needs is told by its operations, and
/// whoever has any scope may ask what there is.
///
/// # Errors
/// 403.
pub fn require(request: &HttpRequest, types: &ResourceTypes, scopes: Scopes) -> Result<(), ScimError> {
    let access = access(request);
    match about(request) {
        About::Provider | About::Bulk => Ok(()),
        About::AllTypes | About::AllTypesSearch => {
            types.all().iter().try_for_each(|each| require_one(scopes, &Kind::named(&each.name), access))
        }
        About::Type | About::TypeSearch => {
            let endpoint = request.match_info().get("endpoint").unwrap_or_default();
            let named = types.at_endpoint(endpoint);
            named.map_or(Ok(()), |each| require_one(scopes, &Kind::named(&each.name), access))
        }
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

fn access(request: &HttpRequest) -> Access {
    match (request.method(), about(request)) {
        (&Method::GET | &Method::HEAD, _) | (&Method::POST, About::TypeSearch | About::AllTypesSearch) => Access::Read,
        _ => Access::Write,
    }
}
