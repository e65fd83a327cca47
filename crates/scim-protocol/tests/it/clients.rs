//! What Entra (without and with its flag) and Okta send, through the dialects: client-behaviour.md §4 d–j, §6.

use scim_protocol::patch::CollectionEdit;
use scim_protocol::resource_type::ResourceType;
use serde_json::{Value, json};

use crate::fixture::{ENTERPRISE, ada, applied, assert_case, plan_of_client};

fn user(before: &Value, operations: &Value) -> Value {
    let user = ResourceType::user();
    let plan = plan_of_client(&user, operations).unwrap_or_else(|fault| panic!("{fault}: {operations}"));
    assert_eq!(plan.ignored, Vec::<String>::new(), "{operations}");
    applied(&user, &plan, before).unwrap_or_else(|fault| panic!("{fault}: {operations}"))
}

fn group(operations: &Value) -> Vec<CollectionEdit> {
    plan_of_client(&ResourceType::group(), operations).unwrap().collection
}

fn urn(name: &str) -> String {
    format!("{ENTERPRISE}:{name}")
}

/// Both forms of one change, each with its result.
fn both(name: &str, before: &Value, no_flag: &Value, flag: &Value, after: &Value) {
    assert_case(&format!("{name}, no flag"), Ok(user(before, no_flag)), after);
    assert_case(&format!("{name}, flag"), Ok(user(before, flag)), after);
}

#[test]
fn entra_updates() {
    let after = json!({
        "userName": "ada", "displayName": "Ada L.", "nickName": "A",
        "name": {"givenName": "Eda", "familyName": "Lund"},
        "emails": [
            {"type": "work", "value": "new@work.example", "primary": true},
            {"type": "home", "value": "ada@home.example"},
        ],
        ENTERPRISE: {"department": "Lab", "manager": {"value": "m-1"}, "employeeNumber": "F-2"},
    });
    both(
        "update",
        &ada(),
        &json!([
            {"op": "Replace", "path": "displayName", "value": "Ada L."},
            {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "new@work.example"},
            {"op": "Replace", "path": "name.givenName", "value": "Eda"},
            {"op": "Replace", "path": "name.familyName", "value": "Lund"},
            {"op": "Replace", "path": urn("employeeNumber"), "value": "F-2"},
            {"op": "Add", "path": "nickName", "value": "A"},
        ]),
        &json!([
            {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@work.example"},
            {"op": "replace", "value": {
                "displayName": "Ada L.", "name.givenName": "Eda", "name.familyName": "Lund", urn("employeeNumber"): "F-2",
            }},
            {"op": "add", "path": "nickName", "value": "A"},
        ]),
        &after,
    );
}

#[test]
fn entra_inserts_what_its_filter_does_not_find() {
    let after = json!({
        "userName": "gil",
        "phoneNumbers": [{"type": "mobile", "value": "1"}, {"type": "fax", "value": "2"}],
        "addresses": [{"type": "other", "formatted": "B7"}],
        "emails": [{"type": "other", "value": "o"}],
    });
    let operations = |add: &str, replace: &str| {
        json!([
            {"op": add, "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"},
            {"op": replace, "path": "phoneNumbers[type eq \"fax\"].value", "value": "2"},
            {"op": add, "path": "addresses[type eq \"other\"].Formatted", "value": "B7"},
            {"op": add, "path": "emails[type eq \"other\"].Value", "value": "o"},
        ])
    };
    both("upsert", &json!({"userName": "gil"}), &operations("Add", "Replace"), &operations("add", "replace"), &after);
}

#[test]
fn entra_disables_and_enables() {
    for (active, no_flag, flag) in [(false, json!("False"), json!(false)), (true, json!("True"), json!(true))] {
        both(
            "active",
            &json!({"userName": "jan", "active": !active}),
            &json!([{"op": "Replace", "path": "active", "value": no_flag}]),
            &json!([{"op": "replace", "value": {"active": flag, "userName": "jan"}}]),
            &json!({"userName": "jan", "active": active}),
        );
    }
    let old_sample = json!([{"op": "Replace", "path": "active", "value": false}]);
    assert_case("capitals, boolean", Ok(user(&ada(), &old_sample)), &{
        let mut ada = ada();
        ada["active"] = json!(false);
        ada
    });
}

#[test]
fn entra_clears_with_empty_text_and_with_null() {
    let before = json!({
        "userName": "a", "title": "T", "active": true, "name": {"givenName": "A", "familyName": "B"},
        "emails": [{"type": "work", "value": "x"}], ENTERPRISE: {"department": "Lab", "manager": {"value": "m"}},
    });
    let clear = |nothing: Value| {
        json!([
            {"op": "replace", "path": "emails[type eq \"work\"].value", "value": nothing},
            {"op": "replace", "path": "title", "value": nothing},
            {"op": "replace", "path": "name.givenName", "value": nothing},
            {"op": "replace", "path": urn("department"), "value": nothing},
            {"op": "replace", "path": urn("manager"), "value": nothing},
            {"op": "replace", "path": "active", "value": nothing},
        ])
    };
    let flat = |nothing: Value| {
        json!([
            {"op": "replace", "path": "emails[type eq \"work\"].value", "value": nothing},
            {"op": "replace", "value": {
                "title": nothing, "name.givenName": nothing, urn("department"): nothing, urn("manager"): nothing,
                "active": nothing,
            }},
        ])
    };
    both(
        "null",
        &before,
        &clear(json!(null)),
        &flat(json!(null)),
        &json!({"userName": "a", "name": {"familyName": "B"}}),
    );
    let empty = json!({
        "userName": "a", "title": "", "name": {"givenName": "", "familyName": "B"},
        "emails": [{"type": "work", "value": ""}], ENTERPRISE: {"department": ""},
    });
    both("empty text", &before, &clear(json!("")), &flat(json!("")), &empty);
    both(
        "first one, then the other",
        &empty,
        &clear(json!(null)),
        &flat(json!(null)),
        &json!({"userName": "a", "name": {"familyName": "B"}}),
    );
}

#[test]
fn entra_sets_and_removes_managers() {
    let after = |manager: Value| {
        let mut ada = ada();
        ada[ENTERPRISE]["manager"] = manager;
        ada
    };
    for operation in [
        json!({"op": "Add", "path": urn("manager"), "value": "m-2"}),
        json!({"op": "replace", "path": urn("manager"), "value": {"value": "m-2"}}),
        json!({"op": "Add", "path": "manager", "value": [{"$ref": "https://x/Users/m-2", "value": "m-2"}]}),
        json!({"op": "Replace", "path": urn("manager.value"), "value": "m-2"}),
        json!({"op": "add", "value": {urn("manager"): "m-2"}}),
        json!({"op": "add", "value": {urn("manager.value"): "m-2"}}),
        json!({"op": "add", "value": {ENTERPRISE: {"manager": "m-2"}}}),
        json!({"op": "replace", "path": ENTERPRISE, "value": {"manager": "m-2"}}),
    ] {
        assert_case(&operation.to_string(), Ok(user(&ada(), &json!([operation]))), &after(json!({"value": "m-2"})));
    }
    let mut without = ada();
    without[ENTERPRISE] = json!({"department": "Lab"});
    for operation in [
        json!({"op": "Remove", "path": urn("manager")}),
        json!({"op": "Remove", "path": urn("manager"), "value": [{"value": "m-1"}]}),
        json!({"op": "Remove", "path": "manager", "value": "m-1"}),
        json!({"op": "Replace", "path": urn("manager"), "value": ""}),
        json!({"op": "replace", "value": {urn("manager"): ""}}),
    ] {
        assert_case(&operation.to_string(), Ok(user(&ada(), &json!([operation]))), &without);
        assert_case("again", Ok(user(&without, &json!([operation]))), &without);
    }
}

#[test]
fn entra_changes_roles() {
    let role = |value: &str| json!({"userName": "a", "roles": [{"primary": true, "value": value}]});
    for op in ["Replace", "Add", "replace", "add"] {
        let operation = json!([{"op": op, "path": "roles[primary eq \"True\"].value", "value": "Admin"}]);
        assert_case("replaced, not appended", Ok(user(&role("Viewer"), &operation)), &role("Admin"));
        assert_case("made", Ok(user(&json!({"userName": "a"}), &operation)), &role("Admin"));
    }
    let text = "{\"id\":\"1\",\"value\":\"Billing\"}";
    assert_case(
        "JSON text inside the value",
        Ok(user(&role("Viewer"), &json!([{"op": "Add", "path": "roles", "value": [{"value": text}]}]))),
        &json!({"userName": "a", "roles": [{"primary": true, "value": "Viewer"}, {"value": text}]}),
    );
    let list = json!([{"primary": false, "type": "WindowsAzureActiveDirectoryRole", "display": "A", "value": "A"}]);
    assert_case(
        "assertive",
        Ok(user(&role("Viewer"), &json!([{"op": "replace", "path": "roles", "value": list}]))),
        &json!({"userName": "a", "roles": list}),
    );
}

#[test]
fn entra_and_okta_change_members() {
    let remove = |value: &str| CollectionEdit::Remove(value.to_owned());
    let add = |value: Value| CollectionEdit::Add(vec![value]);
    let by_list = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "1"}, {"$ref": null, "value": "2"}]}]);
    let by_filter = json!([{"op": "remove", "path": "members[value eq \"1\"]"}, {"op": "remove", "path": "members[value eq \"2\"]"}]);
    assert_eq!(group(&by_list), [remove("1"), remove("2")]);
    assert_eq!(group(&by_filter), [remove("1"), remove("2")]);
    assert_eq!(
        group(&json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": "1"}]}])),
        [add(json!({"value": "1"}))]
    );
    let okta = json!([
        {"op": "remove", "path": "members[value eq \"1\"]"},
        {"op": "add", "path": "members", "value": [{"value": "3", "display": "mem3"}]},
    ]);
    assert_eq!(group(&okta), [remove("1"), add(json!({"value": "3"}))]);
}

#[test]
fn okta_renames_and_pushes() {
    let group = ResourceType::group();
    let push = json!([{"op": "replace", "value": {"id": "g", "displayName": "Pushed", "members": []}}]);
    let plan = plan_of_client(&group, &push).unwrap();
    assert_eq!((plan.collection.as_slice(), plan.ignored.len()), ([CollectionEdit::Clear].as_slice(), 0));
    assert_case("renamed", applied(&group, &plan, &json!({"displayName": "Push"})), &json!({"displayName": "Pushed"}));
    assert_case(
        "deactivate and password sync",
        Ok(user(
            &json!({"userName": "d"}),
            &json!([{"op": "replace", "value": {"active": false}}, {"op": "replace", "value": {"password": "x"}}]),
        )),
        &json!({"userName": "d", "active": false}),
    );
}
