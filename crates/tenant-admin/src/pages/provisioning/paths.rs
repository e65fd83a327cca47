//! The addresses of pages about the connection.

use domain::ids::{CredentialId, SecretId};

use crate::call::AdminCall;

pub const PAGE: &str = "/settings/user-authentication/provisioning";
pub const GUIDE: &str = "/settings/user-authentication/guide";
pub const ACTIVITY: &str = "/settings/user-authentication/activity";

pub fn page(call: &AdminCall) -> String {
    call.href(PAGE)
}

/// A page below the one about the connection.
pub fn below(call: &AdminCall, rest: &str) -> String {
    call.href(&format!("{PAGE}/{rest}"))
}

pub fn guide(call: &AdminCall) -> String {
    call.href(GUIDE)
}

/// The log of what was refused or failed.
pub fn failures(call: &AdminCall) -> String {
    call.href(&format!("{ACTIVITY}?only=failed"))
}

pub fn credential(call: &AdminCall, id: CredentialId, rest: &str) -> String {
    below(call, &format!("credentials/{id}/{rest}"))
}

pub fn secret(call: &AdminCall, id: CredentialId, secret: SecretId, rest: &str) -> String {
    credential(call, id, &format!("secrets/{secret}/{rest}"))
}

/// The address of the request itself, as browsers see it.
pub fn here(call: &AdminCall) -> String {
    let path = call.request.path();
    let tenant = call.request.match_info().get("tenant").map(|slug| format!("/t/{slug}"));
    let rest = tenant.and_then(|tenant| path.split_once(&tenant)).map_or(path, |(_, rest)| rest);
    call.href(rest)
}
