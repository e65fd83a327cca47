//! What a code is worth: the token request and its answer (Core §3.1.3, RFC 6749 §2.3.1 and §5).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Map;
use url::Url;

use super::authorize::PendingSignIn;
use super::discovery::ProviderMetadata;
use super::{ErrorResponse, JsonFault, OidcFault, form, json};

/// The longest answer that is read.
pub const MAX_BYTES: usize = 256 * 1024;

/// How a client shows who it is (Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in the header.
    Basic,
    /// `client_secret_post`: in the form.
    Post,
    /// `none`: the provider knows only public clients, which PKCE alone protects.
    None,
}

/// Who we are to the provider.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    pub id: &'a str,
    pub secret: &'a SecretString,
}

/// A form that is posted to the provider, as `application/x-www-form-urlencoded`, without following redirects.
pub struct TokenRequest {
    pub url: Url,
    /// The value of the header `Authorization`, if there has to be one.
    pub authorization: Option<SecretString>,
    pub body: SecretString,
}

impl TokenRequest {
    /// The request that gives tokens for a code.
    pub fn new(provider: &ProviderMetadata, client: Client<'_>, code: &SecretString, pending: &PendingSignIn) -> Self {
        let secret = client.secret.expose_secret();
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", &pending.redirect_uri),
            ("code_verifier", pending.verifier.expose_secret()),
        ];
        let authorization = match provider.client_authentication {
            ClientAuthentication::Basic => Some(basic(client.id, secret)),
            ClientAuthentication::Post => {
                pairs.extend([("client_id", client.id), ("client_secret", secret)]);
                None
            }
            ClientAuthentication::None => {
                pairs.push(("client_id", client.id));
                None
            }
        };
        Self { url: provider.token_endpoint.clone(), authorization, body: form::write(pairs).into() }
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// RFC 6749 §2.3.1: both are escaped as in a form, so that a colon in an id separates nothing.
fn basic(id: &str, secret: &str) -> SecretString {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", form::escape(id), form::escape(secret)))).into()
}

/// The tokens that a provider gave.
#[derive(Clone, Debug)]
pub struct TokenResponse {
    pub id_token: SecretString,
    /// Nothing is asked with it; the ID token may vouch for it.
    pub access_token: Option<SecretString>,
}

impl TokenResponse {
    /// Reads the answer to a [`TokenRequest`].
    ///
    /// # Errors
    ///
    /// The provider's refusal in its words; an answer that is too long, not JSON, or without an ID token.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, OidcFault> {
        let members = match json::object(body, MAX_BYTES) {
            Ok(members) => members,
            // Pages of proxies and gateways are not JSON, and the status says more about them.
            Err(JsonFault::Malformed { .. } | JsonFault::NotAnObject) if status != 200 => Map::new(),
            Err(fault) => return Err(fault.into()),
        };
        if let Some(error) = json::text(&members, "error") {
            return Err(OidcFault::Refused(ErrorResponse::new(error, json::text(&members, "error_description"))));
        }
        if status != 200 {
            return Err(OidcFault::NoTokens { status });
        }
        let required = |what| json::text(&members, what).ok_or(OidcFault::Missing { what });
        // Core §3.1.3.3.
        if !required("token_type")?.eq_ignore_ascii_case("Bearer") {
            return Err(OidcFault::Invalid { what: "token_type" });
        }
        Ok(Self {
            id_token: required("id_token")?.into(),
            access_token: json::text(&members, "access_token").map(SecretString::from),
        })
    }
}
