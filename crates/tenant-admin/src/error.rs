//! What a page says instead of itself: what happened, whose job it is, and the next step.

use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use domain::admin::Right;
use domain::store::StoreError;

use crate::call::{admin_of, base};
use crate::form::Form;
use crate::gate::Gate;
use crate::lists::Note;
use crate::parts::{Icon, Tone};
use crate::text;

/// Why there is no page.
#[derive(Debug)]
pub enum PageError {
    /// Nobody is signed in, or not any more.
    SignIn,
    /// No person is signed in, or not any more.
    PersonSignIn,
    /// Somebody is signed in but for the second step.
    SecondStep,
    /// Whoever is signed in may not do this.
    NotAllowed(Right),
    /// A form that no page of ours has sent.
    Forged,
    NotFound,
    WrongMethod,
    TooLarge,
    /// A form that did not arrive whole.
    Cut,
    /// What was sent cannot be done; a sentence says why.
    Refused(String),
    /// Too many tries; how many seconds to wait.
    TooMany(u64),
    /// The database is away.
    Unavailable(String),
    /// A defect of ours, for the log.
    Internal(String),
}

impl From<domain::Error> for PageError {
    fn from(error: domain::Error) -> Self {
        match error {
            domain::Error::NotFound(_) => Self::NotFound,
            domain::Error::NotAllowed(why) => Self::Refused(why),
            domain::Error::Store(error) => error.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Contention
            | StoreError::Locked
            | StoreError::Unavailable(_)
            | StoreError::TooSlow
            | StoreError::Busy => Self::Unavailable(error.to_string()),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text::problem(self).0)
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn | Self::PersonSignIn | Self::SecondStep => StatusCode::SEE_OTHER,
            Self::NotAllowed(_) | Self::Forged => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Cut => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        // [`show`] puts a page in its place.
        HttpResponse::new(self.status_code())
    }
}

/// A middleware that shows errors as pages.
///
/// # Errors
/// Those of the service it wraps.
pub async fn show<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?;
    let page = match response.response().error().and_then(|error| error.as_error::<PageError>()) {
        None => return Ok(response.map_into_boxed_body()),
        Some(error) => {
            log(error);
            page(response.request(), error)
        }
    };
    Ok(response.into_response(page))
}

fn log(error: &PageError) {
    match error {
        PageError::Internal(what) => tracing::error!(what, "a page failed"),
        PageError::Unavailable(what) => tracing::warn!(what, "a page cannot be shown for the time being"),
        _ => {}
    }
}

fn page(request: &HttpRequest, error: &PageError) -> HttpResponse {
    let Ok(admin) = admin_of(request) else { return HttpResponse::InternalServerError().finish() };
    let base = base(request, &admin);
    let is_live = request.headers().contains_key("x-live");
    match error {
        PageError::SignIn | PageError::SecondStep if is_live => signed_out(),
        _ if is_live => HttpResponse::new(error.status_code()),
        PageError::SignIn => sign_in_first(request, &base),
        PageError::PersonSignIn => {
            HttpResponse::SeeOther().insert_header((LOCATION, format!("{base}/sign-in"))).finish()
        }
        PageError::SecondStep => {
            HttpResponse::SeeOther().insert_header((LOCATION, format!("{base}/sign-in/second-step"))).finish()
        }
        _ => problem(request, error, &base),
    }
}

/// What a page that keeps itself up to date shows from then on. Nothing on it is replaced: something may be half typed.
fn signed_out() -> HttpResponse {
    // The empty address is that of the page, which leads by way of the signing in.
    let note = Note::new(Tone::Warn, Icon::Warn, text::SIGNED_OUT).step(String::new(), text::SIGN_IN_AGAIN);
    match note.render() {
        Ok(html) => HttpResponse::Unauthorized().content_type("text/html; charset=utf-8").body(html),
        Err(_) => HttpResponse::Unauthorized().finish(),
    }
}

/// A page that was asked for is shown after the signing in; a form that was sent is kept on the page for it.
fn sign_in_first(request: &HttpRequest, base: &str) -> HttpResponse {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    // Not in the `if`, which would hold the extensions while the page looks for its cookies there.
    let form = request.extensions_mut().remove::<Form>();
    if let Some(form) = form {
        return crate::pages::sign_in::sign_in_and_go_on(request, path, &form);
    }
    let next = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
    HttpResponse::SeeOther().insert_header((LOCATION, format!("{base}/sign-in?next={next}"))).finish()
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    gate: Gate,
    message: String,
    reference: Option<String>,
    next_href: String,
    next_word: &'static str,
}

fn problem(request: &HttpRequest, error: &PageError, base: &str) -> HttpResponse {
    let (title, message) = text::problem(error);
    let message = match error {
        PageError::Refused(why) => why.clone(),
        _ => message,
    };
    let Ok(gate) = Gate::of(request, title) else { return HttpResponse::InternalServerError().finish() };
    let is_ours = matches!(error, PageError::Internal(_) | PageError::Unavailable(_));
    let page = ProblemPage {
        gate,
        message,
        reference: is_ours.then(|| ::web::trace::id(request)),
        next_href: format!("{base}/settings/user-authentication"),
        next_word: text::BACK_TO_SETTINGS,
    };
    let mut answer = HttpResponse::build(error.status_code());
    match error {
        PageError::TooMany(seconds) => drop(answer.insert_header((RETRY_AFTER, seconds.to_string()))),
        PageError::Unavailable(_) => drop(answer.insert_header((RETRY_AFTER, "5"))),
        _ => {}
    }
    match page.render() {
        Ok(html) => answer.content_type("text/html; charset=utf-8").body(html),
        Err(_) => answer.finish(),
    }
}
