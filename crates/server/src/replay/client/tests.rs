use serde_json::{Value, from_value, json};
use url::Url;

use super::{DEFAULT_AGENT, ScimClient};
use crate::replay::{corpus, error::ReplayError, variables::Variables};

fn client(base: &str) -> Result<ScimClient, ReplayError> {
    ScimClient::new(&Url::parse(base).unwrap(), &"s3cret".into())
}

fn prepare(request: Value) -> Result<reqwest::Request, String> {
    client("http://127.0.0.1:9/scim/v2/").unwrap().prepare(&from_value(request).unwrap())
}

fn header(request: &reqwest::Request, name: &str) -> Option<String> {
    request.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn the_base_url_may_end_with_a_slash_or_not() {
    assert_eq!(client("http://host/scim/v2/").unwrap().base_url(), "http://host/scim/v2");
    assert_eq!(client("http://host/scim/v2").unwrap().base_url(), "http://host/scim/v2");
    assert_eq!(client("http://host:8080").unwrap().base_url(), "http://host:8080");
}

#[test]
fn a_base_url_that_paths_cannot_be_appended_to_is_refused() {
    for base in ["localhost:8080", "ftp://host/", "http://user:word@host/", "http://host/?a=b", "http://host/#a"] {
        let error = client(base).err().unwrap();
        assert!(matches!(error, ReplayError::BaseUrl { .. }), "{base}");
        assert!(!error.to_string().contains("word"));
    }
}

#[test]
fn a_token_that_no_header_carries_is_refused_without_being_shown() {
    let url = Url::parse("http://host").unwrap();
    for token in ["", "  ", "sec\nret"] {
        let error = ScimClient::new(&url, &token.into()).err().unwrap();
        assert!(matches!(error, ReplayError::Token { .. }));
        assert!(!error.to_string().contains("ret"));
    }
}

#[test]
fn the_defaults_are_the_token_an_agent_and_with_a_body_its_type() {
    let get = prepare(json!({"method": "GET", "path": "/Users"})).unwrap();
    assert_eq!(header(&get, "authorization").unwrap(), "Bearer s3cret");
    assert_eq!(header(&get, "user-agent").unwrap(), DEFAULT_AGENT);
    assert_eq!(header(&get, "content-type"), None);
    let post = prepare(json!({"method": "POST", "path": "/Users", "body": {"a": 1}})).unwrap();
    assert_eq!(header(&post, "content-type").unwrap(), "application/scim+json; charset=utf-8");
    assert_eq!(post.body().unwrap().as_bytes().unwrap(), br#"{"a":1}"#);
}

#[test]
fn headers_replace_the_defaults_and_null_removes_one() {
    let headers = json!({"authorization": null, "User-Agent": "Okta", "Content-Type": "application/json"});
    let request = json!({"method": "POST", "path": "/Users", "headers": headers, "body": "{\"a\": tru"});
    let request = prepare(request).unwrap();
    assert_eq!(header(&request, "authorization"), None);
    assert_eq!(header(&request, "user-agent").unwrap(), "Okta");
    assert_eq!(header(&request, "content-type").unwrap(), "application/json");
    assert_eq!(request.body().unwrap().as_bytes().unwrap(), br#"{"a": tru"#);
}

#[test]
fn a_query_text_is_sent_byte_for_byte_or_not_at_all() {
    let query = |query: Value| prepare(json!({"method": "GET", "path": "/Users", "query": query}));
    let exact = query(json!("flag&filter=a+eq+%22b%22%20&x=[y]")).unwrap();
    assert_eq!(exact.url().as_str(), "http://127.0.0.1:9/scim/v2/Users?flag&filter=a+eq+%22b%22%20&x=[y]");
    let refused = query(json!("filter=a eq \"b\"")).unwrap_err();
    assert!(refused.ends_with("would not arrive as it is written"), "{refused}");
}

#[test]
fn a_query_object_is_percent_encoded() {
    let query = json!({"filter": "a eq \"b+c\"", "count": 2});
    let request = prepare(json!({"method": "GET", "path": "/Users", "query": query})).unwrap();
    assert_eq!(request.url().query().unwrap(), "filter=a%20eq%20%22b%2Bc%22&count=2");
}

#[test]
fn a_path_that_would_be_rewritten_or_is_cut_by_a_fragment_is_not_sent() {
    for path in ["/Users/../Groups", "/Users/a b", "/Users/a#b"] {
        assert!(prepare(json!({"method": "GET", "path": path})).is_err(), "{path}");
    }
}

#[test]
fn every_request_of_the_corpus_can_be_sent_as_it_is_written() {
    let client = client("http://127.0.0.1:9/scim/v2").unwrap();
    for scenario in corpus::scenarios().unwrap() {
        let mut variables = Variables::given(client.base_url(), || [7; 16]);
        for step in &scenario.steps {
            let request = variables.fill(&step.request).unwrap();
            client.prepare(&request).unwrap_or_else(|error| panic!("{} {}: {error}", scenario.about.file, step.name));
            step.capture.keys().for_each(|name| variables.set(name, "x".to_owned()));
        }
    }
}
