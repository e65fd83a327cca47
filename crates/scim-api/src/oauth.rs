//! `POST /t/{tenant}/oauth/token`: access tokens for OAuth clients (RFC 6749 §4.4, client credentials).

use std::sync::Arc;
use std::time::Duration;

use ::web::limit::OverBudget;
use actix_web::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, USER_AGENT, WWW_AUTHENTICATE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::rt::time::timeout;
use actix_web::web::{BytesMut, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::activity::{Action, Shown};
use domain::admission::Admission;
use domain::catalogue::Cause;
use domain::context::Actor;
use domain::credential::ClientSecret;
use domain::ids::CredentialId;
use domain::limit::Address;
use domain::ops::{PresentedClient, Refusal};
use domain::scope::Scopes;
use domain::store::StoreError;
use futures_util::StreamExt;
use serde_json::json;
use uuid::Uuid;

use crate::{ScimApi, ScimError, activity};

/// A request that takes longer waits for a database that hangs, or for a client that does.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a request's body. What belongs into it has a tenth of this.
const BODY: usize = 8_192;

/// Where the endpoint lies below a tenant's address, and how it is asked. The server is built from this, and its test of who
/// may come in looks at it.
pub const TOKEN_ENDPOINT: (Method, &str) = (Method::POST, "/oauth/token");

/// Adds the endpoint below the root of a tenant.
pub fn routes(config: &mut web::ServiceConfig, root: &str) {
    let (method, path) = TOKEN_ENDPOINT;
    let resource = web::resource(format!("{root}{path}")).route(web::method(method).to(token));
    config.service(resource.default_service(web::to(wrong_method)).wrap(from_fn(activity::record)));
}

async fn wrong_method() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, TOKEN_ENDPOINT.0.as_str())).finish()
}

/// Why there is no token, as RFC 6749 §5.2 words it.
#[derive(Debug)]
pub enum OAuthError {
    InvalidRequest(String),
    InvalidClient,
    UnsupportedGrantType,
    InvalidScope,
    OverBudget(OverBudget),
    Store(StoreError),
}

impl std::fmt::Display for OAuthError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words().1)
    }
}

impl OAuthError {
    fn words(&self) -> (&'static str, String) {
        match self {
            Self::InvalidRequest(why) => ("invalid_request", why.clone()),
            Self::InvalidClient => ("invalid_client", "the client is not known, or its secret is not good".to_owned()),
            Self::UnsupportedGrantType => {
                ("unsupported_grant_type", "the grant type here is client_credentials".to_owned())
            }
            Self::InvalidScope => {
                ("invalid_scope", format!("the client lacks a scope that was asked for; there are {}", Scopes::ALL))
            }
            Self::OverBudget(over) => ("temporarily_unavailable", over.detail()),
            Self::Store(StoreError::Internal(_) | StoreError::Schema(_)) => {
                ("server_error", "something went wrong on our side".to_owned())
            }
            Self::Store(_) => ("temporarily_unavailable", "try again shortly".to_owned()),
        }
    }
}

impl OAuthError {
    /// Why, for the tenant's admin. What lies behind [`OAuthError::InvalidClient`] is found out elsewhere.
    pub fn cause(&self) -> Cause {
        match self {
            Self::InvalidRequest(_) => Cause::BadTokenRequest,
            Self::InvalidClient => Cause::NotLetIn,
            Self::UnsupportedGrantType => Cause::WrongGrantType,
            Self::InvalidScope => Cause::WrongScope,
            Self::OverBudget(over) => ScimError::from(*over).cause(),
            Self::Store(StoreError::Internal(_) | StoreError::Schema(_)) => Cause::Defect,
            Self::Store(StoreError::Contention | StoreError::Locked) => Cause::Contention,
            Self::Store(_) => Cause::DatabaseAway,
        }
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::OverBudget(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Store(StoreError::Internal(_) | StoreError::Schema(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::InvalidRequest(_) | Self::UnsupportedGrantType | Self::InvalidScope => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let (error, description) = self.words();
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::InvalidClient => {
                response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"oauth\""));
            }
            Self::OverBudget(over) => over.headers().into_iter().for_each(|header| {
                response.insert_header(header);
            }),
            // Logged once, and told with the time to wait, as the SCIM face does it.
            Self::Store(error) => {
                response.insert_header(("Retry-After", ScimError::from(error.clone()).retry_after().to_string()));
            }
            _ => {}
        }
        response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
        response.json(json!({"error": error, "error_description": description}))
    }
}

impl From<OverBudget> for OAuthError {
    fn from(over: OverBudget) -> Self {
        Self::OverBudget(over)
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn token(api: Data<ScimApi>, request: HttpRequest, body: Payload) -> Result<HttpResponse, OAuthError> {
    let (now, address) = (api.clock.now(), api.budgets.address(&request));
    let answered = match timeout(PATIENCE, answer(&api, &request, address, body)).await {
        Ok(answered) => answered,
        Err(_) => Err(StoreError::Unavailable("no answer in time".to_owned()).into()),
    };
    if let Err(OAuthError::InvalidClient) = &answered {
        api.budgets.note_failure(address, now).await?;
    }
    answered
}

async fn answer(
    api: &ScimApi,
    request: &HttpRequest,
    address: Address,
    body: Payload,
) -> Result<HttpResponse, OAuthError> {
    let now = api.clock.now();
    let form = Form::read(request, body).await?;
    let invalid_client = || OAuthError::InvalidClient;
    let client = form.client(request)?;
    let secret = client.as_ref().map(|client| client.secret.reveal()).unwrap_or_default();
    let trail = activity::trail(request);
    trail.refused(|| client.clone().map_or(Shown::Nothing(Cause::NoClient), Shown::Client), now);
    api.budgets.refuse_strangers(address, &secret, now).await?;
    let client = client.ok_or_else(invalid_client)?;
    match form.one("grant_type")? {
        Some("client_credentials") => {}
        Some(_) => return Err(OAuthError::UnsupportedGrantType),
        None => return Err(OAuthError::InvalidRequest("the parameter grant_type is missing".to_owned())),
    }
    let scopes = match form.one("scope")?.filter(|text| !text.trim().is_empty()) {
        None => None,
        Some(text) => Some(text.parse::<Scopes>().map_err(|_| OAuthError::InvalidScope)?),
    };
    let slug = api.addresses.tenant_of(request).ok_or_else(invalid_client)?;
    let admission = find(api, &slug, &client).await?.ok_or_else(invalid_client)?;
    let audience = api.addresses.scim_base_url(&slug);
    if api.credentials.accepts_client(&admission, &client, now) {
        api.budgets.sign_in(&admission.tenant, client.id).await?;
    }
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let granted = api.credentials.grant(&admission, &client, scopes, &audience, now, agent).await;
    let (grant, token) = granted.map_err(|refusal| match refusal {
        Refusal::InvalidClient => invalid_client(),
        Refusal::InvalidScope => OAuthError::InvalidScope,
        Refusal::Store(error) => OAuthError::Store(error),
    })?;
    api.budgets.recognise(&secret);
    if let Some(known) = admission.credentials.iter().find(|one| one.id == client.id) {
        let actor = Actor::Credential { id: known.id, kind: known.kind, label: known.label.clone() };
        trail.admitted(&admission, &actor, Some(client.secret.id), now);
    }
    trail.did(Action::IssuedToken);
    let seconds = (grant.expires.as_micros() - now.as_micros()) / 1_000_000;
    let answer = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": seconds,
        "scope": grant.scopes.to_string(),
    });
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache")).json(answer))
}

/// The tenant and its credentials: as believed when the client's secret is good there, and otherwise as they are now.
async fn find(
    api: &ScimApi,
    slug: &domain::tenant::TenantSlug,
    client: &PresentedClient,
) -> Result<Option<Arc<Admission>>, OAuthError> {
    let now = api.clock.now();
    let opens = |known: &Admission| api.credentials.accepts_client(known, client, now);
    let found = api.admissions.find(slug, now, opens).await?;
    if let Some(found) = found.as_ref().filter(|found| !opens(found)) {
        api.credentials.learn_ring(found, now).await;
    }
    Ok(found)
}

/// The parameters of a request (RFC 6749 appendix B).
struct Form(Vec<(String, String)>);

impl Form {
    async fn read(request: &HttpRequest, mut body: Payload) -> Result<Self, OAuthError> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::InvalidRequest("send application/x-www-form-urlencoded".to_owned()));
        }
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| OAuthError::InvalidRequest(format!("the body broke off: {error}")))?;
            if bytes.len() + chunk.len() > BODY {
                return Err(OAuthError::InvalidRequest(format!("the body is larger than {BODY} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }

    /// A parameter; it may not stand twice (RFC 6749 §3.2), and without a value it is as good as missing.
    fn one(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        let mut values = self.0.iter().filter(|(known, value)| known == name && !value.is_empty());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(OAuthError::InvalidRequest(format!("the parameter {name} stands twice"))),
            (first, None) => Ok(first.map(|(_, value)| value.as_str())),
        }
    }

    /// Id and secret from the Authorization header or from the body, not from both (RFC 6749 §2.3). None when they are no
    /// client's.
    fn client(&self, request: &HttpRequest) -> Result<Option<PresentedClient>, OAuthError> {
        let sent = (self.one("client_id")?, self.one("client_secret")?);
        let header = request.headers().get(AUTHORIZATION).map(|header| header.to_str().unwrap_or_default());
        let (id, secret) = match (header, sent) {
            (Some(_), (_, Some(_))) => {
                return Err(OAuthError::InvalidRequest(
                    "send the secret in the header or in the body, not in both".to_owned(),
                ));
            }
            (Some(header), (id, None)) => match basic(header) {
                Some((basic, secret)) if id.is_none_or(|id| id == basic) => (basic, secret),
                _ => return Ok(None),
            },
            (None, (Some(id), Some(secret))) => (id.to_owned(), secret.to_owned()),
            (None, _) => return Ok(None),
        };
        let client = (Uuid::try_parse(&id).ok(), ClientSecret::parse(&secret));
        Ok(match client {
            (Some(id), Some(secret)) => Some(PresentedClient { id: CredentialId(id), secret }),
            _ => None,
        })
    }
}

/// Id and secret of `Basic`, each encoded as in a form (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, text) = header.split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(text.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        Some(decoded.into_owned())
    };
    Some((plain(id)?, plain(secret)?))
}
