use serde_json::{Value, from_value, json};

use super::Assertion;

fn body() -> Value {
    json!({
        "id": "7", "userName": "Ada@Contoso.example", "active": true, "none": null,
        "blank": "", "zero": 0, "no": false, "list": [], "object": {},
        "totalResults": 3, "name": {"givenName": "Ada", "familyName": "Lund"},
        "schemas": ["urn:a", "urn:b"],
        "emails": [{"type": "work", "value": "a@x", "primary": true}, {"type": "home", "value": "b@x"}],
    })
}

fn difference(assertion: Value) -> Option<String> {
    from_value::<Assertion>(assertion).unwrap().difference(Some(&body()))
}

fn holds(pointer: &str, claim: &str, value: impl Into<Value>) -> bool {
    difference(json!({"ptr": pointer, claim: value.into()})).is_none()
}

#[test]
fn equals_compares_deeply_and_needs_the_value_to_be_there() {
    assert!(holds("/id", "equals", "7"));
    assert!(holds("/name", "equals", json!({"familyName": "Lund", "givenName": "Ada"})));
    assert!(holds("/totalResults", "equals", 3.0));
    assert!(holds("/none", "equals", Value::Null));
    assert!(!holds("/id", "equals", 7));
    assert!(!holds("/name", "equals", json!({"givenName": "Ada"})));
    assert!(!holds("/schemas", "equals", json!(["urn:b", "urn:a"])));
    assert!(!holds("/absent", "equals", Value::Null));
}

#[test]
fn equals_ci_compares_strings_in_any_case() {
    assert!(holds("/userName", "equals_ci", "ADA@contoso.EXAMPLE"));
    assert!(!holds("/userName", "equals_ci", "ada@contoso"));
    assert!(!holds("/active", "equals_ci", "true"));
    assert!(!holds("/absent", "equals_ci", ""));
}

#[test]
fn not_equals_holds_for_anything_else_and_for_nothing() {
    assert!(holds("/id", "not_equals", "8"));
    assert!(holds("/absent", "not_equals", "8"));
    assert!(!holds("/id", "not_equals", "7"));
}

#[test]
fn present_means_there_and_not_null() {
    assert!(holds("/id", "present", true) && holds("/blank", "present", true));
    assert!(!holds("/none", "present", true) && !holds("/absent", "present", true));
    assert!(holds("/none", "present", false) && holds("/absent", "present", false));
    assert!(!holds("/id", "present", false) && !holds("/blank", "present", false));
}

#[test]
fn empty_means_missing_null_or_without_content() {
    for pointer in ["/absent", "/none", "/blank", "/list", "/object"] {
        assert!(holds(pointer, "empty", true), "{pointer}");
        assert!(!holds(pointer, "empty", false), "{pointer}");
    }
    for pointer in ["/id", "/zero", "/no", "/schemas", "/name"] {
        assert!(!holds(pointer, "empty", true), "{pointer}");
        assert!(holds(pointer, "empty", false), "{pointer}");
    }
}

#[test]
fn count_is_the_length_of_an_array_and_zero_also_means_missing() {
    assert!(holds("/emails", "count", 2) && holds("/list", "count", 0) && holds("/absent", "count", 0));
    assert!(!holds("/emails", "count", 1) && !holds("/emails", "count", 0));
    assert!(!holds("/absent", "count", 1) && !holds("/none", "count", 0) && !holds("/blank", "count", 0));
}

#[test]
fn at_least_and_at_most_compare_numbers() {
    assert!(holds("/totalResults", "at_least", 3) && !holds("/totalResults", "at_least", 4));
    assert!(holds("/totalResults", "at_most", 3) && !holds("/totalResults", "at_most", 2));
    assert!(!holds("/id", "at_least", 1) && !holds("/absent", "at_most", 1));
}

#[test]
fn has_finds_an_equal_element_or_an_object_with_at_least_the_members() {
    assert!(holds("/schemas", "has", "urn:b"));
    assert!(holds("/emails", "has", json!({"type": "work", "value": "a@x"})));
    assert!(!holds("/schemas", "has", "urn:c"));
    assert!(!holds("/emails", "has", json!({"type": "work", "value": "b@x"})));
    assert!(!holds("/absent", "has", "urn:a") && !holds("/id", "has", "7"));
}

#[test]
fn has_not_is_the_opposite_of_has() {
    assert!(holds("/schemas", "has_not", "urn:c") && holds("/absent", "has_not", "urn:a"));
    assert!(holds("/emails", "has_not", json!({"type": "other"})));
    assert!(!holds("/emails", "has_not", json!({"type": "home"})));
}

#[test]
fn matches_finds_a_regular_expression_in_a_string() {
    assert!(holds("/userName", "matches", "^Ada@") && holds("/userName", "matches", "Contoso"));
    assert!(!holds("/userName", "matches", "^ada@"));
    assert!(!holds("/totalResults", "matches", "^3$"));
    assert!(!holds("/userName", "matches", "("));
}

#[test]
fn without_json_everything_is_missing() {
    let assertion: Assertion = from_value(json!({"ptr": "/id", "present": true})).unwrap();
    assert_eq!(assertion.difference(None).unwrap(), "/id is missing, expected a value");
}

#[test]
fn a_difference_is_one_readable_sentence() {
    let sentence =
        |pointer: &str, claim: &str, value: Value| difference(json!({"ptr": pointer, claim: value})).unwrap();
    assert_eq!(sentence("/id", "equals", json!("8")), r#"/id is "7", expected "8""#);
    assert_eq!(
        sentence("/schemas", "count", json!(1)),
        r#"/schemas is ["urn:a","urn:b"], expected an array of 1 element"#
    );
    assert_eq!(sentence("/zero", "at_least", json!(5)), "/zero is 0, expected a number of at least 5");
    let noted = difference(json!({"ptr": "/blank", "present": false, "note": "not even blank"})).unwrap();
    assert_eq!(noted, r#"/blank is "", expected no value (missing or null) (not even blank)"#);
}

#[test]
fn an_assertion_has_a_pointer_and_exactly_one_claim() {
    assert!(from_value::<Assertion>(json!({"ptr": "/id"})).is_err());
    assert!(from_value::<Assertion>(json!({"equals": 1})).is_err());
    assert!(from_value::<Assertion>(json!({"ptr": "/id", "equals": 1, "present": true})).is_err());
    assert!(from_value::<Assertion>(json!({"ptr": "/id", "equal": 1})).is_err());
}

#[test]
fn an_assertion_survives_being_written_and_read_again() {
    for claim in [json!({"ptr": "/a", "equals": null}), json!({"ptr": "/a", "at_least": 1, "note": "n"})] {
        let assertion: Assertion = from_value(claim.clone()).unwrap();
        let written = serde_json::to_value(&assertion).unwrap();
        let again: Assertion = from_value(written).unwrap();
        assert_eq!(format!("{assertion:?}"), format!("{again:?}"));
    }
}
