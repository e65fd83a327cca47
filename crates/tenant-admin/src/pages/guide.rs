//! S2: what to do at the identity provider, in its own words, with a tick for each step that was seen to be done.

pub mod mapping;
pub mod steps;

use actix_web::HttpResponse;
use askama::Template;
use askama::filters::HtmlSafe;
use domain::admin::Right;
use domain::credential::{CredentialKind, CredentialState};
use domain::health::Evidence;
use domain::provider::Provider;

use self::mapping::{Row, rows};
use self::steps::{Shown, Sight, all, shown, sights};
use super::provisioning::connection::Connection;
use super::provisioning::show::base_url;
use super::provisioning::{mark, part, paths, tables};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::address;
use crate::pages::{go, page};
use crate::parts::{CopyField, Icon};
use crate::text;
use crate::text::guide as words;
use crate::text::idp::{Idp, idp};
use crate::when::day;

#[derive(Template)]
#[template(path = "guide/page.html")]
struct GuidePage {
    frame: Frame,
    lead: &'static str,
    console: Option<(&'static str, &'static str)>,
    others: Vec<(String, &'static str, bool)>,
    body: String,
    body_mark: String,
    body_href: String,
}

/// The steps, the values and what was seen: the part that moves by itself.
#[derive(Template)]
#[template(path = "guide/body.html")]
struct Body {
    idp: Idp,
    provider: Provider,
    steps: Vec<Shown>,
    csrf: String,
    tick: String,
    may: bool,
    why_not: &'static str,
    url: CopyField,
    token: Option<TokenNote>,
    is_off: bool,
    tokens_href: String,
    page: String,
    sights: Vec<Sight>,
    rows: Vec<Row>,
    mapping_lead: &'static str,
    note: &'static str,
}

impl HtmlSafe for Body {}

/// By what the live token is known.
struct TokenNote {
    code: String,
    created: String,
}

/// `GET /settings/user-authentication/guide`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let provider = asked(&call);
    let body = body(&call, provider).await?.render()?;
    let title = words::title(provider);
    page(&GuidePage {
        frame: Frame::new(&call, Spot::Tab(Tab::Provisioning), title, &[]),
        lead: words::lead(provider),
        console: words::console(provider),
        others: [Provider::Entra, Provider::Okta, Provider::Other]
            .map(|other| (here(&call, other), words::name(other), other == provider))
            .into_iter()
            .collect(),
        body_mark: mark(&body),
        body,
        body_href: address(&call.href("/settings/user-authentication/guide/steps"), [("idp", provider.as_str())]),
    })
}

/// `GET /settings/user-authentication/guide/steps`
pub async fn show_steps(call: AdminCall) -> Result<HttpResponse, PageError> {
    let provider = asked(&call);
    part(&call, &body(&call, provider).await?)
}

/// `POST /settings/user-authentication/guide`
pub async fn tick(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let name = form.text("step");
    let known = Provider::named(form.text("idp")).and_then(|provider| {
        let is_ours = all(provider).iter().any(|step| step.proof.is_ticked_by_hand() && step.name == name);
        is_ours.then_some(provider)
    });
    let provider = known.ok_or(PageError::NotFound)?;
    call.admin.settings.tick(&call.cx, &steps::stored(provider, name), form.text("done") != "no").await?;
    Ok(go(&format!("{}#{name}", here(&call, provider))))
}

/// The identity provider that is asked about, or else the tenant's.
fn asked(call: &AdminCall) -> Provider {
    let asked = call.query.given("idp").and_then(Provider::named);
    asked.unwrap_or(call.tenant().choices.preferences.provider)
}

fn here(call: &AdminCall, provider: Provider) -> String {
    address(&paths::guide(call), [("idp", provider.as_str())])
}

async fn body(call: &AdminCall, provider: Provider) -> Result<Body, PageError> {
    let connection = Connection::of(call).await?;
    let evidence: Evidence = call.admin.activity.evidence(&call.cx.scope).await.unwrap_or_default();
    let idp = idp(provider);
    let known = call.admission().credentials.iter().rev();
    // A client's secret is no token to be pasted.
    let live = known
        .filter(|one| one.kind == CredentialKind::Token)
        .find(|one| one.state(connection.now) == CredentialState::Live);
    Ok(Body {
        idp,
        provider,
        steps: shown(call, provider, &connection, &evidence),
        csrf: call.caller.csrf.clone(),
        tick: paths::guide(call),
        may: call.may(Right::Configure),
        why_not: text::lacks(Right::Configure),
        url: base_url(call, idp),
        token: live.map(|one| {
            let secret = one.newest_secret();
            TokenNote {
                code: tables::code("scim", &one.id.to_string(), secret),
                created: day(secret.map_or(one.created, |secret| secret.created)),
            }
        }),
        is_off: connection.is_off(),
        tokens_href: format!("{}#toks", paths::page(call)),
        page: paths::page(call),
        sights: sights(&evidence, connection.now),
        rows: rows(provider, &evidence),
        mapping_lead: words::mapping_lead(provider),
        note: words::note(provider),
    })
}
