//! One table from what went wrong to what the client reads (RFC 7644 §3.12, architecture.md §7).

use std::fmt;

use ::web::limit::OverBudget;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use domain::Error;
use domain::catalogue::Cause;
use domain::limit::Budget;
use domain::scope::Scope;
use domain::store::StoreError;
use domain::tenant::Closure;
use scim_protocol::{Fault, Reason, message};
use tracing::Span;

use crate::respond::SCIM_JSON;

/// Seconds after which a database that was away may be back.
const DATABASE_RETRY: u32 = 5;
/// Seconds after which to look again whether a pause is over.
const PAUSE_RETRY: u32 = 120;

/// Details quote what was sent, which may be a megabyte; nobody reads more than this many characters of it.
const LONGEST_DETAIL: usize = 1_000;

/// An answer that is an error.
#[derive(Debug)]
pub struct ScimError {
    fault: Fault,
    retry_after: Option<u32>,
    allow: Option<String>,
    /// What the credential would have to have.
    scope: Option<Scope>,
    over: Option<OverBudget>,
    /// What the tenant's admin is told of it.
    cause: Cause,
}

/// Why somebody is over budget.
pub const fn cause_of_budget(budget: Budget) -> Cause {
    match budget {
        Budget::Failures => Cause::AddressFailsOften,
        Budget::SignIns => Cause::ClientTooFast,
        Budget::Reads | Budget::Writes | Budget::Bulk => Cause::TenantTooFast,
    }
}

impl ScimError {
    /// The one answer to every caller who is not let in, whatever the reason (product.md, "What answers what").
    pub fn unauthorized() -> Self {
        Fault::plain(401, "a valid provisioning token is required").into()
    }

    /// A credential that may do other things (RFC 6750 §3.1).
    pub fn beyond_scope(scope: Scope) -> Self {
        let detail = format!(
            "the credential of this request lacks the scope {}; use one that has it, which an admin of the tenant can make",
            scope.as_str()
        );
        Self { scope: Some(scope), ..Fault::plain(403, detail).into() }.because(Cause::ScopeMissing)
    }

    /// The same error, of which more is known than its status says.
    #[must_use]
    pub fn because(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }

    /// Why, for the tenant's admin; callers are told less.
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// Seconds to wait before trying again; 1 when nothing is known.
    pub fn retry_after(&self) -> u32 {
        self.retry_after.unwrap_or(1)
    }

    pub fn not_found(what: &str) -> Self {
        Fault::plain(404, format!("{what} was not found")).into()
    }

    /// An address that leads nowhere.
    pub fn unknown_address(what: &str) -> Self {
        Self::not_found(what).because(Cause::AddressUnknown)
    }

    /// Discovery is answered as a whole (RFC 7644 §4).
    pub fn filtered_discovery() -> Self {
        Self::from(Fault::plain(403, "discovery cannot be filtered")).because(Cause::DiscoveryFiltered)
    }

    pub fn not_implemented(why: &str) -> Self {
        Fault::plain(501, why).into()
    }

    /// What is said of it in a body.
    pub fn into_fault(self) -> Fault {
        self.fault
    }

    /// `allow`: the methods that there are.
    pub fn method_not_allowed(allow: &str) -> Self {
        let fault = Fault::plain(405, format!("the method is not allowed here; allowed are {allow}"));
        Self { allow: Some(allow.to_owned()), ..fault.into() }
    }

    fn later(retry_after: u32, detail: &str) -> Self {
        Self { retry_after: Some(retry_after), ..Fault::plain(503, detail).into() }
    }

    fn defect(what: &str) -> Self {
        tracing::error!(error = what, "a request failed by a defect");
        Fault::plain(500, "something went wrong on our side; quote the X-Request-Id of this answer").into()
    }

    pub fn database_away(why: &str) -> Self {
        tracing::error!(error = why, "the database is away");
        Self::later(DATABASE_RETRY, "the directory is not available at the moment; try again shortly")
    }

    pub fn closed(closure: Closure) -> Self {
        match closure {
            Closure::Suspended => {
                let fault = Fault::plain(403, "this tenant is suspended; its vendor can lift that");
                Self::from(fault).because(Cause::Suspended)
            }
            Closure::Off => {
                let detail = "user provisioning is switched off for this tenant; its admin can switch it on";
                Self::from(Fault::plain(403, detail)).because(Cause::ProvisioningOff)
            }
            Closure::Paused => {
                let detail = "user provisioning is paused for this tenant; its admin can resume it";
                Self::later(PAUSE_RETRY, detail).because(Cause::ProvisioningPaused)
            }
        }
    }
}

impl From<Fault> for ScimError {
    fn from(mut fault: Fault) -> Self {
        if let Some((end, _)) = fault.detail.char_indices().nth(LONGEST_DETAIL) {
            fault.detail.truncate(end);
            fault.detail.push('…');
        }
        let cause = Cause::of_fault(&fault);
        Self { fault, retry_after: None, allow: None, scope: None, over: None, cause }
    }
}

impl From<OverBudget> for ScimError {
    fn from(over: OverBudget) -> Self {
        Self { over: Some(over), cause: cause_of_budget(over.budget), ..Fault::plain(429, over.detail()).into() }
    }
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken { attribute } => {
                let fault = Fault::uniqueness(format!("{attribute} is already in use"));
                Self::from(fault).because(taken(&attribute))
            }
            StoreError::MemberGone => Fault::invalid_value("a member was deleted at the same moment")
                .because(Reason::UnknownReference)
                .into(),
            StoreError::Contention => {
                Self::later(1, "the resource is being changed by others; try again").because(Cause::Contention)
            }
            StoreError::Locked => {
                Self::later(DATABASE_RETRY, "the resource is held by something else; try again").because(Cause::Contention)
            }
            StoreError::Busy => {
                let detail = "this tenant has too many expensive questions under way; ask them one after another";
                Self::later(DATABASE_RETRY, detail).because(Cause::TooManyQuestions)
            }
            StoreError::TooMuchWork { limit } => Fault::too_many(format!(
                "answering would mean looking at more than {limit} resources; narrow the filter with userName, externalId, displayName, emails.value or meta.lastModified"
            ))
            .into(),
            StoreError::TooSlow => Self::database_away("a statement took too long"),
            StoreError::Unavailable(why) => Self::database_away(&why),
            StoreError::Internal(what) | StoreError::Schema(what) => Self::defect(&what),
        }
    }
}

/// The store names the attribute with its value behind it.
fn taken(attribute: &str) -> Cause {
    Cause::of_taken(attribute.split(' ').next().unwrap_or_default())
}

impl From<Error> for ScimError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self::not_found(&what),
            Error::Outdated(_) | Error::ShownAlready(_) => Fault::plain(409, error.to_string()).into(),
            Error::VersionMismatch => Fault::plain(412, error.to_string()).into(),
            Error::Invalid(fault) => fault.into(),
            Error::NotAllowed(why) => Fault::plain(403, why).into(),
            Error::Closed(closure) => Self::closed(closure),
            Error::Store(error) => error.into(),
        }
    }
}

impl fmt::Display for ScimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl ResponseError for ScimError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(kind) = self.fault.scim_type {
            Span::current().record("scim.type", kind.as_str());
        }
        let mut response = HttpResponse::build(self.status_code());
        if self.fault.status == 401 {
            // RFC 6750 §3 asks for a parameter at least.
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"scim\""));
        }
        if let Some(scope) = self.scope {
            let challenge =
                format!("Bearer realm=\"scim\", error=\"insufficient_scope\", scope=\"{}\"", scope.as_str());
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        for header in self.over.iter().flat_map(OverBudget::headers) {
            response.insert_header(header);
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if let Some(methods) = &self.allow {
            response.insert_header((ALLOW, methods.as_str()));
        }
        response.content_type(SCIM_JSON).body(message::error(&self.fault).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way in which an error comes about, but that of a budget, which [`OverBudget`]'s own match covers.
    fn all() -> Vec<(ScimError, Cause)> {
        let store = |error: StoreError| ScimError::from(error);
        let text = || "x".to_owned();
        vec![
            (ScimError::unauthorized(), Cause::NotLetIn),
            (ScimError::beyond_scope(Scope::ALL[0]), Cause::ScopeMissing),
            (ScimError::not_found("x"), Cause::NotFound),
            (ScimError::unknown_address("x"), Cause::AddressUnknown),
            (ScimError::not_implemented("x"), Cause::NoPerson),
            (ScimError::method_not_allowed("GET"), Cause::WrongMethod),
            (ScimError::database_away("x"), Cause::DatabaseAway),
            (ScimError::closed(Closure::Suspended), Cause::Suspended),
            (ScimError::closed(Closure::Off), Cause::ProvisioningOff),
            (ScimError::closed(Closure::Paused), Cause::ProvisioningPaused),
            (Fault::plain(408, "x").into(), Cause::TooLate),
            (Fault::plain(413, "x").into(), Cause::TooLarge),
            (Fault::plain(415, "x").into(), Cause::WrongContentType),
            (store(StoreError::Taken { attribute: "userName".to_owned() }), Cause::UserNameTaken),
            (store(StoreError::Taken { attribute: "displayName".to_owned() }), Cause::GroupNameTaken),
            (store(StoreError::Taken { attribute: text() }), Cause::ValueTaken),
            (store(StoreError::MemberGone), Cause::MemberUnknown),
            (store(StoreError::Contention), Cause::Contention),
            (store(StoreError::Locked), Cause::Contention),
            (store(StoreError::TooMuchWork { limit: 1 }), Cause::TooMany),
            (store(StoreError::TooSlow), Cause::DatabaseAway),
            (store(StoreError::Busy), Cause::TooManyQuestions),
            (store(StoreError::Unavailable(text())), Cause::DatabaseAway),
            (store(StoreError::Schema(text())), Cause::Defect),
            (store(StoreError::Internal(text())), Cause::Defect),
            (Error::NotFound(text()).into(), Cause::NotFound),
            (Error::VersionMismatch.into(), Cause::ChangedMeanwhile),
            (Error::NotAllowed(text()).into(), Cause::NotAllowed),
            (Error::Closed(Closure::Off).into(), Cause::ProvisioningOff),
            (Error::Invalid(Fault::no_target("x")).into(), Cause::NoTarget),
        ]
    }

    #[test]
    fn every_error_knows_its_cause_which_is_answered_with_its_status() {
        for (error, cause) in all() {
            assert_eq!(error.cause(), cause, "{error}");
            assert!(cause.statuses().contains(&error.fault.status), "{error}");
        }
    }
}
