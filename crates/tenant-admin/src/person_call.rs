//! What the handlers of people's own pages are given: a person who is signed in.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::admin::session::is_csrf;
use domain::context::OpContext;
use domain::ops::SingleSignOn;
use domain::person::PersonCaller;

use crate::call::{read_form, require_same_origin};
use crate::cookie::Jar;
use crate::error::PageError;
use crate::form::Form;
use crate::pages::sso::Coming;

/// A request of a person who asks for a page.
pub struct PersonCall {
    pub cx: OpContext,
    pub caller: PersonCaller,
    pub coming: Coming,
    pub query: Form,
}

/// A request of a person who sends a form of ours, with nothing in it but what binds it to the session.
pub struct PersonSubmission(pub PersonCall);

impl PersonCall {
    /// # Errors
    /// [`PageError::PersonSignIn`] without a session.
    async fn admit(request: HttpRequest) -> Result<Self, PageError> {
        let coming = match Coming::of(&request).await {
            // Whether there is such a tenant is nobody's business.
            Err(PageError::NotFound) => return Err(PageError::PersonSignIn),
            other => other?,
        };
        let cookie = Jar::Person.read(&request, &coming.slug).ok_or(PageError::PersonSignIn)?;
        let caller = coming.admin.single_sign_on.resume(&coming.tenant, &cookie, coming.now).await?;
        let caller = caller.ok_or(PageError::PersonSignIn)?;
        let span = tracing::Span::current();
        span.record("actor.kind", "person");
        span.record("actor.id", caller.person.id.to_string());
        let cx = SingleSignOn::context(&coming.tenant, &caller, &coming.visitor(), coming.now);
        let query = Form::parse(request.query_string().as_bytes());
        Ok(Self { cx, caller, coming, query })
    }

    /// An address of this tenant's: `path` begins with a slash.
    pub fn href(&self, path: &str) -> String {
        self.coming.href(path)
    }
}

impl FromRequest for PersonCall {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(Self::admit(request.clone()))
    }
}

impl FromRequest for PersonSubmission {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let form = read_form(payload).await?;
            require_same_origin(&request)?;
            let call = PersonCall::admit(request).await?;
            match is_csrf(&call.caller.csrf, form.exact("csrf")) {
                true => Ok(Self(call)),
                false => Err(PageError::Forged),
            }
        })
    }
}
