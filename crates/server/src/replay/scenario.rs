//! The fixture format: scenarios, their steps, requests and expectations. An unknown member is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::assertion::Assertion;

/// One line of `index.json`: what a scenario file is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexEntry {
    /// The scenario file's name.
    pub file: String,
    /// What the conversation shows.
    pub title: String,
    /// Which provisioning client speaks like this.
    pub client: String,
    /// Whether Entra's compliance flag is on, where it matters.
    #[serde(default)]
    pub flag: Option<bool>,
    /// The letters of the situations it covers.
    pub covers: String,
}

/// A conversation: steps played in order against one tenant.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its line of the index.
    pub about: IndexEntry,
    /// What is sent and expected.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// The file's name without `.json`.
    pub fn stem(&self) -> &str {
        let file = &self.about.file;
        file.strip_suffix(".json").unwrap_or(file)
    }

    /// Whether the text is part of the file's name, the title or the client, in any case.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let about = &self.about;
        [&about.file, &about.title, &about.client].iter().any(|field| field.to_lowercase().contains(&text))
    }
}

/// One request and what must come back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the step shows.
    pub name: String,
    /// What is sent.
    pub request: Request,
    /// What must come back.
    pub expect: Expect,
    /// Variables to take out of the answer.
    #[serde(default)]
    pub capture: BTreeMap<String, Source>,
}

/// A request as the fixture writes it; every text may hold `{{variables}}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Appended to the base URL.
    pub path: String,
    /// What follows `?`.
    #[serde(default)]
    pub query: Option<Query>,
    /// Added to the default headers; `null` removes one.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// A JSON value, or a string that is sent as it is.
    #[serde(default)]
    pub body: Option<Value>,
}

/// The query of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Query {
    /// Sent byte for byte.
    Exact(String),
    /// Names and values to be percent-encoded.
    Pairs(Map<String, Value>),
}

/// What the answer must look like.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Any of these passes; the first is the one the client likes best.
    pub status: Vec<u16>,
    /// A substring of each header.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Texts the body must contain.
    #[serde(default)]
    pub body_contains: Vec<String>,
    /// Texts the body must not contain.
    #[serde(default)]
    pub body_lacks: Vec<String>,
    /// Assertions about the JSON body.
    #[serde(default)]
    pub json: Vec<Assertion>,
}

/// Where a captured variable comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Source {
    /// A JSON pointer into the response body.
    Pointer(String),
    /// A response header.
    Header(String),
}

impl TryFrom<String> for Source {
    type Error = String;

    /// Reads `/json/pointer`, the empty pointer or `header:Name`; anything else is an error.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if let Some(name) = text.strip_prefix("header:") {
            return Ok(Self::Header(name.to_owned()));
        }
        if text.is_empty() || text.starts_with('/') {
            return Ok(Self::Pointer(text));
        }
        Err(format!("a capture is a JSON pointer or header:Name, not {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::{IndexEntry, Query, Scenario, Source, Step};

    fn step(extra: &str, value: Value) -> Result<Step, serde_json::Error> {
        let mut step = json!({
            "name": "a step",
            "request": {"method": "GET", "path": "/Users"},
            "expect": {"status": [200]},
        });
        if let Some(place) = step.pointer_mut(extra.rsplit_once('/').unwrap().0) {
            place[extra.rsplit_once('/').unwrap().1] = value;
        }
        from_value(step)
    }

    #[test]
    fn a_step_needs_only_a_name_a_request_and_statuses() {
        let step = step("/name", json!("other")).unwrap();
        assert_eq!(step.name, "other");
        assert!(step.request.body.is_none() && step.capture.is_empty());
    }

    #[test]
    fn a_mistyped_member_is_an_error_at_every_level() {
        assert!(step("/captures", json!({})).is_err());
        assert!(step("/request/boddy", json!({})).is_err());
        assert!(step("/expect/statuses", json!([200])).is_err());
        assert!(step("/expect/json", json!([{"ptr": "/id", "presnt": true}])).is_err());
        assert!(step("/capture", json!({"id": "id"})).is_err());
    }

    #[test]
    fn a_query_is_a_text_or_an_object() {
        let exact = step("/request/query", json!("a=b")).unwrap().request.query.unwrap();
        assert!(matches!(exact, Query::Exact(text) if text == "a=b"));
        let pairs = step("/request/query", json!({"a": 1})).unwrap().request.query.unwrap();
        assert!(matches!(pairs, Query::Pairs(pairs) if pairs["a"] == 1));
    }

    #[test]
    fn a_capture_points_into_the_body_or_names_a_header() {
        let step = step("/capture", json!({"id": "/id", "at": "header:Location"})).unwrap();
        assert_eq!(step.capture["id"], Source::Pointer("/id".into()));
        assert_eq!(step.capture["at"], Source::Header("Location".into()));
    }

    #[test]
    fn a_scenario_is_found_by_file_title_or_client_in_any_case() {
        let about = json!({"file": "entra-a1.json", "title": "Test Connection", "client": "Contoso", "covers": "a"});
        let about: IndexEntry = from_value(about).unwrap();
        let scenario = Scenario { about, steps: vec![] };
        assert!(scenario.matches("A1.JSON") && scenario.matches("test conn") && scenario.matches("contoso"));
        assert!(!scenario.matches("b1"));
        assert_eq!(scenario.stem(), "entra-a1");
    }
}
