//! What a one-time link opens. Looking at it uses nothing up; the form does.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::Secret;
use domain::admin::link::{LinkPurpose, LinkView};
use domain::mail::MailAddress;
use domain::ops::{LinkOutcome, LinkUse};
use domain::tenant::Tenant;

use crate::error::PageError;
use crate::gate::{Gate, Visit};
use crate::pages::sign_in::{Refusal, gated, leave, visitor, with_session};
use crate::pages::{go, page, page_with};
use crate::parts::Icon;
use crate::text::sign_in as words;
use crate::when::When;

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    gate: Gate,
    csrf: String,
    action: String,
    lead: String,
    button: &'static str,
    /// None for a setup link, which asks for no password.
    email: Option<MailAddress>,
    expires: When,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "link_gone.html")]
struct GonePage {
    gate: Gate,
}

/// `GET /sign-in/link/{text}`
pub async fn show(visit: Visit) -> Result<HttpResponse, PageError> {
    let Some(tenant) = visit.tenant().await? else { return gone(&visit) };
    match look(&visit, &tenant).await? {
        Some(view) => gated(&visit, page(&shown(&visit, &tenant, view, None)?)?),
        None => gone(&visit),
    }
}

/// `POST /sign-in/link/{text}`
pub async fn send(visit: Visit) -> Result<HttpResponse, PageError> {
    let Some(tenant) = visit.tenant().await? else { return gone(&visit) };
    let Some(view) = look(&visit, &tenant).await? else { return gone(&visit) };
    let password = view.email.as_ref().map(|_| Secret::new(visit.form.exact("new_password").to_owned()));
    let visitor = visitor(&visit.request, &visit.admin, &visit.slug);
    let using = LinkUse { text: text(&visit).to_owned(), password, visitor };
    let (session, next) = match visit.admin.sign_in.use_link(&tenant, using, visit.now).await {
        Ok(LinkOutcome::In(session)) => (session, "/settings/user-authentication"),
        Ok(LinkOutcome::SecondStep(session)) => (session, "/sign-in/second-step"),
        Ok(LinkOutcome::Gone) => return gone(&visit),
        Ok(LinkOutcome::SingleSignOn) => return Ok(go(&visit.href("/sign-in?done=password"))),
        Err(domain::Error::NotAllowed(why)) => {
            let refusal = Some(words::password_refused(&why));
            let view = shown(&visit, &tenant, view, refusal)?;
            return gated(&visit, page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)?);
        }
        Err(error) => return Err(error.into()),
    };
    leave(&visit, &tenant).await?;
    with_session(go(&visit.href(next)), &visit.request, &visit.slug, &session)
}

fn text(visit: &Visit) -> &str {
    visit.request.match_info().get("text").unwrap_or_default()
}

async fn look(visit: &Visit, tenant: &Tenant) -> Result<Option<LinkView>, PageError> {
    Ok(visit.admin.sign_in.look_at_link(&tenant.scope(), text(visit), visit.now).await?)
}

fn shown(visit: &Visit, tenant: &Tenant, view: LinkView, refusal: Option<Refusal>) -> Result<LinkPage, PageError> {
    let (vendor, tenant) = (&visit.admin.branding.name, tenant.name.as_str());
    let (title, lead, button) = match view.purpose {
        LinkPurpose::Invitation => (words::WELCOME, words::invited(tenant, vendor), words::CHOOSE_AND_SIGN_IN),
        LinkPurpose::Reset => (words::NEW_PASSWORD, words::resetting(), words::CHOOSE_AND_SIGN_IN),
        LinkPurpose::Setup => (words::SETUP, words::setting_up(tenant, vendor), words::OPEN_SETTINGS),
    };
    Ok(LinkPage {
        gate: Gate::of(&visit.request, title)?,
        csrf: visit.csrf.clone(),
        action: visit.href(&format!("/sign-in/link/{}", text(visit))),
        lead,
        button,
        email: view.email,
        expires: When::new(view.expires, visit.now),
        refusal,
    })
}

fn gone(visit: &Visit) -> Result<HttpResponse, PageError> {
    let view = GonePage { gate: Gate::of(&visit.request, words::LINK_GONE)? };
    gated(visit, page_with(StatusCode::GONE, &view)?)
}
