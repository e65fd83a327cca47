//! PATCH of a group's members, which become edits instead of document text.

use scim_protocol::ScimType;
use scim_protocol::patch::CollectionEdit;
use scim_protocol::resource_type::ResourceType;
use serde_json::{Value, json};

use crate::fixture::{plan, plan_of_client};

fn add(values: &Value) -> CollectionEdit {
    CollectionEdit::Add(values.as_array().unwrap().clone())
}

fn remove(value: &str) -> CollectionEdit {
    CollectionEdit::Remove(value.to_owned())
}

fn edits(operations: &Value) -> Vec<CollectionEdit> {
    let plan = plan(&ResourceType::group(), operations).unwrap();
    assert!(plan.leaves_document_alone());
    plan.collection
}

#[test]
fn members_come_and_go_one_by_one() {
    let table = [
        (json!({"op": "add", "path": "members", "value": [{"value": "1"}]}), vec![add(&json!([{"value": "1"}]))]),
        (
            json!({"op": "add", "path": "MEMBERS", "value": [{"VALUE": "1", "$ref": "x", "display": "y", "type": "User"}]}),
            vec![add(&json!([{"value": "1", "type": "User"}]))],
        ),
        (json!({"op": "add", "value": {"members": [{"value": "1"}]}}), vec![add(&json!([{"value": "1"}]))]),
        (json!({"op": "add", "path": "members", "value": []}), vec![]),
        (json!({"op": "add", "path": "members", "value": null}), vec![]),
        (json!({"op": "remove", "path": "members[value eq \"1\"]"}), vec![remove("1")]),
        (json!({"op": "remove", "path": "members[value eq \"1\" or value eq \"2\"]"}), vec![remove("1"), remove("2")]),
        (json!({"op": "remove", "path": "members"}), vec![CollectionEdit::Clear]),
        (json!({"op": "replace", "path": "members", "value": []}), vec![CollectionEdit::Clear]),
        (json!({"op": "replace", "path": "members", "value": null}), vec![CollectionEdit::Clear]),
        (
            json!({"op": "replace", "path": "members", "value": [{"value": "1"}, {"value": "1"}]}),
            vec![CollectionEdit::Clear, add(&json!([{"value": "1"}]))],
        ),
        (
            json!({"op": "replace", "value": {"members": [{"value": "1"}]}}),
            vec![CollectionEdit::Clear, add(&json!([{"value": "1"}]))],
        ),
    ];
    for (operation, expected) in table {
        assert_eq!(edits(&json!([operation])), expected, "{operation}");
    }
}

#[test]
fn members_are_removed_by_any_other_filter_too() {
    let edits = edits(&json!([{"op": "remove", "path": "members[type eq \"Group\" and not (value eq \"1\")]"}]));
    let [CollectionEdit::RemoveWhere(condition)] = edits.as_slice() else { panic!("{edits:?}") };
    let matches = |element: Value| condition.matches(element.as_object().unwrap());
    assert!(matches(json!({"value": "2", "type": "group"})));
    assert!(!matches(json!({"value": "1", "type": "Group"})) && !matches(json!({"value": "2", "type": "User"})));
}

#[test]
fn operations_keep_their_order() {
    let operations = json!([
        {"op": "remove", "path": "members[value eq \"1\"]"},
        {"op": "replace", "path": "members", "value": [{"value": "2"}]},
        {"op": "add", "path": "members", "value": [{"value": "1"}]},
    ]);
    let expected = [remove("1"), CollectionEdit::Clear, add(&json!([{"value": "2"}])), add(&json!([{"value": "1"}]))];
    assert_eq!(edits(&operations), expected);
}

#[test]
fn a_member_is_not_changed_in_place() {
    for operation in [
        json!({"op": "replace", "path": "members.value", "value": "x"}),
        json!({"op": "replace", "path": "members[value eq \"1\"].value", "value": "x"}),
        json!({"op": "replace", "path": "members[value eq \"1\"]", "value": {"value": "x"}}),
    ] {
        let fault = plan(&ResourceType::group(), &json!([operation])).unwrap_err();
        assert_eq!(fault.scim_type, Some(ScimType::Mutability), "{operation}");
    }
}

#[test]
fn the_names_clients_give_members_are_passed_over_and_named_once() {
    let members = json!([{"value": "1", "display": "Ada"}, {"value": "2", "display": "Bela"}]);
    let operations = json!([{"op": "add", "path": "members", "value": members}]);
    let plan = plan(&ResourceType::group(), &operations).unwrap();
    assert_eq!(plan.collection, [add(&json!([{"value": "1"}, {"value": "2"}]))]);
    assert_eq!(plan.ignored, ["members.display"]);
}

#[test]
fn a_removal_that_is_not_understood_does_not_empty_the_group() {
    for value in
        [json!([{"display": "Ada"}]), json!([{"value": 7}]), json!({"$ref": "../Users/1"}), json!([null]), json!(7)]
    {
        let operation = json!([{"op": "remove", "path": "members", "value": value}]);
        for planned in [plan(&ResourceType::group(), &operation), plan_of_client(&ResourceType::group(), &operation)] {
            assert_eq!(planned.unwrap_err().scim_type, Some(ScimType::InvalidValue), "{value}");
        }
    }
}
