//! What is given twice, names nobody or asks for too much is refused, never half read.

use scim_protocol::resource_type::ResourceType;
use scim_protocol::{Fault, ScimType, dialect, urn, validate};
use serde_json::{Value, json};

use crate::fixture::{ada, applied, patched, plan_of_client};

fn posted(resource_type: &ResourceType, mut body: Value) -> Result<(), Fault> {
    body["schemas"] = json!([resource_type.schema.id]);
    dialect::document(resource_type, &mut body)?;
    validate::document(resource_type, body).map(drop)
}

fn patched_by_client(operation: &Value) -> Result<Value, Fault> {
    let user = ResourceType::user();
    applied(&user, &plan_of_client(&user, &json!([operation]))?, &ada())
}

#[test]
fn two_spellings_of_one_attribute_are_refused_wherever_they_stand() {
    let extension = urn::ENTERPRISE_USER;
    for body in [
        json!({"userName": "a", "title": null, "TITLE": "b"}),
        json!({"userName": "a", "name": {"givenName": "x", "GIVENNAME": "y"}}),
        json!({"userName": "a", "name.givenName": "x", "NAME.GIVENNAME": "y"}),
        json!({"userName": "a", "name": {"givenName": "x"}, "name.givenName": "y"}),
        json!({"userName": "a", format!("{}:userName", urn::USER): "b"}),
        json!({"userName": "a", extension: {"department": "x"}, format!("{extension}:department"): "y"}),
    ] {
        let fault = posted(&ResourceType::user(), body.clone()).unwrap_err();
        assert_eq!(fault.scim_type, Some(ScimType::InvalidSyntax), "POST {body}: {fault}");
        let fault = patched_by_client(&json!({"op": "replace", "value": body})).unwrap_err();
        assert_eq!(fault.scim_type, Some(ScimType::InvalidSyntax), "PATCH {body}: {fault}");
        assert!(fault.detail.starts_with("Operations[0]"), "{fault}");
    }
    for operation in [
        json!({"op": "add", "OP": "remove", "path": "title", "value": "x"}),
        json!({"op": "replace", "path": "name", "value": {"givenName": "x", "givenname": "y"}}),
        json!({"op": "replace", "path": extension, "value": {"department": "x", "Department": "y"}}),
    ] {
        let fault = patched_by_client(&operation).unwrap_err();
        assert_eq!(fault.scim_type, Some(ScimType::InvalidSyntax), "{operation}: {fault}");
    }
}

#[test]
fn a_member_that_names_nobody_is_refused_and_not_left_out() {
    let group = ResourceType::group();
    for member in [json!({}), json!({"display": "x"}), json!({"value": null}), json!({"$ref": ""}), json!(null)] {
        let fault = posted(&group, json!({"displayName": "g", "members": [member]})).unwrap_err();
        assert_eq!(fault.scim_type, Some(ScimType::InvalidValue), "{member}");
        for kind in ["add", "replace"] {
            let operation = json!([{"op": kind, "path": "members", "value": [member]}]);
            let fault = plan_of_client(&group, &operation).unwrap_err();
            assert_eq!(fault.scim_type, Some(ScimType::InvalidValue), "{kind} {member}");
        }
    }
}

#[test]
fn operations_that_look_at_too_many_values_together_are_refused() {
    let addresses = |count: usize| -> Value { (0..count).map(|it| json!({"value": format!("{it}@x")})).collect() };
    let many: Vec<Value> = std::iter::once(json!({"op": "replace", "path": "emails", "value": addresses(2_000)}))
        .chain((0..1_000).map(|it| json!({"op": "remove", "path": format!("emails[value eq \"{it}@y\"]")})))
        .collect();
    let fault = patched(&ada(), &json!(many)).unwrap_err();
    assert!(fault.detail.starts_with("Operations[") && fault.detail.contains("several requests"), "{fault}");
    assert!(patched(&ada(), &json!(many[..100])).is_ok());
}

#[test]
fn a_whole_resource_is_no_target_of_a_removal() {
    let fault = patched_by_client(&json!({"op": "remove", "path": urn::USER})).unwrap_err();
    assert_eq!(fault.scim_type, Some(ScimType::NoTarget));
}
