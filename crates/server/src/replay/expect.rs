//! Comparing an answer with what a step expects.

use serde_json::Value;

use super::{quote, response::Response, rule, scenario::Expect};

/// What differs between an answer and a step's expectation, a sentence each; none means the step passed. The general
/// rules are checked too. After an unexpected error only its status, the rules and forbidden texts are reported, since
/// every other assertion would fail as well.
pub fn differences(expect: &Expect, response: &Response) -> Vec<String> {
    let status = status(expect, response);
    let refused = status.is_some() && response.status >= 400;
    let mut found: Vec<String> = status.into_iter().collect();
    found.extend(rule::differences(response));
    found.extend(body_lacks(expect, response));
    if !refused {
        found.extend(headers(expect, response));
        found.extend(body_contains(expect, response));
        found.extend(expect.json.iter().filter_map(|assertion| assertion.difference(response.json())));
    }
    found
}

fn status(expect: &Expect, response: &Response) -> Option<String> {
    if expect.status.contains(&response.status) {
        return None;
    }
    let accepted: Vec<String> = expect.status.iter().map(u16::to_string).collect();
    let detail = response.json().and_then(|json| json.get("detail")).and_then(Value::as_str);
    let detail = detail.map(|detail| format!("; the server says {}", quote::text(detail))).unwrap_or_default();
    Some(format!("status is {}, expected {}{detail}", response.status, accepted.join(" or ")))
}

fn headers(expect: &Expect, response: &Response) -> Vec<String> {
    let differs = |(name, text): (&String, &String)| {
        if response.header_values(name).any(|value| value.contains(text.as_str())) {
            return None;
        }
        let found = response.header(name).map_or_else(|| "missing".to_owned(), quote::text);
        Some(format!("header {name} is {found}, expected it to contain {}", quote::text(text)))
    };
    expect.headers.iter().filter_map(differs).collect()
}

fn body_contains(expect: &Expect, response: &Response) -> Vec<String> {
    let absent = expect.body_contains.iter().filter(|text| !response.body().contains(text.as_str()));
    absent.map(|text| format!("the body does not contain {}", quote::text(text))).collect()
}

fn body_lacks(expect: &Expect, response: &Response) -> Vec<String> {
    let there = expect.body_lacks.iter().filter(|text| response.body().contains(text.as_str()));
    there.map(|text| format!("the body contains {}, which it must not", quote::text(text))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::differences;
    use crate::replay::response::Response;

    fn answer(status: u16, body: &Value) -> Response {
        let headers = vec![
            ("content-type".to_owned(), "application/scim+json".to_owned()),
            ("location".to_owned(), "http://host/scim/v2/Users/7".to_owned()),
        ];
        Response::new(status, headers, body.to_string())
    }

    fn compare(expect: Value, status: u16, body: &Value) -> Vec<String> {
        differences(&from_value(expect).unwrap(), &answer(status, body))
    }

    fn not_found() -> Value {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
        json!({"schemas": schemas, "status": "404", "detail": "no such user"})
    }

    #[test]
    fn any_of_the_statuses_passes() {
        let expect = json!({"status": [200, 201]});
        assert!(compare(expect.clone(), 200, &json!({})).is_empty());
        assert!(compare(expect.clone(), 201, &json!({})).is_empty());
        assert_eq!(compare(expect, 202, &json!({})), ["status is 202, expected 200 or 201"]);
    }

    #[test]
    fn an_unexpected_error_is_told_with_its_detail_and_nothing_that_follows_from_it() {
        let expect = json!({
            "status": [200], "json": [{"ptr": "/id", "present": true}], "headers": {"ETag": "W/"},
            "body_contains": ["Ada"],
        });
        let found = compare(expect, 404, &not_found());
        assert_eq!(found, [r#"status is 404, expected 200; the server says "no such user""#]);
    }

    #[test]
    fn another_success_than_the_expected_one_is_still_looked_into() {
        let expect = json!({"status": [200], "json": [{"ptr": "/id", "present": true}]});
        let found = compare(expect, 201, &json!({}));
        assert_eq!(found, ["status is 201, expected 200", "/id is missing, expected a value"]);
    }

    #[test]
    fn an_expected_error_is_checked_like_any_answer() {
        let expect = json!({"status": [404], "json": [{"ptr": "/status", "matches": "^409$"}]});
        assert_eq!(compare(expect, 404, &not_found()).len(), 1);
    }

    #[test]
    fn a_header_contains_a_text_and_its_name_is_in_any_case() {
        let with = |text: &str| json!({"status": [201], "headers": {"Location": text}});
        assert!(compare(with("/Users/"), 201, &json!({})).is_empty());
        let found = compare(with("/Groups/"), 201, &json!({}));
        assert_eq!(found, [r#"header Location is "http://host/scim/v2/Users/7", expected it to contain "/Groups/""#]);
        let found = compare(json!({"status": [201], "headers": {"ETag": "W/"}}), 201, &json!({}));
        assert_eq!(found, [r#"header ETag is missing, expected it to contain "W/""#]);
    }

    #[test]
    fn the_body_contains_and_lacks_texts() {
        let expect = json!({"status": [200], "body_contains": ["Ada"], "body_lacks": ["Zq7-"]});
        assert!(compare(expect.clone(), 200, &json!({"name": "Ada"})).is_empty());
        let found = compare(expect, 200, &json!({"password": "Zq7-x"}));
        assert_eq!(found, [r#"the body contains "Zq7-", which it must not"#, r#"the body does not contain "Ada""#]);
    }

    #[test]
    fn the_general_rules_hold_even_where_the_status_is_expected() {
        let found = compare(json!({"status": [500]}), 500, &not_found());
        assert_eq!(found, ["status is 500, and a 5xx is never right"]);
    }
}
