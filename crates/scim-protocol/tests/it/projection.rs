//! `returned` of sub-attributes, which no schema of RFC 7643 makes use of (RFC 7643 §7, RFC 7644 §3.9).

use scim_protocol::projection::Projection;
use scim_protocol::resource_type::ResourceType;
use serde_json::{Value, json};

use crate::fixture::badge;

fn project(resource_type: &ResourceType, document: &Value, attributes: &str, excluded: &str) -> Value {
    let projection = Projection::new(resource_type, attributes, excluded).unwrap();
    Value::Object(projection.apply(resource_type, document.as_object().unwrap().clone()))
}

#[test]
fn sub_attributes_are_returned_as_they_declare() {
    let document = json!({
        "note": "n", "secret": "s", "chip": {"maker": "M", "secret": "s"},
        "doors": [{"value": "1", "label": "A", "floor": "2", "secret": "s"}],
    });
    for (attributes, excluded, expected) in [
        ("", "", json!({"chip": {"maker": "M"}, "doors": [{"value": "1", "label": "A"}]})),
        ("doors", "", json!({"doors": [{"value": "1", "label": "A"}]})),
        ("doors.floor", "", json!({"doors": [{"label": "A", "floor": "2"}]})),
        ("doors,doors.floor", "", json!({"doors": [{"value": "1", "label": "A", "floor": "2"}]})),
        ("doors.secret,chip.secret,note", "", json!({"note": "n", "doors": [{"label": "A"}]})),
        ("", "doors.value,doors.label", json!({"chip": {"maker": "M"}, "doors": [{"label": "A"}]})),
        ("", "doors,chip.maker", json!({})),
    ] {
        assert_eq!(project(&badge(), &document, attributes, excluded), expected, "{attributes} -{excluded}");
    }
}

#[test]
fn nothing_empty_is_returned() {
    let document = json!({"name": {"givenName": "A"}, "emails": [{"value": "x"}, {"value": "y", "display": "Y"}]});
    let user = ResourceType::user();
    assert_eq!(project(&user, &document, "name.familyName,emails.display", ""), json!({"emails": [{"display": "Y"}]}));
    assert_eq!(project(&user, &document, "", "name.givenName,emails"), json!({}));
}

#[test]
fn the_urn_of_the_core_schema_means_all_of_it() {
    use scim_protocol::projection::Projection;
    use scim_protocol::resource_type::ResourceType;
    use scim_protocol::urn;
    let user = ResourceType::user();
    let document = serde_json::json!({
        "schemas": [urn::USER], "id": "1", "userName": "ada", "title": "x", urn::ENTERPRISE_USER: {"department": "Lab"},
    });
    let projection = Projection::new(&user, urn::USER, "").unwrap();
    let kept = projection.apply(&user, document.as_object().unwrap().clone());
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["schemas", "id", "userName", "title"]);
    assert!(projection.wants("groups"));
}
