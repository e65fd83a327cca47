//! What a PATCH is refused for, and that the refusal says where.

use scim_protocol::patch::{PatchRequest, Plan, Reading};
use scim_protocol::resource_type::ResourceType;
use scim_protocol::{Fault, ScimType};
use serde_json::{Value, json};

use crate::fixture::{ENTERPRISE, ada, applied, badge, message, patched, plan};

#[track_caller]
fn assert_fault(fault: &Fault, kind: ScimType, operation: &Value) {
    assert_eq!((fault.status, fault.scim_type), (400, Some(kind)), "{operation}: {fault}");
}

/// Each operation by itself is refused with this keyword.
#[track_caller]
fn refused(kind: ScimType, operations: &[Value]) {
    for operation in operations {
        let fault = patched(&ada(), &json!([operation])).unwrap_err();
        assert_fault(&fault, kind, operation);
    }
}

#[test]
fn what_selects_nothing_has_no_target() {
    refused(
        ScimType::NoTarget,
        &[
            json!({"op": "remove"}),
            json!({"op": "remove", "path": ""}),
            json!({"op": "replace", "path": "emails[type sw \"x\"].value", "value": "x"}),
            json!({"op": "add", "path": "emails[type eq \"x\" or type eq \"y\"]", "value": {"value": "x"}}),
            json!({"op": "add", "path": "emails[not (value pr)].value", "value": "x"}),
            // What would be made is not what the filter asks for.
            json!({"op": "replace", "path": "emails[value eq \"gone\"].value", "value": "x"}),
            json!({"op": "replace", "path": "emails[type eq \"a\" and type eq \"b\"].value", "value": "x"}),
        ],
    );
}

#[test]
fn what_must_stay_is_not_changed() {
    refused(
        ScimType::Mutability,
        &[
            json!({"op": "remove", "path": "userName"}),
            json!({"op": "replace", "path": "userName", "value": null}),
            json!({"op": "replace", "value": {"userName": null}}),
            json!({"op": "replace", "path": "id", "value": "x"}),
            json!({"op": "replace", "path": "meta.version", "value": "x"}),
            json!({"op": "add", "path": "groups", "value": [{"value": "g"}]}),
            json!({"op": "remove", "path": "groups[value eq \"g\"]"}),
            json!({"op": "replace", "path": format!("{ENTERPRISE}:manager.displayName"), "value": "x"}),
        ],
    );
}

#[test]
fn values_that_do_not_fit() {
    refused(
        ScimType::InvalidValue,
        &[
            json!({"op": "add", "path": "title"}),
            json!({"op": "replace"}),
            json!({"op": "replace", "value": "x"}),
            json!({"op": "replace", "value": null}),
            json!({"op": "replace", "path": "userName", "value": " "}),
            json!({"op": "replace", "path": "active", "value": "yes"}),
            json!({"op": "replace", "path": "title", "value": {"x": 1}}),
            json!({"op": "replace", "path": "name", "value": "x"}),
            json!({"op": "add", "path": "emails", "value": {"value": "x"}}),
            json!({"op": "add", "path": "emails[type eq \"work\"]", "value": "x"}),
            json!({"op": "add", "path": "emails", "value": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}),
            json!({"op": "add", "path": ENTERPRISE, "value": "x"}),
            json!({"op": "add", "path": "password", "value": 1}),
            json!({"op": "remove", "path": "emails", "value": [{"display": "x"}]}),
        ],
    );
}

#[test]
fn paths_that_are_none() {
    refused(
        ScimType::InvalidPath,
        &[
            json!({"op": "add", "path": "a b", "value": 1}),
            json!({"op": "add", "path": "name.given.x", "value": 1}),
            json!({"op": "add", "path": "name[givenName eq \"x\"].familyName", "value": "x"}),
            json!({"op": "add", "path": "userName[value eq \"x\"]", "value": "x"}),
            json!({"op": "add", "path": "emails.type[value eq \"x\"]", "value": "x"}),
        ],
    );
}

#[test]
fn filters_that_cannot_be_asked() {
    refused(
        ScimType::InvalidFilter,
        &[
            json!({"op": "add", "path": "emails[type foo \"x\"].value", "value": "x"}),
            json!({"op": "add", "path": "emails[colour eq \"x\"].value", "value": "x"}),
            json!({"op": "add", "path": "emails[primary eq \"yes\"].value", "value": "x"}),
        ],
    );
}

#[test]
fn operations_that_are_none() {
    refused(
        ScimType::InvalidSyntax,
        &[
            json!({"op": "move", "path": "title", "value": "x"}),
            json!({"path": "title", "value": "x"}),
            json!({"op": "add", "path": 7, "value": "x"}),
            json!("add"),
        ],
    );
}

#[test]
fn one_bad_operation_among_ten_is_named_and_spoils_all() {
    for bad in [
        json!({"op": "remove"}),
        json!({"op": "add", "path": "emails[type foo]", "value": "x"}),
        json!({"op": "replace", "path": "id", "value": "x"}),
        json!({"op": "replace", "path": "userName", "value": ""}),
        json!({"op": "replace", "path": "emails[type sw \"x\"].value", "value": "x"}),
        json!("x"),
    ] {
        let mut operations = vec![json!({"op": "replace", "path": "title", "value": "Dr"}); 10];
        operations[6] = bad;
        let fault = patched(&ada(), &json!(operations)).unwrap_err();
        assert!(fault.detail.starts_with("Operations[6]: "), "{fault}");
    }
}

#[test]
fn messages_that_are_no_patch() {
    for message in [
        json!([]),
        json!({"Operations": []}),
        json!({"schemas": ["urn:x:y"], "Operations": []}),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": {"op": "add"}}),
    ] {
        assert_fault(&PatchRequest::read(message.clone()).unwrap_err(), ScimType::InvalidSyntax, &message);
    }
    assert!(PatchRequest::read(message(&json!([]))).is_ok());
}

#[test]
fn what_is_immutable_is_set_once() {
    let badge = badge();
    let before = json!({"serial": "1", "chip": {"serial": "2"}});
    for (operation, allowed) in [
        (json!({"op": "add", "path": "serial", "value": "1"}), true),
        (json!({"op": "replace", "path": "serial", "value": "9"}), false),
        (json!({"op": "remove", "path": "serial"}), false),
        (json!({"op": "replace", "path": "chip.serial", "value": "9"}), false),
        (json!({"op": "replace", "path": "chip", "value": {"maker": "M"}}), true),
        (json!({"op": "remove", "path": "chip"}), false),
    ] {
        let plan = plan(&badge, &json!([operation])).unwrap();
        match applied(&badge, &plan, &before) {
            Ok(_) => assert!(allowed, "{operation}"),
            Err(fault) if allowed => panic!("{operation}: {fault}"),
            Err(fault) => assert_fault(&fault, ScimType::Mutability, &operation),
        }
    }
    let first = plan(&badge, &json!([{"op": "add", "path": "serial", "value": "1"}])).unwrap();
    assert!(applied(&badge, &first, &json!({})).is_ok());
}

#[test]
fn a_required_sub_attribute_of_a_selected_value_stays() {
    let removal = json!([{"op": "remove", "path": "doors[value eq \"1\"].value"}]);
    assert_fault(&plan(&badge(), &removal).unwrap_err(), ScimType::Mutability, &removal);
}

#[test]
fn a_group_keeps_its_name() {
    let group = ResourceType::group();
    for operation in
        [json!({"op": "remove", "path": "displayName"}), json!({"op": "replace", "value": {"displayName": null}})]
    {
        assert_fault(&plan(&group, &json!([operation])).unwrap_err(), ScimType::Mutability, &operation);
    }
}

/// Where the RFC's letter and common clients disagree (scim-checklist.md); the lenient reading is in `patch` and `clients`.
#[test]
fn strict_reading_keeps_to_the_letter() {
    let user = ResourceType::user();
    let read = |operation: &Value, reading| {
        let request = PatchRequest::read(message(&json!([operation]))).unwrap();
        Plan::new(&user, request, reading).and_then(|plan| applied(&user, &plan, &ada()))
    };
    for (operation, kind) in [
        (json!({"op": "add", "path": "emails[type eq \"other\"].value", "value": "x"}), ScimType::NoTarget),
        (json!({"op": "replace", "path": "emails[type eq \"other\"]", "value": {"value": "x"}}), ScimType::NoTarget),
        (json!({"op": "add", "path": "shoeSize", "value": 43}), ScimType::InvalidPath),
        (json!({"op": "replace", "path": "name.shoeSize", "value": 43}), ScimType::InvalidPath),
        (json!({"op": "remove", "path": "urn:x:y:shoeSize"}), ScimType::InvalidPath),
    ] {
        assert!(read(&operation, Reading::Lenient).is_ok(), "{operation}");
        assert_fault(&read(&operation, Reading::Strict).unwrap_err(), kind, &operation);
    }
}
