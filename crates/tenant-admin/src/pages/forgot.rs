//! Asking for another password.

use actix_web::{HttpResponse, rt};
use askama::Template;

use crate::error::PageError;
use crate::gate::{Gate, Visit};
use crate::pages::page;
use crate::pages::sign_in::{gated, visitor};
use crate::text::sign_in as words;

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage {
    gate: Gate,
    csrf: String,
    /// Whether it was asked for already.
    is_sent: bool,
}

/// `GET /sign-in/forgot`
pub async fn show(visit: Visit) -> Result<HttpResponse, PageError> {
    answer(&visit, false)
}

/// `POST /sign-in/forgot`
pub async fn send(visit: Visit) -> Result<HttpResponse, PageError> {
    let answer = answer(&visit, true)?;
    // Answered before anything is looked up: how long it takes must not tell which tenants and accounts there are.
    rt::spawn(async move {
        if let Err(error) = send_link(&visit).await {
            tracing::warn!(%error, "a link to another password could not be sent");
        }
    });
    Ok(answer)
}

async fn send_link(visit: &Visit) -> Result<(), PageError> {
    let Some(tenant) = visit.tenant().await? else { return Ok(()) };
    let Visit { admin, slug, request, form, now, .. } = visit;
    let (address, visitor) = (admin.addresses.sign_in_url(slug), visitor(request, admin, slug));
    Ok(admin.sign_in.forgot_password(&tenant, form.text("email"), &address, &visitor, *now).await?)
}

fn answer(visit: &Visit, is_sent: bool) -> Result<HttpResponse, PageError> {
    let title = if is_sent { words::CHECK_YOUR_MAIL } else { words::FORGOT };
    let view = ForgotPage { gate: Gate::of(&visit.request, title)?, csrf: visit.csrf.clone(), is_sent };
    gated(visit, page(&view)?)
}
