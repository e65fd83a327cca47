//! SAML: who we are, and where answers are posted to.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use domain::connection::Setup;
use domain::connection::cause::SignInCause;
use domain::ops::Posted;
use futures_util::future::{Ready, ready};

use super::{Coming, answer_to_nobody};
use crate::call::read_body;
use crate::error::PageError;
use crate::form::Form;

/// The most that is read of a form: base64 of the largest response, and a `RelayState`.
const LARGEST: usize = 768 * 1024;

/// `GET /sso/saml/metadata`
pub async fn metadata(request: HttpRequest) -> Result<HttpResponse, PageError> {
    let coming = Coming::of(&request).await?;
    let scope = coming.tenant.scope();
    let connections = &coming.admin.connections;
    let all = connections.list(&scope).await?;
    let mut saml = all.iter().filter_map(|connection| match &connection.setup {
        Setup::Saml(saml) => Some(saml),
        Setup::Oidc(_) => None,
    });
    let is_spoken = saml.clone().next().is_some();
    if !is_spoken {
        return Err(PageError::NotFound);
    }
    let signs = saml.any(|saml| saml.signs_requests);
    let keys = connections.own_keys(&scope).await?;
    let certificates: Vec<_> = keys.iter().filter_map(domain::connection::key::StoredSsoKey::certificate).collect();
    let document = coming.service().metadata(&certificates, signs);
    Ok(HttpResponse::Ok().content_type("application/samlmetadata+xml").body(document))
}

/// The payload of a request.
pub struct Body(pub Payload);

impl FromRequest for Body {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(_: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(payload.take())))
    }
}

/// `POST /sso/saml/acs`. The form comes from a page of the identity provider's, so that nothing of ours is in it but what the
/// answer itself says.
pub async fn take(request: HttpRequest, body: Body) -> Result<HttpResponse, PageError> {
    let Some(coming) = Coming::find(&request).await? else { return answer_to_nobody(&request) };
    if let Some(closed) = coming.closed().await? {
        return Ok(closed);
    }
    let form = match read_body(body.0, LARGEST).await {
        Ok(form) => Form::parse(&form),
        Err(PageError::TooLarge) => return coming.turn_away(SignInCause::TooLarge).await,
        Err(error) => return Err(error),
    };
    let posted =
        Posted { response: form.exact("SAMLResponse").to_owned(), relay_state: form.exact("RelayState").to_owned() };
    let (service, visitor) = (coming.service(), coming.visitor());
    let landing =
        coming.admin.single_sign_on.saml_response(&coming.tenant, posted, &service, &visitor, coming.now).await?;
    coming.land(landing).await
}
