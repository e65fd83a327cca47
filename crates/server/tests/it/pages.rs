//! What the settings pages show, and to whom, as plain HTML over HTTP.

mod domains;
mod gate;
mod roles;
mod strangers;
mod words;

use domain::admin::AdminRole;
use domain::tenant::Tenant;

use crate::reader::{Reader, employ};
use crate::served::Served;

const PROVISIONING: &str = "/settings/user-authentication/provisioning";
const DIRECTORY: &str = "/settings/user-authentication/directory";
const ACTIVITY: &str = "/settings/user-authentication/activity";
const DOMAINS: &str = "/settings/user-authentication/domains";
const AUDIT: &str = "/settings/user-authentication/audit";

/// The owner of a tenant, signed in.
async fn owner(served: &Served, tenant: &Tenant) -> Reader {
    let email = format!("owner@{}.example", tenant.slug);
    employ(served, tenant, &email, AdminRole::Owner).await;
    Reader::signed_in(served, tenant.slug.as_str(), &email).await
}

/// What is in the addresses of a page's links between `before` and the next character that is none of an id's.
fn ids_after<'p>(body: &'p str, before: &str) -> Vec<&'p str> {
    let is_of_id = |each: char| each.is_ascii_hexdigit() || each == '-';
    let mut ids: Vec<_> = body
        .match_indices(before)
        .map(|(at, _)| &body[at + before.len()..])
        .map(|rest| &rest[..rest.find(|each| !is_of_id(each)).unwrap_or(rest.len())])
        .filter(|id| id.len() == 36)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
