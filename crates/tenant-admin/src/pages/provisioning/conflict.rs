//! Two admins had the page open, and the other one saved first: compare, reload or overwrite.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::choices::Preferences;
use domain::tenant::{ProvisioningState, Tenant};

use super::draft::Draft;
use super::{new_key, paths};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::form::Form;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::page_with;
use crate::parts::Icon;
use crate::text::idp::idp;
use crate::text::provisioning as words;
use crate::when::When;

/// A setting as it is now and as it was entered.
struct Row {
    label: &'static str,
    now: String,
    mine: String,
}

#[derive(Template)]
#[template(path = "provisioning/conflict.html")]
struct ConflictPage {
    frame: Frame,
    who: String,
    when: Option<When>,
    rows: Vec<Row>,
    action: String,
    /// What was entered, to be sent once more.
    fields: Vec<(String, String)>,
    seen: i64,
    key: String,
    reload: String,
}

/// What is not sent again as it was.
const FRESH: [&str; 3] = ["csrf", "seen", "key"];

/// The page for a form that was made from an older version.
///
/// # Errors
/// Those of the store.
pub async fn page(call: &AdminCall, form: &Form) -> Result<HttpResponse, PageError> {
    // As it is now, which need not be what the request began with.
    let admission = call.admin.admissions.read(call.slug()).await?.ok_or(PageError::NotFound)?;
    let tenant = &admission.tenant;
    let mark = tenant.choices.changed.as_ref();
    let view = ConflictPage {
        frame: Frame::new(call, Spot::Tab(Tab::Provisioning), words::CONFLICT, &[]),
        who: mark.map_or_else(|| "Somebody".to_owned(), |mark| words::who(&mark.by, &call.admin.branding.name)),
        when: mark.map(|mark| When::new(mark.at, call.cx.now)),
        rows: rows(tenant, form),
        action: paths::here(call),
        fields: form
            .fields()
            .filter(|(name, _)| !FRESH.contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        seen: tenant.choices.version,
        key: new_key(call).as_str().to_owned(),
        reload: paths::page(call),
    };
    page_with(StatusCode::CONFLICT, &view)
}

/// Every setting that the form would change.
fn rows(tenant: &Tenant, form: &Form) -> Vec<Row> {
    let Preferences { provider, retention, notify } = &tenant.choices.preferences;
    let mine = Draft::read(tenant, form);
    let notify: Vec<_> = notify.iter().map(ToString::to_string).collect();
    let state = match tenant.provisioning {
        ProvisioningState::On => "On",
        ProvisioningState::Paused => "Paused",
        ProvisioningState::Off => "Off",
    };
    let is_off_page = form.is_ticked("people");
    let rows = [
        (
            form.given("enabled").is_some() || is_off_page,
            Row {
                label: "User provisioning",
                now: state.to_owned(),
                mine: if mine.is_on && !is_off_page { "On" } else { "Off" }.to_owned(),
            },
        ),
        (
            form.given("idp").is_some(),
            Row {
                label: "Identity provider",
                now: idp(*provider).long.to_owned(),
                mine: idp(mine.provider).long.to_owned(),
            },
        ),
        (
            form.given("retention").is_some(),
            Row {
                label: "Activity log",
                now: format!("{} days", retention.days()),
                mine: format!("{} days", mine.retention.days()),
            },
        ),
        (
            form.is_ticked("notify"),
            Row { label: "Notification addresses", now: list(&notify), mine: list(&lines(&mine.notify)) },
        ),
    ];
    rows.into_iter().filter(|(is_in, _)| *is_in).map(|(_, row)| row).collect()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "Nobody".to_owned() } else { items.join(", ") }
}
