//! Signing in with a password and, where the account has one, a second step.

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use domain::Secret;
use domain::admin::AdminCaller;
use domain::admin::device::KNOWN_SECONDS;
use domain::admin::session::NewSession;
use domain::ops::{Outcome, PasswordAttempt, Visitor};
use domain::tenant::{Tenant, TenantSlug};

use crate::TenantAdmin;
use crate::call::{AdminCall, Submission};
use crate::cookie::Jar;
use crate::error::PageError;
use crate::form::Form;
use crate::gate::{Gate, Visit, next, return_to, ticket};
use crate::lists::address;
use crate::pages::{go, page, page_with};
use crate::parts::{Icon, Notice};
use crate::text::{self, sign_in as words};

/// A form that was sent after its session had ended: its address, and what was entered.
#[derive(Clone, Debug)]
pub struct Kept {
    pub action: String,
    pub form: String,
}

/// What is never kept: it is secret, or good for one session only.
const NOT_KEPT: [&str; 4] = ["csrf", "password", "new_password", "code"];

impl Kept {
    /// What a form of the sign-in page carries on. `settings`: what the addresses of all forms worth keeping begin with.
    fn read(form: &Form, settings: &str) -> Option<Self> {
        let (action, fields) = (form.given("kept_action")?, form.given("kept_form")?);
        action.starts_with(settings).then(|| Self { action: action.to_owned(), form: fields.to_owned() })
    }

    fn fields(&self) -> Vec<(String, String)> {
        let form = Form::parse(self.form.as_bytes());
        let kept = form.fields().filter(|(name, _)| !NOT_KEPT.contains(name));
        kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// Why somebody was not let in.
pub struct Refusal {
    pub title: &'static str,
    pub message: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    gate: Gate,
    csrf: String,
    email: String,
    next: String,
    kept: Option<Kept>,
    notice: Option<Notice>,
    refusal: Option<Refusal>,
    /// Whoever typed the right password where single sign-on is required is told so, by the company's name.
    required_by: Option<String>,
    /// The ways in by single sign-on.
    ways: Vec<Way>,
}

/// A way in by single sign-on: the identity provider's name, and where the browser begins.
#[derive(Clone, Debug)]
pub struct Way {
    pub name: String,
    pub href: String,
}

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStepPage {
    gate: Gate,
    csrf: String,
    email: String,
    next: String,
    kept: Option<Kept>,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "go_on.html")]
struct GoOnPage {
    gate: Gate,
    csrf: String,
    kept: Kept,
}

/// `GET /sign-in`
pub async fn show(visit: Visit) -> Result<HttpResponse, PageError> {
    let notice = visit.query.given("done").and_then(text::notice);
    let view = SignInPage {
        ways: ways(&visit).await?,
        gate: Gate::of(&visit.request, words::SIGN_IN)?,
        csrf: visit.csrf.clone(),
        email: visit.query.text("email").to_owned(),
        next: visit.next(),
        kept: None,
        notice,
        refusal: None,
        required_by: None,
    };
    gated(&visit, page(&view)?)
}

/// The ways in by single sign-on: none for most tenants, and for one that there is not. Where a page was asked for they lead
/// back to it, and otherwise to the person's own.
async fn ways(visit: &Visit) -> Result<Vec<Way>, PageError> {
    let Some(tenant) = visit.tenant().await? else { return Ok(Vec::new()) };
    let open = visit.admin.single_sign_on.open_connections(&tenant.scope()).await?;
    let sent = if visit.form.given("next").is_some() { &visit.form } else { &visit.query };
    let next = return_to(sent, &visit.href(""));
    let way = |connection: domain::connection::Connection| Way {
        href: address(&visit.href(&format!("/sso/begin/{}", connection.id)), [("next", next.as_str())]),
        name: connection.name,
    };
    Ok(open.into_iter().map(way).collect())
}

/// The page for signing in, with a form that was sent too late. `action`: the form's address.
pub fn sign_in_and_go_on(request: &HttpRequest, action: &str, form: &Form) -> HttpResponse {
    let view = || {
        let kept = Kept { action: action.to_owned(), form: form.print_without(&NOT_KEPT) };
        let csrf = ticket(request)?;
        let view = SignInPage {
            gate: Gate::of(request, words::SIGN_IN)?,
            csrf: csrf.value().to_owned(),
            email: String::new(),
            next: String::new(),
            kept: Some(kept),
            notice: None,
            refusal: None,
            required_by: None,
            // They lead away from what was entered.
            ways: Vec::new(),
        };
        let mut answer = page_with(StatusCode::UNAUTHORIZED, &view)?;
        answer.add_cookie(&csrf).map_err(|error| PageError::Internal(error.to_string()))?;
        Ok::<_, PageError>(answer)
    };
    view().unwrap_or_else(|_| HttpResponse::InternalServerError().finish())
}

/// `POST /sign-in`
pub async fn send(visit: Visit) -> Result<HttpResponse, PageError> {
    let email = visit.form.text("email").to_owned();
    let tenant = visit.tenant().await?;
    let (refusal, required_by) = match (visit.attempt(tenant.as_ref(), &email).await?, tenant) {
        (Outcome::In(session) | Outcome::SecondStep(session), Some(tenant)) => {
            return arrive(&visit, &tenant, &session).await;
        }
        (Outcome::Wait(seconds), _) => (Some(words::wait(seconds)), None),
        (Outcome::SingleSignOn, Some(tenant)) => (None, Some(tenant.name)),
        (_, _) => (Some(words::refused()), None),
    };
    let gate = Gate::of(&visit.request, words::SIGN_IN)?;
    let view = SignInPage {
        ways: ways(&visit).await?,
        gate: match &required_by {
            Some(company) => gate.named(company),
            None => gate,
        },
        csrf: visit.csrf.clone(),
        email,
        next: visit.next(),
        kept: Kept::read(&visit.form, &visit.href("/settings/")),
        notice: None,
        refusal,
        required_by,
    };
    gated(&visit, page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)?)
}

/// `GET /sign-in/second-step`
pub async fn show_second_step(call: AdminCall) -> Result<HttpResponse, PageError> {
    if call.caller.is_complete {
        return Ok(go(&call.href("/settings/user-authentication")));
    }
    page(&second_step(&call, &call.query, None)?)
}

/// `POST /sign-in/second-step`
pub async fn send_second_step(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let visitor = visitor(&call.request, &call.admin, call.slug());
    let (tenant, now) = (call.tenant(), call.cx.now);
    let outcome = call.admin.sign_in.second_step(tenant, &call.caller, form.text("code"), &visitor, now).await?;
    let refusal = match outcome {
        Outcome::In(session) => {
            let kept = Kept::read(&form, &call.href("/settings/"));
            let csrf = call.admin.sign_in.resume(&call.cx.scope, &session.cookie, call.cx.now).await?;
            let csrf = csrf.map(|caller| caller.csrf).unwrap_or_default();
            let answer = match kept {
                None => go(&next(&form, &call.href(""))),
                Some(kept) => page(&GoOnPage {
                    gate: Gate::of(&call.request, words::SIGNED_IN_AGAIN)?.named(&tenant.name),
                    csrf,
                    kept,
                })?,
            };
            return with_session(answer, &call.request, call.slug(), &session);
        }
        Outcome::SecondStep(_) | Outcome::SingleSignOn | Outcome::Refused => words::code_refused(),
        Outcome::Wait(seconds) => words::wait(seconds),
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &second_step(&call, &form, Some(refusal))?)
}

fn second_step(call: &AdminCall, sent: &Form, refusal: Option<Refusal>) -> Result<SecondStepPage, PageError> {
    Ok(SecondStepPage {
        gate: Gate::of(&call.request, words::SECOND_STEP)?.named(&call.tenant().name),
        csrf: call.caller.csrf.clone(),
        email: call.caller.shown_name().to_owned(),
        next: next(sent, &call.href("")),
        kept: Kept::read(sent, &call.href("/settings/")),
        refusal,
    })
}

/// `POST /sign-out`
pub async fn sign_out(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, .. } = submission;
    call.admin.sign_in.sign_out(&call.cx, &call.caller).await?;
    let mut answer = go(&call.href("/sign-in?done=signed-out"));
    put(&mut answer, &Jar::Session.empty(&call.request, call.slug()))?;
    Ok(answer)
}

impl Visit {
    async fn attempt(&self, tenant: Option<&Tenant>, email: &str) -> Result<Outcome, PageError> {
        let attempt = PasswordAttempt {
            email: email.to_owned(),
            password: Secret::new(self.form.exact("password").to_owned()),
            visitor: visitor(&self.request, &self.admin, &self.slug),
        };
        let sign_in = &self.admin.sign_in;
        Ok(match tenant {
            Some(tenant) => sign_in.with_password(tenant, attempt, self.now).await?,
            None => sign_in.at_no_tenant(&self.slug, attempt).await?,
        })
    }
}

/// Who comes, and from where.
pub fn visitor(request: &HttpRequest, admin: &TenantAdmin, slug: &TenantSlug) -> Visitor {
    let client = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    Visitor {
        address: admin.budgets.address(request),
        client: client.map(str::to_owned),
        device: Jar::Device.read(request, slug),
        request_id: ::web::trace::id(request),
    }
}

/// Where somebody who has just signed in goes: to the second step, on with a form that came too late, or to a page.
async fn arrive(visit: &Visit, tenant: &Tenant, session: &NewSession) -> Result<HttpResponse, PageError> {
    leave(visit, tenant).await?;
    let caller = visit.admin.sign_in.resume(&tenant.scope(), &session.cookie, visit.now).await?;
    let caller: AdminCaller = caller.ok_or(PageError::SignIn)?;
    let kept = Kept::read(&visit.form, &visit.href("/settings/"));
    let answer = match kept {
        kept if !caller.is_complete => page(&SecondStepPage {
            gate: Gate::of(&visit.request, words::SECOND_STEP)?.named(&tenant.name),
            csrf: caller.csrf.clone(),
            email: caller.shown_name().to_owned(),
            next: visit.next(),
            kept,
            refusal: None,
        })?,
        None => go(&visit.next()),
        Some(kept) => page(&GoOnPage {
            gate: Gate::of(&visit.request, words::SIGNED_IN_AGAIN)?.named(&tenant.name),
            csrf: caller.csrf.clone(),
            kept,
        })?,
    };
    with_session(answer, &visit.request, &visit.slug, session)
}

/// Ends the session that the browser had.
///
/// # Errors
/// Those of the store.
pub async fn leave(visit: &Visit, tenant: &Tenant) -> Result<(), PageError> {
    let Some(cookie) = Jar::Session.read(&visit.request, &visit.slug) else { return Ok(()) };
    let visitor = visitor(&visit.request, &visit.admin, &visit.slug);
    Ok(visit.admin.sign_in.leave(tenant, &cookie, &visitor, visit.now).await?)
}

/// Puts a new session into the browser.
pub fn with_session(
    mut answer: HttpResponse,
    request: &HttpRequest,
    slug: &TenantSlug,
    session: &NewSession,
) -> Result<HttpResponse, PageError> {
    put(&mut answer, &Jar::Session.put(request, slug, session.cookie.clone(), None))?;
    if let Some(device) = &session.device {
        put(&mut answer, &Jar::Device.put(request, slug, device.clone(), Some(KNOWN_SECONDS)))?;
    }
    Ok(answer)
}

fn put(answer: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), PageError> {
    answer.add_cookie(cookie).map_err(|error| PageError::Internal(error.to_string()))
}

/// A page for signing in, with the cookie that binds its forms.
pub fn gated(visit: &Visit, mut answer: HttpResponse) -> Result<HttpResponse, PageError> {
    put(&mut answer, &visit.gate_cookie())?;
    Ok(answer)
}
