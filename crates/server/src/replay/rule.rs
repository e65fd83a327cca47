//! What holds for every answer, whatever a step expects.

use serde_json::Value;

use super::{quote, response::Response};

const MEDIA_TYPE: &str = "application/scim+json";
const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// What an answer does wrong, a sentence each: the media type of bodies, 204 without one, errors as SCIM error objects
/// with a string `status`, and never a 5xx.
pub fn differences(response: &Response) -> Vec<String> {
    let checks = [server_error, content, error_object];
    checks.iter().filter_map(|check| check(response)).collect()
}

fn server_error(response: &Response) -> Option<String> {
    let status = response.status;
    (status >= 500).then(|| format!("status is {status}, and a 5xx is never right"))
}

fn content(response: &Response) -> Option<String> {
    if response.status == 204 {
        return body_of_204(response);
    }
    if response.body().is_empty() {
        return None;
    }
    let Some(found) = response.header("content-type") else {
        return Some(format!("the body has no Content-Type, expected {MEDIA_TYPE}"));
    };
    if !essence(found).eq_ignore_ascii_case(MEDIA_TYPE) {
        return Some(format!("Content-Type is {}, expected {MEDIA_TYPE}", quote::text(found)));
    }
    let reason = response.json_error()?;
    Some(format!("the body is not JSON: {}", quote::short(reason)))
}

/// The media type without its parameters.
fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// HTTP clients skip the body of a 204, so what announces one counts as well.
fn body_of_204(response: &Response) -> Option<String> {
    let length = response.header("content-length").is_some_and(|length| length != "0");
    let chunked = response.header("transfer-encoding").is_some();
    (length || chunked || !response.body().is_empty()).then(|| "a 204 has a body, expected none".to_owned())
}

fn error_object(response: &Response) -> Option<String> {
    if response.status < 400 {
        return None;
    }
    let status = response.status;
    let Some(object) = response.json().filter(|json| json.is_object()) else {
        let body = if response.body().is_empty() { "empty".to_owned() } else { quote::text(response.body()) };
        return Some(format!("the body of the {status} is {body}, expected a SCIM error object"));
    };
    if !has_error_schema(object) {
        let schemas = quote::found(object.get("schemas"));
        return Some(format!("the {status} is not a SCIM error object: schemas is {schemas}"));
    }
    let found = object.get("status");
    (!found.is_some_and(Value::is_string))
        .then(|| format!("the status member of the error is {}, expected a string", quote::found(found)))
}

fn has_error_schema(object: &Value) -> bool {
    let schemas = object.get("schemas").and_then(Value::as_array);
    schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == ERROR_SCHEMA))
}

#[cfg(test)]
mod tests {
    use super::differences;
    use crate::replay::response::Response;

    const ERROR: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}"#;

    fn answer(status: u16, content_type: &str, body: &str) -> Vec<String> {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        differences(&Response::new(status, headers, body.to_owned()))
    }

    fn bare(status: u16, header: (&str, &str)) -> Vec<String> {
        let headers = vec![(header.0.to_owned(), header.1.to_owned())];
        differences(&Response::new(status, headers, String::new()))
    }

    #[test]
    fn a_body_is_scim_json_with_or_without_a_charset() {
        assert!(answer(200, "application/scim+json", "{}").is_empty());
        assert!(answer(200, "Application/SCIM+JSON; charset=utf-8", "{}").is_empty());
        let found = answer(200, "application/json", "{}");
        assert_eq!(found, [r#"Content-Type is "application/json", expected application/scim+json"#]);
        assert_eq!(answer(200, "application/scim+jsonx", "{}").len(), 1);
    }

    #[test]
    fn a_body_without_a_content_type_is_named() {
        let found = differences(&Response::new(200, vec![], "{}".into()));
        assert_eq!(found, ["the body has no Content-Type, expected application/scim+json"]);
    }

    #[test]
    fn a_body_that_is_not_json_is_named() {
        let found = answer(200, "application/scim+json", "{");
        assert!(found[0].starts_with("the body is not JSON: "), "{found:?}");
    }

    #[test]
    fn an_answer_without_a_body_needs_no_content_type() {
        assert!(bare(200, ("x", "y")).is_empty());
        assert!(bare(204, ("content-length", "0")).is_empty());
    }

    #[test]
    fn a_204_has_no_body_and_announces_none() {
        assert_eq!(bare(204, ("content-length", "2")), ["a 204 has a body, expected none"]);
        assert_eq!(bare(204, ("transfer-encoding", "chunked")).len(), 1);
        assert_eq!(answer(204, "application/scim+json", "{}").len(), 1);
    }

    #[test]
    fn an_error_is_a_scim_error_object_whose_status_is_a_string() {
        assert!(answer(404, "application/scim+json", ERROR).is_empty());
        let number = answer(404, "application/scim+json", &ERROR.replace(r#""404""#, "404"));
        assert_eq!(number, ["the status member of the error is 404, expected a string"]);
        let missing = answer(404, "application/scim+json", &ERROR.replace("status", "state"));
        assert_eq!(missing, ["the status member of the error is missing, expected a string"]);
        let other = answer(404, "application/scim+json", r#"{"status":"404"}"#);
        assert_eq!(other, ["the 404 is not a SCIM error object: schemas is missing"]);
        let empty = bare(401, ("x", "y"));
        assert_eq!(empty, ["the body of the 401 is empty, expected a SCIM error object"]);
    }

    #[test]
    fn a_5xx_is_never_right_even_as_a_scim_error_object() {
        assert_eq!(answer(503, "application/scim+json", ERROR), ["status is 503, and a 5xx is never right"]);
    }
}
