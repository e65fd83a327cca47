//! Saving what was chosen, pausing and resuming.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use domain::Error;
use domain::ops::SettingsChange;
use domain::tenant::ProvisioningState;

use super::draft::Draft;
use super::{conflict, key, once, paths, secrets, show};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::form::Form;
use crate::lists::address;
use crate::pages::go;

/// `POST …/provisioning`
pub async fn send(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let draft = Draft::read(call.tenant(), &form);
    let was_on = call.tenant().provisioning != ProvisioningState::Off;
    if form.is_ticked("flip") {
        // Without script the switch itself sends the form; it is shown moved, and still has to be saved.
        let word = if draft.is_on { "off" } else { "on" };
        return Ok(go(&address(&paths::page(&call), [("switch", word), ("idp", form.text("idp"))])));
    }
    if !draft.errors.is_empty() {
        return show::render(&call, draft, false, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if was_on && !draft.is_on {
        return Ok(go(&paths::below(&call, "off")));
    }
    let switches_on = draft.is_on && !was_on;
    let change = SettingsChange {
        seen: seen(&form),
        key: Some(key(&form)?),
        provisioning: switches_on.then_some(ProvisioningState::On),
        ..draft.change(&form)
    };
    match call.admin.settings.change(&call.cx, change).await {
        Ok(done) => match done.minted {
            Some(minted) => secrets::first_token(&call, &minted).await,
            None => Ok(go(&address(&paths::page(&call), [("done", "saved")]))),
        },
        Err(error) => refused(&call, &form, error).await,
    }
}

/// What a save that was refused shows.
///
/// # Errors
/// What nothing is shown for.
pub async fn refused(call: &AdminCall, form: &Form, error: Error) -> Result<HttpResponse, PageError> {
    match error {
        Error::Outdated(_) => conflict::page(call, form).await,
        Error::ShownAlready(id) => once::page(call, id),
        other => Err(other.into()),
    }
}

/// The version that a form was made from.
pub fn seen(form: &Form) -> Option<i64> {
    form.text("seen").parse().ok()
}

/// `POST …/provisioning/pause`
pub async fn pause(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, .. } = submission;
    call.admin.settings.set_provisioning(&call.cx, ProvisioningState::Paused).await?;
    Ok(go(&paths::page(&call)))
}

/// `POST …/provisioning/resume`
pub async fn resume(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, .. } = submission;
    call.admin.settings.resume_provisioning(&call.cx).await?;
    Ok(go(&paths::page(&call)))
}
