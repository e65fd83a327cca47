//! Switching one's second step on and off, and its recovery codes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::admin::second_step::RecoveryCode;
use domain::ops::Enrolment;

use super::{ACCOUNT, done, own, password, refused, try_password};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot};
use crate::pages::sign_in::Refusal;
use crate::pages::{page, page_with};
use crate::parts::{CopyField, Icon};
use crate::qr::Picture;
use crate::text::{self, account as words};

#[derive(Template)]
#[template(path = "second_step_on.html")]
struct EnrolPage {
    frame: Frame,
    picture: Option<Picture>,
    key: CopyField,
    /// For apps on the same machine.
    uri: String,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct CodesPage {
    frame: Frame,
    lead: &'static str,
    codes: Vec<String>,
}

/// `POST /settings/account/second-step`
pub async fn begin(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    try_password(&call).await?;
    let (people, vendor, password) = (&call.admin.people, &call.admin.branding.name, password(&form));
    match people.begin_second_step(&call.cx, call.tenant(), &call.caller, &password, vendor).await {
        Ok(enrolment) => page(&enrol(&call, enrolment, None)),
        Err(error) => refused(&call, error, words::STEP_NOT_CHANGED).await,
    }
}

/// `POST /settings/account/second-step/confirm`
pub async fn confirm(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    own(&call)?;
    match call.admin.people.confirm_second_step(&call.cx, &call.caller, form.text("code")).await {
        Ok(codes) => shown(&call, &codes, words::STEP_IS_ON),
        Err(domain::Error::NotAllowed(why)) => {
            let refusal = Refusal { title: words::CODE_REFUSED, message: text::sentence(&why) };
            let (people, vendor) = (&call.admin.people, &call.admin.branding.name);
            let waiting = people.waiting_second_step(&call.cx, call.tenant(), &call.caller, vendor).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &enrol(&call, waiting, Some(refusal)))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/account/second-step/off`
pub async fn switch_off(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    try_password(&call).await?;
    let (people, password) = (&call.admin.people, password(&form));
    match people.drop_own_second_step(&call.cx, call.tenant(), &call.caller, &password).await {
        Ok(()) => Ok(done(&call, "second-step-off")),
        Err(error) => refused(&call, error, words::STEP_NOT_CHANGED).await,
    }
}

/// `POST /settings/account/recovery-codes`
pub async fn renew_codes(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    try_password(&call).await?;
    let (people, password) = (&call.admin.people, password(&form));
    match people.renew_recovery_codes(&call.cx, call.tenant(), &call.caller, &password).await {
        Ok(codes) => shown(&call, &codes, words::CODES_ARE_NEW),
        Err(error) => refused(&call, error, words::CODES_NOT_MADE).await,
    }
}

fn enrol(call: &AdminCall, enrolment: Enrolment, refusal: Option<Refusal>) -> EnrolPage {
    EnrolPage {
        frame: frame(call, words::SWITCH_ON),
        picture: Picture::of(&enrolment.uri),
        key: CopyField {
            id: "key".to_owned(),
            label: words::KEY.to_owned(),
            name: "key".to_owned(),
            value: enrolment.secret.reveal(),
            help: words::KEY_HELP.to_owned(),
        },
        uri: enrolment.uri,
        refusal,
    }
}

fn shown(call: &AdminCall, codes: &[RecoveryCode], lead: &'static str) -> Result<HttpResponse, PageError> {
    let codes = codes.iter().map(RecoveryCode::reveal).collect();
    page(&CodesPage { frame: frame(call, words::RECOVERY_CODES), lead, codes })
}

fn frame(call: &AdminCall, title: &str) -> Frame {
    Frame::new(call, Spot::Account, title, &[(ACCOUNT, text::ACCOUNT)])
}
