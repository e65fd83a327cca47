//! What a handler is given: a caller who may be here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use domain::activity::Trail;
use domain::admin::{AdminCaller, Right};
use domain::admission::Admission;
use domain::context::OpContext;
use domain::tenant::{Tenant, TenantSlug};
use futures_util::StreamExt;
use subtle::ConstantTimeEq;
use tracing::Span;

use crate::TenantAdmin;
use crate::cookie::Jar;
use crate::error::PageError;
use crate::form::Form;
use crate::routes::{Access, Place};

/// The most a form may bring, in bytes.
const LARGEST_FORM: usize = 64 * 1024;

/// A request of an admin who asks for a page.
pub struct AdminCall {
    pub cx: OpContext,
    pub caller: AdminCaller,
    pub admin: web::Data<TenantAdmin>,
    pub query: Form,
    pub request: HttpRequest,
    admission: Arc<Admission>,
}

/// A request of an admin who sends a form of ours.
pub struct Submission {
    pub call: AdminCall,
    pub form: Form,
}

/// The `TenantAdmin` of a request's server.
///
/// # Errors
/// [`PageError::Internal`], which is a defect of ours.
pub fn admin_of(request: &HttpRequest) -> Result<web::Data<TenantAdmin>, PageError> {
    let admin = request.app_data::<web::Data<TenantAdmin>>().cloned();
    admin.ok_or_else(|| PageError::Internal("the settings face was not configured".to_owned()))
}

/// Whether browsers reach us over TLS.
pub fn is_secure(request: &HttpRequest) -> bool {
    admin_of(request).is_ok_and(|admin| admin.addresses.is_secure())
}

/// The tenant's own address as a path: what every link of a page begins with.
pub fn base(request: &HttpRequest, admin: &TenantAdmin) -> String {
    match request.match_info().get("tenant") {
        Some(slug) => format!("{}/t/{slug}", admin.addresses.prefix()),
        None => String::new(),
    }
}

impl AdminCall {
    /// Lets a request in, if its session may do what its route asks for.
    ///
    /// # Errors
    /// [`PageError::SignIn`] without a session, [`PageError::NotAllowed`] without the right.
    pub async fn admit(request: HttpRequest) -> Result<Self, PageError> {
        let admin = admin_of(&request)?;
        let place = request.app_data::<Place>().copied();
        let access = place.and_then(|place| place.access(request.method()));
        let access = access.ok_or_else(|| PageError::Internal("a route without access".to_owned()))?;
        let slug = admin.addresses.tenant_of(&request).ok_or(PageError::SignIn)?;
        let cookie = Jar::Session.read(&request, &slug).ok_or(PageError::SignIn)?;
        let admission = admin.admissions.read(&slug).await.map_err(PageError::from)?.ok_or(PageError::SignIn)?;
        let now = admin.clock.now();
        let scope = admission.tenant.scope();
        let found = match is_live(&request) {
            true => admin.sign_in.glance(&scope, &cookie, now).await?,
            false => admin.sign_in.resume(&scope, &cookie, now).await?,
        };
        let caller = found.ok_or(PageError::SignIn)?;
        let actor = caller.actor();
        let span = Span::current();
        span.record("tenant.id", tracing::field::display(admission.tenant.id));
        span.record("tenant.slug", admission.tenant.slug.as_str());
        span.record("actor.kind", actor.kind());
        span.record("actor.id", actor.id());
        match access {
            Access::Holder(_) if !caller.is_complete => return Err(PageError::SecondStep),
            Access::Holder(right) if !caller.may(right) => return Err(PageError::NotAllowed(right)),
            _ => {}
        }
        let query = Form::parse(request.query_string().as_bytes());
        let cx = OpContext { scope, actor, request_id: ::web::trace::id(&request), now, trail: Trail::default() };
        Ok(Self { cx, caller, admin, query, request, admission })
    }

    pub fn tenant(&self) -> &Tenant {
        &self.admission.tenant
    }

    /// The tenant and who may come in to its SCIM face, as they were when this request began.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    pub fn slug(&self) -> &TenantSlug {
        &self.admission.tenant.slug
    }

    pub fn may(&self, right: Right) -> bool {
        self.caller.may(right)
    }

    /// An address of this tenant's: `path` begins with a slash.
    pub fn href(&self, path: &str) -> String {
        format!("{}{path}", base(&self.request, &self.admin))
    }

    /// A variable part of the address; empty when the route has none of that name.
    pub fn segment(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// Refuses a form that no page of this session's has.
    ///
    /// # Errors
    /// [`PageError::Forged`].
    pub fn require_own(&self, form: &Form) -> Result<(), PageError> {
        match bool::from(form.exact("csrf").as_bytes().ct_eq(self.caller.csrf.as_bytes())) {
            true => Ok(()),
            false => Err(PageError::Forged),
        }
    }

    /// Whether the script asks for a part of the page, to put it in the place of the one that is shown.
    pub fn is_live(&self) -> bool {
        is_live(&self.request)
    }
}

fn is_live(request: &HttpRequest) -> bool {
    request.headers().contains_key("x-live")
}

impl FromRequest for AdminCall {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            if !matches!(*request.method(), Method::GET | Method::HEAD) {
                return Err(PageError::Internal("what is sent has to be taken as a submission".to_owned()));
            }
            Self::admit(request).await
        })
    }
}

impl FromRequest for Submission {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let form = read_form(payload).await?;
            require_same_origin(&request)?;
            let call = match AdminCall::admit(request.clone()).await {
                Ok(call) => call,
                Err(error) => {
                    // What was typed is kept over the signing in.
                    request.extensions_mut().insert(form);
                    return Err(error);
                }
            };
            call.require_own(&form)?;
            Ok(Self { call, form })
        })
    }
}

/// Reads a form.
///
/// # Errors
/// [`PageError::TooLarge`], and [`PageError::Cut`] when it does not arrive whole.
pub async fn read_form(payload: Payload) -> Result<Form, PageError> {
    Ok(Form::parse(&read_body(payload, LARGEST_FORM).await?))
}

/// Reads a body of at most so many bytes.
///
/// # Errors
/// [`PageError::TooLarge`], and [`PageError::Cut`] when it does not arrive whole.
pub async fn read_body(mut payload: Payload, most: usize) -> Result<Vec<u8>, PageError> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| PageError::Cut)?;
        if body.len() + chunk.len() > most {
            return Err(PageError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Refuses what a page of somebody else's made the browser send. Browsers say where a request comes from by
/// `Sec-Fetch-Site`, and older ones by `Origin`.
///
/// # Errors
/// [`PageError::Forged`].
pub fn require_same_origin(request: &HttpRequest) -> Result<(), PageError> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_ours = match (header("sec-fetch-site"), header(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            let admin = admin_of(request)?;
            host == header(HOST.as_str()) || admin.addresses.is_origin(origin)
        }
        (None, None) => true,
    };
    if is_ours { Ok(()) } else { Err(PageError::Forged) }
}
