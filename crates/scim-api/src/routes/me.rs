//! `/Me` (RFC 7644 §3.11).

use super::Refusal;
use crate::ScimError;
use crate::call::ScimCall;

/// A provisioning token is no person, so that nobody is meant by "me".
pub async fn me(_: ScimCall) -> Refusal {
    Err(ScimError::not_implemented("/Me needs a person, and a provisioning token is none"))
}
