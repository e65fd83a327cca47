//! A request that came before: what it made was shown then, and is not shown again.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::credential::{Credential, CredentialKind};
use domain::ids::CredentialId;

use super::{paths, tables};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::page_with;
use crate::parts::Icon;
use crate::text::provisioning as words;

#[derive(Template)]
#[template(path = "provisioning/once.html")]
struct OncePage {
    frame: Frame,
    what: &'static str,
    label: String,
    code: String,
    revoke: String,
    again: String,
    page: String,
}

/// # Errors
/// [`PageError::Internal`] when the template fails.
pub fn page(call: &AdminCall, id: CredentialId) -> Result<HttpResponse, PageError> {
    let known = call.admission().credentials.iter().find(|one| one.id == id);
    let is_client = known.is_some_and(|one| one.kind != CredentialKind::Token);
    let secret = known.and_then(Credential::newest_secret);
    let view = OncePage {
        frame: Frame::new(call, Spot::Tab(Tab::Provisioning), words::SHOWN_ALREADY, &[]),
        what: if is_client { "secret" } else { "token" },
        label: known.map(|one| words::label(&one.label)).unwrap_or_default(),
        code: match (is_client, secret) {
            (true, Some(secret)) => tables::code("client", &secret.id.to_string(), Some(secret)),
            (_, secret) => tables::code("scim", &id.to_string(), secret),
        },
        revoke: match (is_client, secret) {
            (true, Some(secret)) => paths::secret(call, id, secret.id, "revoke"),
            _ => paths::credential(call, id, "revoke"),
        },
        again: match is_client {
            true => paths::credential(call, id, "secrets/new"),
            false => paths::below(call, "tokens/new"),
        },
        page: paths::page(call),
    };
    page_with(StatusCode::CONFLICT, &view)
}
