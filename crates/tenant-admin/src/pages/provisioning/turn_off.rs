//! Turning provisioning off, and what happens to people then.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::choices::{HeadCount, People};
use domain::ops::SettingsChange;
use domain::tenant::ProvisioningState;

use super::connection::Connection;
use super::save::{refused, seen};
use super::{key, new_key, paths};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::form::Form;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::{go, page_with};
use crate::parts::Icon;
use crate::text::idp::Idp;
use crate::text::provisioning::{self as words, MANY, errors};

#[derive(Template)]
#[template(path = "provisioning/off.html")]
struct OffPage {
    frame: Frame,
    idp: Idp,
    /// Whether it is off already, and people are to be disabled after all.
    is_off: bool,
    all: u64,
    people: String,
    active: String,
    chosen: Option<People>,
    must_type: bool,
    typed: String,
    error: Option<(&'static str, &'static str)>,
    action: String,
    back: String,
    seen: i64,
    key: String,
}

/// `GET …/provisioning/off`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let count = call.admin.jobs.head_count(&call.cx.scope).await?;
    if is_off(&call) && count.active == 0 {
        return Ok(go(&paths::page(&call)));
    }
    render(&call, count, None, None).await
}

/// `POST …/provisioning/off`
pub async fn send(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let count = call.admin.jobs.head_count(&call.cx.scope).await?;
    let chosen = match People::named(form.text("people")) {
        _ if is_off(&call) => Some(People::Deactivate),
        None if count.all() == 0 => Some(People::Keep),
        chosen => chosen,
    };
    let Some(people) = chosen else { return render(&call, count, Some(&form), Some(("keep", errors::CHOICE))).await };
    if must_type(count) && !is_name(&call, form.text("name")) {
        return render(&call, count, Some(&form), Some(("name", errors::NAME))).await;
    }
    let change = SettingsChange {
        seen: seen(&form),
        key: Some(key(&form)?),
        people,
        ..SettingsChange::from(ProvisioningState::Off)
    };
    match call.admin.settings.change(&call.cx, change).await {
        Ok(_) => Ok(go(&paths::page(&call))),
        Err(error) => refused(&call, &form, error).await,
    }
}

fn is_off(call: &AdminCall) -> bool {
    call.tenant().provisioning == ProvisioningState::Off
}

fn must_type(count: HeadCount) -> bool {
    count.all() > MANY
}

/// Whether this is the tenant's name, whatever its case and spaces.
fn is_name(call: &AdminCall, typed: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(typed) == plain(&call.tenant().name)
}

async fn render(
    call: &AdminCall,
    count: HeadCount,
    sent: Option<&Form>,
    error: Option<(&'static str, &'static str)>,
) -> Result<HttpResponse, PageError> {
    let connection = Connection::of(call).await?;
    let is_off = is_off(call);
    let title = if is_off { words::DISABLE } else { words::TURN_OFF };
    let view = OffPage {
        frame: Frame::new(call, Spot::Tab(Tab::Provisioning), title, &[]),
        idp: connection.idp,
        is_off,
        all: count.all(),
        people: words::people(count.all()),
        active: words::people(count.active),
        chosen: sent.map_or(Some(People::Keep), |form| People::named(form.text("people"))),
        must_type: must_type(count),
        typed: sent.map(|form| form.text("name").to_owned()).unwrap_or_default(),
        error,
        action: paths::below(call, "off"),
        back: paths::page(call),
        seen: connection.tenant.choices.version,
        key: new_key(call).as_str().to_owned(),
    };
    page_with(if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &view)
}
