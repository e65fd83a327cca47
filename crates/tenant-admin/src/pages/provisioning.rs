//! S1: the connection of the tenant's identity provider.

pub mod banner;
pub mod chart;
pub mod conflict;
pub mod connection;
pub mod cycles;
pub mod draft;
pub mod once;
pub mod paths;
pub mod revoke;
pub mod save;
pub mod secrets;
pub mod show;
pub mod status;
pub mod tables;
pub mod tokens;
pub mod turn_off;

pub use save::{pause, resume, send};
pub use show::show;

use actix_web::HttpResponse;
use askama::Template;
use domain::ids::{CredentialId, SecretId};
use domain::request_key::RequestKey;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::form::Form;

/// A part of a page for the script that keeps it up to date, told from others by a digest of what it shows.
///
/// # Errors
/// [`PageError::Internal`] when the template fails.
pub fn part(call: &AdminCall, view: &impl Template) -> Result<HttpResponse, PageError> {
    let html = view.render()?;
    crate::pages::live(call, &mark(&html), &Ready(html))
}

/// What tells one state of a part from another.
pub fn mark(html: &str) -> String {
    hex::encode(Sha256::digest(html.as_bytes())).chars().take(16).collect()
}

#[derive(Template)]
#[template(source = "{{ self.0|safe }}", ext = "html")]
struct Ready(String);

/// A key for a form that makes something.
pub fn new_key(call: &AdminCall) -> RequestKey {
    RequestKey::new(call.admin.secrets.bytes())
}

/// The key that a form carries.
///
/// # Errors
/// [`PageError::Refused`] when it carries none of ours.
pub fn key(form: &Form) -> Result<RequestKey, PageError> {
    form.text("key").parse().map_err(PageError::Refused)
}

/// The credential that an address names.
///
/// # Errors
/// [`PageError::NotFound`].
pub fn credential_id(call: &AdminCall) -> Result<CredentialId, PageError> {
    Uuid::try_parse(call.segment("id")).map(CredentialId).map_err(|_| PageError::NotFound)
}

/// The secret that an address names.
///
/// # Errors
/// [`PageError::NotFound`].
pub fn secret_id(call: &AdminCall) -> Result<SecretId, PageError> {
    Uuid::try_parse(call.segment("secret")).map(SecretId).map_err(|_| PageError::NotFound)
}
