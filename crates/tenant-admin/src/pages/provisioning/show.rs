//! The page: one state at a time in its banner, and what can be changed below.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::admin::Right;
use domain::choices::Retention;
use domain::health::ConnectionState;
use domain::provider::Provider;
use domain::tenant::ProvisioningState;

use super::banner::Banner;
use super::connection::Connection;
use super::cycles::Cycles;
use super::draft::Draft;
use super::status::Status;
use super::tables::Tables;
use super::{mark, new_key, paths};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::several;
use crate::pages::page_with;
use crate::parts::{CopyField, Icon, Tone};
use crate::prose::Prose;
use crate::text::idp::Idp;
use crate::text::provisioning as words;
use crate::text::{self};
use crate::when::day;

/// A choice among several.
pub struct Choice {
    pub id: String,
    pub value: String,
    pub word: String,
    pub help: &'static str,
    pub is_chosen: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "what the template asks, each on its own")]
#[derive(Template)]
#[template(path = "provisioning/page.html")]
struct ProvisioningPage {
    frame: Frame,
    lead: String,
    idp: Idp,
    draft: Draft,
    key: String,
    status: String,
    status_mark: String,
    tables: String,
    tables_mark: String,
    /// None while it is off.
    on: Option<On>,
    /// Whether something was moved and not saved.
    is_unsaved: bool,
    is_first: bool,
    is_suspended: bool,
    may: bool,
    why_not: &'static str,
    providers: Vec<Choice>,
    spans: Vec<Choice>,
    existing: String,
    disable: Option<String>,
    page: String,
    status_href: String,
    tables_href: String,
    guide: String,
    activity: String,
}

/// What is shown while it is on or paused.
struct On {
    since: String,
    url: CopyField,
    cycles: String,
    cycles_mark: String,
    cycles_href: String,
    off_href: String,
    pause_href: String,
    /// Whether it is paused.
    is_paused: bool,
}

/// `GET …/provisioning`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let mut draft = Draft::of(call.tenant());
    let was_on = draft.is_on;
    if let Some(word) = call.query.given("switch").filter(|_| call.may(Right::Configure)) {
        draft.is_on = word == "on";
    }
    if let Some(provider) = call.query.given("idp").and_then(Provider::named) {
        draft.provider = provider;
    }
    let is_unsaved = draft.is_on != was_on;
    render(&call, draft, is_unsaved, StatusCode::OK).await
}

/// The page with what somebody has entered.
///
/// # Errors
/// Those of the store.
pub async fn render(
    call: &AdminCall,
    draft: Draft,
    is_unsaved: bool,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let connection = Connection::of(call).await?;
    let mut part = Status::of(call, &connection).await?;
    if is_unsaved {
        part.banner = unsaved(&draft);
    }
    let (status_html, tables_html) = (part.render()?, tables(call, &connection)?);
    let state = connection.state();
    let is_never = state == ConnectionState::OffNever;
    let may = call.may(Right::Configure);
    let (people, groups) = call.admin.jobs.totals(&call.cx.scope).await?;
    let view = ProvisioningPage {
        frame: Frame::new(call, Spot::Tab(Tab::Provisioning), words::TITLE, &[]),
        lead: lead(call, &connection),
        idp: connection.idp,
        key: new_key(call).as_str().to_owned(),
        status_mark: mark(&status_html),
        status: status_html,
        tables_mark: mark(&tables_html),
        tables: tables_html,
        on: match connection.is_off() {
            true => None,
            false => Some(on(call, &connection).await?),
        },
        is_unsaved,
        is_first: is_never,
        is_suspended: state == ConnectionState::Suspended,
        may,
        why_not: text::lacks(Right::Configure),
        providers: providers(draft.provider),
        spans: spans(draft.retention),
        existing: existing(people, groups),
        disable: disable(call, &connection, people).await?,
        draft,
        page: paths::page(call),
        status_href: paths::below(call, "status"),
        tables_href: paths::below(call, "credentials"),
        guide: paths::guide(call),
        activity: call.href(paths::ACTIVITY),
    };
    page_with(status, &view)
}

fn tables(call: &AdminCall, connection: &Connection) -> Result<String, PageError> {
    match connection.state() == ConnectionState::OffNever {
        true => Ok(String::new()),
        false => Ok(Tables::of(call, connection).render()?),
    }
}

fn unsaved(draft: &Draft) -> Banner {
    let line = match draft.is_on {
        true => "Your token is created when you save.",
        false => "Nothing changes before you save.",
    };
    let title = if draft.is_on { "On, not saved" } else { "Off, not saved" };
    Banner::new(Tone::Info, Icon::Info, title, Prose::new(line))
}

fn lead(call: &AdminCall, connection: &Connection) -> String {
    let (tenant, vendor, idp) = (&call.tenant().name, &call.admin.branding.name, connection.idp.long);
    match connection.state() {
        ConnectionState::OffNever => format!("Let {idp} create, update and disable {vendor} accounts for you."),
        ConnectionState::Off => format!("{idp} no longer keeps {tenant}’s people and groups up to date."),
        // How it is now says the banner, which moves while this does not.
        _ => format!("Lets {idp} keep {tenant}’s people and groups in {vendor} up to date."),
    }
}

async fn on(call: &AdminCall, connection: &Connection) -> Result<On, PageError> {
    let tenant = &connection.tenant;
    let since = tenant.choices.switched.as_ref().map(|mark| {
        let by = words::who(&mark.by, &call.admin.branding.name);
        let state = if tenant.provisioning == ProvisioningState::Paused { "Paused" } else { "On" };
        format!("{state} since {}, switched by {by}", day(mark.at))
    });
    let cycles = Cycles::of(call, connection).await.render()?;
    Ok(On {
        since: since.unwrap_or_default(),
        url: base_url(call, connection.idp),
        cycles_mark: mark(&cycles),
        cycles,
        cycles_href: paths::below(call, "cycles"),
        off_href: paths::below(call, "off"),
        pause_href: paths::below(call, "pause"),
        is_paused: tenant.provisioning == ProvisioningState::Paused,
    })
}

/// The value for the identity provider's field of the tenant's URL.
pub fn base_url(call: &AdminCall, idp: Idp) -> CopyField {
    CopyField {
        id: "url".to_owned(),
        label: "Base (Tenant) URL".to_owned(),
        name: "tenant URL".to_owned(),
        value: call.admin.addresses.scim_base_url(call.slug()),
        help: format!("Goes into <b>{}</b>. Paste it as it is; do not add /Users.", idp.url_field),
    }
}

/// While it is off and people were kept: the way to disable them after all.
async fn disable(call: &AdminCall, connection: &Connection, people: u64) -> Result<Option<String>, PageError> {
    let is_running = connection.shown_job().is_some_and(domain::job::Job::is_running);
    let may = call.may(Right::Configure) && connection.state() == ConnectionState::Off && !is_running;
    if !may || people == 0 || call.admin.jobs.head_count(&call.cx.scope).await?.active == 0 {
        return Ok(None);
    }
    Ok(Some(paths::below(call, "off")))
}

fn existing(people: u64, groups: u64) -> String {
    match people {
        0 => String::new(),
        people => format!("{} and {}", words::people(people), several(groups, "group", "groups")),
    }
}

pub fn providers(chosen: Provider) -> Vec<Choice> {
    let choice = |provider: Provider, word: &str, help| Choice {
        id: format!("idp-{}", provider.as_str()),
        value: provider.as_str().to_owned(),
        word: word.to_owned(),
        help,
        is_chosen: provider == chosen,
    };
    vec![
        choice(Provider::Entra, "Microsoft Entra ID", "Formerly Azure AD. Syncs about every 40 minutes."),
        choice(Provider::Okta, "Okta", "Pushes each change as it happens."),
        choice(Provider::Other, "Another provider", "Any SCIM 2.0 client with a bearer token or OAuth."),
    ]
}

fn spans(chosen: Retention) -> Vec<Choice> {
    let choice = |retention: Retention| Choice {
        id: format!("days-{}", retention.days()),
        value: retention.days().to_string(),
        word: format!("{} days", retention.days()),
        help: "",
        is_chosen: retention == chosen,
    };
    Retention::ALL.map(choice).into_iter().collect()
}
