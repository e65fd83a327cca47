//! S6: by which groups people get their roles in the vendor's product.
//!
//! What is being changed is kept in the form itself, which each button sends; nothing is saved before *Save*, and *Save*
//! comes with a preview of whom it changes.

mod act;
mod conflict;
mod draft;
mod preview;
mod show;

pub use show::show;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use domain::Error;

use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::form::Form;
use crate::frame::Tab;
use crate::pages::go;
use crate::text::{self, roles as words};

use act::{Act, carry_out};
use draft::Draft;
use show::{Told, render};

/// The address of the page.
pub fn page(call: &AdminCall) -> String {
    call.href(Tab::Roles.path())
}

/// `POST /settings/user-authentication/roles`
pub async fn send(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let mut draft = Draft::read(&form)?;
    match Act::read(&form) {
        Act::Preview => with_preview(&call, &draft, None).await,
        Act::Save => save(&call, &form, &draft).await,
        act => match carry_out(&call, &mut draft, act).await? {
            None => render(&call, &draft, Told::default(), StatusCode::OK).await,
            Some(why) => refused(&call, &draft, why).await,
        },
    }
}

/// Saves what was previewed; what was not is previewed first.
async fn save(call: &AdminCall, form: &Form, draft: &Draft) -> Result<HttpResponse, PageError> {
    if form.text("previewed") != draft.mark() {
        return with_preview(call, draft, Some(words::PREVIEW_FIRST)).await;
    }
    match call.admin.roles.save(&call.cx, draft.seen, &draft.rules).await {
        Ok(_) => Ok(go(&format!("{}?done=roles", page(call)))),
        Err(Error::Outdated(_)) => conflict::page(call, form, draft).await,
        Err(Error::NotAllowed(why)) => refused(call, draft, text::sentence(&why)).await,
        Err(other) => Err(other.into()),
    }
}

async fn with_preview(call: &AdminCall, draft: &Draft, hint: Option<&'static str>) -> Result<HttpResponse, PageError> {
    match call.admin.roles.preview(&call.cx.scope, &draft.rules).await {
        Ok(preview) => {
            let told = Told { preview: Some(preview), hint, ..Told::default() };
            render(call, draft, told, StatusCode::OK).await
        }
        Err(Error::NotAllowed(why)) => refused(call, draft, text::sentence(&why)).await,
        Err(other) => Err(other.into()),
    }
}

async fn refused(call: &AdminCall, draft: &Draft, why: String) -> Result<HttpResponse, PageError> {
    let told = Told { error: Some(why), ..Told::default() };
    render(call, draft, told, StatusCode::UNPROCESSABLE_ENTITY).await
}
