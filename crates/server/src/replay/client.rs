//! The HTTP side: sends a step's request and brings the answer back.

use std::{error::Error, time::Duration};

use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT},
    redirect::Policy,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::{Host, Url, form_urlencoded};

use super::{
    error::ReplayError,
    mask::Mask,
    quote,
    response::Response,
    scenario::{Query, Request},
};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
const DEFAULT_AGENT: &str = concat!("rollcall-replay/", env!("CARGO_PKG_VERSION"));
const DEFAULT_TYPE: &str = "application/scim+json; charset=utf-8";

/// Why a step has no answer, as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The fixture asks for something HTTP cannot carry.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// Nobody to talk to: the name does not resolve, the connection is refused or TLS fails.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// Connected, but no complete answer came.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

/// A connection to one tenant's SCIM base URL with its token.
///
/// Redirects are not followed. reqwest adds `Accept: */*` where a fixture sets no `Accept`, which means the same as
/// none. Loopback addresses are reached directly, others through the proxy of the environment, if there is one.
pub struct ScimClient {
    http: reqwest::Client,
    base: String,
    authorization: HeaderValue,
    mask: Mask,
}

impl ScimClient {
    /// Takes the base URL, with or without a slash at its end, and the bearer token.
    ///
    /// # Errors
    /// [`ReplayError::BaseUrl`] unless it is an http or https URL without credentials, query and fragment;
    /// [`ReplayError::Token`] if a header cannot carry it; [`ReplayError::Client`] if TLS cannot be set up.
    pub fn new(base_url: &Url, token: &SecretString) -> Result<Self, ReplayError> {
        check_base(base_url)?;
        Ok(Self {
            http: http_client(base_url).map_err(ReplayError::Client)?,
            base: base_url.as_str().trim_end_matches('/').to_owned(),
            authorization: authorization(token)?,
            mask: Mask::new(token),
        })
    }

    /// The base URL without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// Text that may have passed through the server, without the token, control characters and excess length.
    pub fn shown(&self, text: &str) -> String {
        quote::short(&self.mask.hide(text))
    }

    /// Sends a request whose variables are filled in, and gives the complete answer, with the token masked in it.
    ///
    /// # Errors
    /// [`SendError`] when there is no complete answer; its text is a sentence for the report.
    pub async fn send(&self, request: &Request) -> Result<Response, SendError> {
        let request = self.prepare(request).map_err(SendError::Unsendable)?;
        let answer = self.http.execute(request).await.map_err(|error| send_error(&error))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().map(header_text).collect();
        let body = answer.bytes().await.map_err(|error| send_error(&error))?;
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Response::new(status, headers, body).masked(&self.mask))
    }

    fn prepare(&self, request: &Request) -> Result<reqwest::Request, String> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| format!("{} is not an HTTP method", quote::text(&request.method)))?;
        let mut prepared = reqwest::Request::new(method, self.url(request)?);
        *prepared.headers_mut() = self.headers(request)?;
        *prepared.body_mut() = request.body.as_ref().map(|body| body_text(body).into());
        Ok(prepared)
    }

    /// The URL, byte for byte as the fixture writes it.
    fn url(&self, request: &Request) -> Result<Url, String> {
        let mut text = format!("{}{}", self.base, request.path);
        if let Some(query) = &request.query {
            text.push('?');
            text.push_str(&query_text(query));
        }
        let url = Url::parse(&text).map_err(|error| format!("{}: {error}", quote::text(&text)))?;
        if url.as_str() == text && url.fragment().is_none() {
            return Ok(url);
        }
        Err(format!("{} would not arrive as it is written", quote::text(&text)))
    }

    fn headers(&self, request: &Request) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(DEFAULT_AGENT));
        if request.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(DEFAULT_TYPE));
        }
        for (name, value) in &request.headers {
            let wrong = |_| format!("{} is not a header name", quote::text(name));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(wrong)?;
            if let Some(value) = value {
                let wrong = |_| format!("header {name} cannot be {}", quote::text(value));
                let value = HeaderValue::from_str(value).map_err(wrong)?;
                headers.insert(name, value);
            } else {
                headers.remove(name);
            }
        }
        Ok(headers)
    }
}

fn check_base(url: &Url) -> Result<(), ReplayError> {
    let reason = if !matches!(url.scheme(), "http" | "https") {
        "must start with http:// or https://"
    } else if !url.username().is_empty() || url.password().is_some() {
        "must not hold credentials; the token is given on its own"
    } else if url.query().is_some() || url.fragment().is_some() {
        "must not have a query or a fragment"
    } else {
        return Ok(());
    };
    Err(ReplayError::BaseUrl { reason })
}

fn authorization(token: &SecretString) -> Result<HeaderValue, ReplayError> {
    let token = token.expose_secret();
    if token.trim().is_empty() {
        return Err(ReplayError::Token { reason: "is empty" });
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| ReplayError::Token { reason: "has characters that an HTTP header cannot carry" })?;
    value.set_sensitive(true);
    Ok(value)
}

fn http_client(base_url: &Url) -> Result<reqwest::Client, reqwest::Error> {
    let builder =
        reqwest::Client::builder().redirect(Policy::none()).connect_timeout(CONNECT_LIMIT).timeout(ANSWER_LIMIT);
    if is_loopback(base_url) { builder.no_proxy().build() } else { builder.build() }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn query_text(query: &Query) -> String {
    match query {
        Query::Exact(text) => text.clone(),
        Query::Pairs(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(&body_text(value))));
            pairs.collect::<Vec<_>>().join("&")
        }
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A string as it is, any other value as JSON.
fn body_text(body: &Value) -> String {
    body.as_str().map_or_else(|| body.to_string(), ToOwned::to_owned)
}

fn header_text((name, value): (&HeaderName, &HeaderValue)) -> (String, String) {
    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn send_error(error: &reqwest::Error) -> SendError {
    if error.is_connect() {
        let reason = if error.is_timeout() { within(CONNECT_LIMIT) } else { innermost(error) };
        return SendError::Connect(reason);
    }
    SendError::NoAnswer(if error.is_timeout() { within(ANSWER_LIMIT) } else { innermost(error) })
}

fn within(limit: Duration) -> String {
    format!("nothing within {} s", limit.as_secs())
}

fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    quote::short(&innermost.to_string())
}

#[cfg(test)]
mod tests;
