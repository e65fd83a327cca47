//! A client of one SCIM base URL.

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub use scim_protocol::urn::{BULK_REQUEST, ERROR, GROUP, PATCH_OP, SEARCH_REQUEST, USER};

pub const SCIM_JSON: &str = "application/scim+json";

/// Whoever sends requests below a base URL.
#[derive(Clone)]
pub struct Caller {
    http: Client,
    base: String,
    headers: HeaderMap,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
    pub took: Duration,
}

impl Caller {
    /// Nobody in particular.
    pub fn new(base: &str) -> Self {
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(50));
        Self {
            http: http.build().unwrap(),
            base: base.to_owned(),
            headers: HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(SCIM_JSON))]),
        }
    }

    /// Somebody with a token.
    pub fn with_token(base: &str, token: &str) -> Self {
        Self::new(base).with("authorization", &format!("Bearer {token}"))
    }

    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// The same, somewhere else.
    pub fn at(mut self, base: &str) -> Self {
        base.clone_into(&mut self.base);
        self
    }

    /// Sends a request; fails when there is no complete answer.
    pub async fn try_send(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        request = request.headers(self.headers.clone());
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, SCIM_JSON).body(body.to_string());
        }
        let start = Instant::now();
        let answer = request.send().await?;
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await?,
            took: start.elapsed(),
        })
    }

    pub async fn send(&self, method: &Method, path: &str, body: Option<&Value>) -> Answer {
        let sent = self.try_send(method, path, body).await;
        sent.unwrap_or_else(|error| panic!("{method} {}{path}: {error:?}", self.base))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(&Method::GET, path, None).await
    }

    /// `GET {path}?filter=…`
    pub async fn search(&self, path: &str, filter: &str) -> Answer {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        self.get(&format!("{path}?filter={query}")).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&Method::POST, path, Some(body)).await
    }

    /// Adds a user of that name.
    pub async fn create_user(&self, user_name: &str) -> Answer {
        self.post("/Users", &user(user_name)).await
    }

    /// Carries out the `Operations` of a PATCH.
    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({"schemas": [PATCH_OP], "Operations": operations});
        self.send(&Method::PATCH, path, Some(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(&Method::DELETE, path, None).await
    }
}

impl Answer {
    /// This answer, when it has the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The `id` of the resource it shows.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Holds it to the form of every SCIM error (RFC 7644 §3.12).
    #[track_caller]
    pub fn expect_error(self, status: u16) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), Some(SCIM_JSON), "{answer:?}");
        let body = answer.json();
        assert_eq!(body["schemas"], json!([ERROR]), "{answer:?}");
        assert_eq!(body["status"], status.to_string(), "{answer:?}");
        assert!(!body["detail"].as_str().unwrap_or_default().is_empty(), "{answer:?}");
        answer
    }

    /// Holds it to 503 with a sensible `Retry-After`.
    #[track_caller]
    pub fn expect_later(self) -> Self {
        let answer = self.expect_error(503);
        let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=600).contains(&seconds), "{answer:?}");
        answer
    }
}

/// The least that is a user.
pub fn user(user_name: &str) -> Value {
    json!({"schemas": [USER], "userName": user_name})
}

/// A group with these members.
pub fn group(display_name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP], "displayName": display_name, "members": members})
}
