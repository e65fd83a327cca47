//! An answer, as the checks see it.

use serde_json::Value;

use super::mask::Mask;

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    body: String,
    json: Result<Value, String>,
}

impl Response {
    /// Takes what arrived; whether the body is JSON is found out here.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: String) -> Self {
        let json = serde_json::from_str(&body).map_err(|error| error.to_string());
        Self { status, headers, body, json }
    }

    /// The same answer without the token, wherever the server repeats it and however JSON escapes it.
    pub(super) fn masked(self, mask: &Mask) -> Self {
        let headers = self.headers.into_iter().map(|(name, value)| (name, mask.hide(&value))).collect();
        let json = self.json.map(|json| mask.hide_json(json)).map_err(|error| mask.hide(&error));
        Self { status: self.status, headers, body: mask.hide(&self.body), json }
    }

    /// The body as text; empty when there is none.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The body as JSON, if it is JSON.
    pub fn json(&self) -> Option<&Value> {
        self.json.as_ref().ok()
    }

    /// Why the body is not JSON, unless it is.
    pub fn json_error(&self) -> Option<&str> {
        self.json.as_ref().err().map(String::as_str)
    }

    /// The first value of a header, its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next()
    }

    /// All values of a header, its name in any case.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}
