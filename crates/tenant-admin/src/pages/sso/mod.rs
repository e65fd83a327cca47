//! The tenant's side of single sign-on: where browsers are sent away, where identity providers send them back to, and where
//! somebody is let in. Nobody has to say who they are to come here; what they bring says it.

pub mod arrive;
pub mod begin;
pub mod logout;
pub mod oidc;
pub mod saml;

use ::web::measure;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use domain::connection::attempt::Purpose;
use domain::connection::cause::{Refused, SignInCause};
use domain::connection::service::ServiceAddresses;
use domain::ops::{Landing, Visitor};
use domain::tenant::{Tenant, TenantSlug, TenantStatus};
use domain::timestamp::Timestamp;

use crate::TenantAdmin;
use crate::call::{admin_of, base};
use crate::error::PageError;
use crate::gate::{Gate, known};
use crate::pages::sign_in::visitor;
use crate::pages::{go, page_with};
use crate::text::sign_on as words;

pub const SETTINGS: &str = "/settings/user-authentication/sso";

/// What anybody brings who comes to these addresses.
pub struct Coming {
    pub admin: web::Data<TenantAdmin>,
    pub request: HttpRequest,
    pub slug: TenantSlug,
    pub tenant: Tenant,
    pub now: Timestamp,
}

impl Coming {
    /// # Errors
    /// [`PageError::NotFound`] where there is no such tenant.
    pub async fn of(request: &HttpRequest) -> Result<Self, PageError> {
        Self::find(request).await?.ok_or(PageError::NotFound)
    }

    /// None where there is no such tenant, which those addresses do not tell that are the same for every one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find(request: &HttpRequest) -> Result<Option<Self>, PageError> {
        let admin = admin_of(request)?;
        let slug = admin.addresses.tenant_of(request).ok_or(PageError::NotFound)?;
        let Some(admission) = admin.admissions.read(&slug).await.map_err(PageError::from)? else { return Ok(None) };
        let span = tracing::Span::current();
        span.record("tenant.id", tracing::field::display(admission.tenant.id));
        span.record("tenant.slug", slug.as_str());
        let (tenant, now) = (admission.tenant.clone(), admin.clock.now());
        Ok(Some(Self { request: request.clone(), slug, tenant, now, admin }))
    }

    pub fn service(&self) -> ServiceAddresses {
        self.admin.addresses.service(&self.slug)
    }

    pub fn visitor(&self) -> Visitor {
        visitor(&self.request, &self.admin, &self.slug)
    }

    /// An address of this tenant's: `path` begins with a slash.
    pub fn href(&self, path: &str) -> String {
        format!("{}{path}", base(&self.request, &self.admin))
    }

    /// The cookie by which the browser is known that began a sign-in.
    pub fn browser(&self) -> Option<String> {
        known(&self.request, &self.slug)
    }

    /// What anybody is told where nobody comes in at all.
    ///
    /// # Errors
    /// Those of the store and of the page.
    pub async fn closed(&self) -> Result<Option<HttpResponse>, PageError> {
        match self.tenant.status {
            TenantStatus::Suspended => self.turn_away(SignInCause::Suspended).await.map(Some),
            TenantStatus::Active => Ok(None),
        }
    }

    /// Refuses whoever comes before what they bring is looked at.
    ///
    /// # Errors
    /// Those of the store and of the page.
    pub async fn turn_away(&self, cause: SignInCause) -> Result<HttpResponse, PageError> {
        let sign_on = &self.admin.single_sign_on;
        self.land(sign_on.turn_away(&self.tenant, cause, &self.visitor(), self.now).await?).await
    }

    /// Sends the browser on.
    ///
    /// # Errors
    /// Those of the store and of the page.
    pub async fn land(&self, landing: Landing) -> Result<HttpResponse, PageError> {
        match landing {
            // A browser that comes from another site brings its cookies only when it is sent on to here.
            Landing::PickUp { ticket, purpose: Purpose::Link } => {
                Ok(go(&self.href(&format!("/settings/account/sso/arrive?ticket={ticket}"))))
            }
            Landing::PickUp { ticket, .. } => Ok(go(&self.href(&format!("/sso/arrive?ticket={ticket}")))),
            Landing::Tested(connection, test) => Ok(go(&self.href(&format!("{SETTINGS}/{connection}/tests/{test}")))),
            Landing::Refused(refused) => self.refuse(&refused).await,
            Landing::Wait(seconds) => Err(PageError::TooMany(seconds)),
        }
    }

    /// Ends a sign-in of somebody who is not let in, with the page that [`Coming::tell`] gives.
    ///
    /// # Errors
    /// Those of the store and of the page.
    pub async fn refuse(&self, refused: &Refused) -> Result<HttpResponse, PageError> {
        measure::sign_in(self.admin.labels.of(Some(&self.slug)), Some(refused.cause));
        self.tell(refused).await
    }

    /// The page for somebody who is refused: what it means for them, and whom to ask.
    ///
    /// # Errors
    /// Those of the store and of the page.
    pub async fn tell(&self, refused: &Refused) -> Result<HttpResponse, PageError> {
        let cause = refused.cause;
        // Only those whom the identity provider knows are told names.
        let is_known = matches!(
            cause,
            SignInCause::PersonUnknown
                | SignInCause::PersonInactive
                | SignInCause::PersonAmbiguous
                | SignInCause::DomainOutside
        );
        let ask = match is_known {
            true => self.admin.single_sign_on.whom_to_ask(&self.tenant.scope()).await?,
            false => Vec::new(),
        };
        refusal(&self.request, cause, ask)
    }
}

/// What comes of an answer to a tenant that there is not: the same as of one that nobody waits for.
///
/// # Errors
/// Those of the page.
pub fn answer_to_nobody(request: &HttpRequest) -> Result<HttpResponse, PageError> {
    refusal(request, SignInCause::RequestUnknown, Vec::new())
}

/// `ask`: names and addresses of admins.
fn refusal(request: &HttpRequest, cause: SignInCause, ask: Vec<(String, String)>) -> Result<HttpResponse, PageError> {
    let gate = Gate::of(request, words::NOT_SIGNED_IN)?;
    let view = RefusedPage {
        again: format!("{}/sign-in", gate.base),
        gate,
        message: words::told(cause),
        title: words::title(cause),
        code: cause.code(),
        reference: ::web::trace::id(request),
        asks_an_admin: words::asks_an_admin(cause),
        ask,
    };
    let mut answer = page_with(status(cause), &view)?;
    if cause == SignInCause::ProviderSlow {
        answer.headers_mut().insert(RETRY_AFTER, actix_web::http::header::HeaderValue::from_static("5"));
    }
    Ok(answer)
}

/// Not the browser's mistake, and not allowed.
const fn status(cause: SignInCause) -> StatusCode {
    match cause {
        SignInCause::ProviderDown | SignInCause::ProviderUnusable => StatusCode::BAD_GATEWAY,
        SignInCause::ProviderSlow => StatusCode::GATEWAY_TIMEOUT,
        SignInCause::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

#[derive(Template)]
#[template(path = "sso/refused.html")]
struct RefusedPage {
    gate: Gate,
    message: &'static str,
    title: &'static str,
    code: &'static str,
    reference: String,
    asks_an_admin: bool,
    /// Names and addresses.
    ask: Vec<(String, String)>,
    again: String,
}
