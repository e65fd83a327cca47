//! Signing out on both sides.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use domain::ops::LogoutLanding;

use super::arrive::put;
use super::{Coming, answer_to_nobody};
use crate::call::admin_of;
use crate::cookie::Jar;
use crate::error::PageError;
use crate::gate::Gate;
use crate::pages::{go, page};
use crate::text::sign_on as words;

#[derive(Template)]
#[template(path = "sso/signed_out.html")]
struct SignedOutPage {
    gate: Gate,
    again: String,
}

/// `GET /sso/saml/slo`
pub async fn saml(request: HttpRequest) -> Result<HttpResponse, PageError> {
    let Some(coming) = Coming::find(&request).await? else { return answer_to_nobody(&request) };
    let (service, visitor) = (coming.service(), coming.visitor());
    let sign_on = &coming.admin.single_sign_on;
    let own = match Jar::Person.read(&request, &coming.slug) {
        Some(cookie) => sign_on.resume(&coming.tenant, &cookie, coming.now).await?,
        None => None,
    };
    let query = request.query_string();
    let landing = sign_on.saml_logout(&coming.tenant, query, own.as_ref(), &service, &visitor, coming.now).await?;
    match landing {
        LogoutLanding::Away(address) => Ok(go(&address)),
        LogoutLanding::SignedOut => Ok(go(&coming.href("/sso/signed-out"))),
        LogoutLanding::Refused(refused) => coming.tell(&refused).await,
        LogoutLanding::Wait(seconds) => Err(PageError::TooMany(seconds)),
    }
}

/// `GET /sso/signed-out`
pub async fn signed_out(request: HttpRequest) -> Result<HttpResponse, PageError> {
    let slug = admin_of(&request)?.addresses.tenant_of(&request).ok_or(PageError::NotFound)?;
    let gate = Gate::of(&request, words::SIGNED_OUT)?;
    let view = SignedOutPage { again: format!("{}/sign-in", gate.base), gate };
    let mut answer = page(&view)?;
    put(&mut answer, &Jar::Person.empty(&request, &slug))?;
    Ok(answer)
}
