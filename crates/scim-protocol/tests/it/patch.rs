//! RFC 7644 §3.5.2.1–3.5.2.3 row by row: (what, the user before, the operations, the user after). Members are in
//! `members.rs`, refusals in `faults.rs`, what clients really send in `clients.rs`.
//!
//! This file is long because it is one table.

use scim_protocol::resource_type::ResourceType;
use serde_json::{Value, json};

use crate::fixture::{ENTERPRISE, ada, applied, assert_case, badge, patched, plan};

fn check(table: &[(&str, Value, Value, Value)]) {
    for (name, before, operations, after) in table {
        assert_case(name, patched(before, operations), after);
    }
}

/// Ada with some attributes set to other values; null takes one away.
fn ada_with(changes: &Value) -> Value {
    let mut ada = ada();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(ada.as_object_mut().unwrap().shift_remove(name)),
            value => ada[name] = value.clone(),
        }
    }
    ada
}

fn work(value: &str) -> Value {
    json!({"type": "work", "value": value, "primary": true})
}

fn home() -> Value {
    json!({"type": "home", "value": "ada@home.example"})
}

#[test]
fn add_to_single_valued_attributes() {
    check(&[
        ("sets", ada(), json!([{"op": "add", "path": "title", "value": "Dr"}]), ada_with(&json!({"title": "Dr"}))),
        (
            "replaces",
            ada(),
            json!([{"op": "add", "path": "userName", "value": "eda"}]),
            ada_with(&json!({"userName": "eda"})),
        ),
        ("the same again", ada(), json!([{"op": "add", "path": "userName", "value": "ada"}]), ada()),
        (
            "a sub-attribute",
            ada(),
            json!([{"op": "add", "path": "name.middleName", "value": "B"}]),
            ada_with(&json!({"name": {"givenName": "Ada", "familyName": "Quill", "middleName": "B"}})),
        ),
        (
            "a sub-attribute of nothing yet",
            json!({"userName": "a"}),
            json!([{"op": "add", "path": "name.givenName", "value": "A"}]),
            json!({"userName": "a", "name": {"givenName": "A"}}),
        ),
        (
            "a complex value leaves what it does not name",
            ada(),
            json!([{"op": "add", "path": "name", "value": {"givenName": "Eda"}}]),
            ada_with(&json!({"name": {"givenName": "Eda", "familyName": "Quill"}})),
        ),
        (
            "null adds nothing",
            ada(),
            json!([
                {"op": "add", "path": "name.givenName", "value": null},
                {"op": "add", "path": "name", "value": {"familyName": null}},
                {"op": "add", "path": "emails", "value": []},
                {"op": "add", "path": ENTERPRISE, "value": null},
            ]),
            ada(),
        ),
        (
            "any case of names",
            ada(),
            json!([{"op": "ADD", "path": "NAME.GIVENNAME", "value": "Eda"}]),
            ada_with(&json!({"name": {"givenName": "Eda", "familyName": "Quill"}})),
        ),
        (
            "the core URN may be written out",
            ada(),
            json!([{"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "value": "Eda"}]),
            ada_with(&json!({"name": {"givenName": "Eda", "familyName": "Quill"}})),
        ),
    ]);
}

#[test]
fn add_to_multi_valued_attributes() {
    check(&[
        (
            "appends",
            ada(),
            json!([{"op": "add", "path": "emails", "value": [{"type": "other", "value": "o"}]}]),
            ada_with(&json!({"emails": [work("ada@work.example"), home(), {"type": "other", "value": "o"}]})),
        ),
        ("not what is there", ada(), json!([{"op": "add", "path": "emails", "value": [home()]}]), ada()),
        (
            "what is there is brought up to date",
            ada(),
            json!([{"op": "add", "path": "emails", "value": [{"type": "home", "value": "ada@home.example", "display": "H"}]}]),
            ada_with(&json!({"emails": [
                work("ada@work.example"), {"type": "home", "value": "ada@home.example", "display": "H"},
            ]})),
        ),
        (
            "an address in another order of members is the same address",
            json!({"userName": "a", "addresses": [{"type": "work", "locality": "Mons", "primary": true}]}),
            json!([{"op": "add", "path": "addresses", "value": [{"locality": "Mons", "type": "work"}]}]),
            json!({"userName": "a", "addresses": [{"type": "work", "locality": "Mons", "primary": true}]}),
        ),
        (
            "a new primary value takes the mark",
            ada(),
            json!([{"op": "add", "path": "emails", "value": [{"type": "other", "value": "o", "primary": true}]}]),
            ada_with(&json!({"emails": [
                {"type": "work", "value": "ada@work.example", "primary": false}, home(),
                {"type": "other", "value": "o", "primary": true},
            ]})),
        ),
        (
            "a sub-attribute of all of them",
            ada(),
            json!([{"op": "add", "path": "emails.display", "value": "A"}]),
            ada_with(&json!({"emails": [
                {"type": "work", "value": "ada@work.example", "primary": true, "display": "A"},
                {"type": "home", "value": "ada@home.example", "display": "A"},
            ]})),
        ),
        (
            "a sub-attribute of none yet",
            json!({"userName": "a"}),
            json!([{"op": "add", "path": "emails.value", "value": "a@x"}]),
            json!({"userName": "a", "emails": [{"value": "a@x"}]}),
        ),
    ]);
}

#[test]
fn add_to_the_values_a_filter_selects() {
    check(&[
        (
            "a sub-attribute",
            ada(),
            json!([{"op": "add", "path": "emails[type eq \"work\"].value", "value": "new"}]),
            ada_with(&json!({"emails": [work("new"), home()]})),
        ),
        (
            "any case of names and of values that are not caseExact",
            ada(),
            json!([{"op": "add", "path": "Emails[Type eq \"WORK\"].Value", "value": "new"}]),
            ada_with(&json!({"emails": [work("new"), home()]})),
        ),
        (
            "a whole value is merged in",
            ada(),
            json!([{"op": "add", "path": "emails[type eq \"work\"]", "value": {"display": "W"}}]),
            ada_with(&json!({"emails": [
                {"type": "work", "value": "ada@work.example", "primary": true, "display": "W"}, home(),
            ]})),
        ),
        (
            "none: the value is made from the filter",
            ada(),
            json!([{"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "0470"}]),
            ada_with(&json!({"phoneNumbers": [{"type": "mobile", "value": "0470"}]})),
        ),
        (
            "none: every clause of an and goes into the value",
            ada(),
            json!([{"op": "add", "path": "emails[type eq \"other\" and primary eq true]", "value": {"value": "o"}}]),
            ada_with(&json!({"emails": [
                {"type": "work", "value": "ada@work.example", "primary": false}, home(),
                {"type": "other", "primary": true, "value": "o"},
            ]})),
        ),
        (
            "the second operation finds what the first one made",
            json!({"userName": "a"}),
            json!([
                {"op": "add", "path": "addresses[type eq \"work\"].locality", "value": "Mons"},
                {"op": "add", "path": "addresses[type eq \"work\"].postalCode", "value": "7000"},
            ]),
            json!({"userName": "a", "addresses": [{"type": "work", "locality": "Mons", "postalCode": "7000"}]}),
        ),
        (
            "the mark of the primary value moves",
            ada(),
            json!([{"op": "add", "path": "emails[type eq \"home\"].primary", "value": true}]),
            ada_with(&json!({"emails": [
                {"type": "work", "value": "ada@work.example", "primary": false},
                {"type": "home", "value": "ada@home.example", "primary": true},
            ]})),
        ),
        (
            "taking the mark away gives it to nobody",
            ada(),
            json!([{"op": "add", "path": "emails[type eq \"work\"].primary", "value": false}]),
            ada_with(&json!({"emails": [{"type": "work", "value": "ada@work.example", "primary": false}, home()]})),
        ),
        (
            "of several that are marked in one step the first keeps the mark",
            ada(),
            json!([{"op": "add", "path": "emails[value pr].primary", "value": true}]),
            ada_with(&json!({"emails": [
                work("ada@work.example"), {"type": "home", "value": "ada@home.example", "primary": false},
            ]})),
        ),
        (
            "values that become the same keep the mark of the first",
            json!({"userName": "a", "emails": [
                {"type": "work", "value": "1", "primary": true}, {"type": "work", "value": "2", "primary": false},
            ]}),
            json!([{"op": "add", "path": "emails[type eq \"work\"].value", "value": "3"}]),
            json!({"userName": "a", "emails": [{"type": "work", "value": "3", "primary": true}]}),
        ),
        (
            "values that become the same become one",
            json!({"userName": "a", "emails": [{"type": "work", "value": "1"}, {"type": "work", "value": "2"}]}),
            json!([{"op": "add", "path": "emails[type eq \"work\"].value", "value": "3"}]),
            json!({"userName": "a", "emails": [{"type": "work", "value": "3"}]}),
        ),
    ]);
}

#[test]
fn add_without_a_path() {
    check(&[
        (
            "sets, merges and appends",
            ada(),
            json!([{"op": "add", "value": {
                "title": "Dr", "name": {"middleName": "B"}, "emails": [{"type": "other", "value": "o"}],
                ENTERPRISE: {"division": "North"},
            }}]),
            ada_with(&json!({
                "title": "Dr", "name": {"givenName": "Ada", "familyName": "Quill", "middleName": "B"},
                "emails": [work("ada@work.example"), home(), {"type": "other", "value": "o"}],
                ENTERPRISE: {"department": "Lab", "manager": {"value": "m-1"}, "division": "North"},
            })),
        ),
        (
            "what only the server writes is passed over, because clients send back what they read",
            ada(),
            json!([{"op": "add", "value": {
                "id": "1", "schemas": [], "meta": {"version": "x"}, "groups": [{"value": "g"}], "title": "Dr",
                ENTERPRISE: {"manager": {"value": "m-2", "displayName": "Boss", "$ref": "../Users/m-2"}},
            }}]),
            ada_with(&json!({"title": "Dr", ENTERPRISE: {"department": "Lab", "manager": {"value": "m-2"}}})),
        ),
        ("a password is checked and not kept", ada(), json!([{"op": "add", "value": {"password": "x"}}]), ada()),
    ]);
}

#[test]
fn extensions_by_urn() {
    let path = |name: &str| format!("{ENTERPRISE}:{name}");
    let with = |extension: Value| ada_with(&json!({ENTERPRISE: extension}));
    check(&[
        (
            "an attribute",
            ada(),
            json!([{"op": "replace", "path": path("department"), "value": "Desk"}]),
            with(json!({"department": "Desk", "manager": {"value": "m-1"}})),
        ),
        (
            "a sub-attribute, the URN in another case",
            ada(),
            json!([{"op": "replace", "path": path("manager.value").to_uppercase(), "value": "m-2"}]),
            with(json!({"department": "Lab", "manager": {"value": "m-2"}})),
        ),
        (
            "the whole extension, which leaves what it does not name",
            ada(),
            json!([{"op": "replace", "path": ENTERPRISE, "value": {"division": "North"}}]),
            with(json!({"department": "Lab", "manager": {"value": "m-1"}, "division": "North"})),
        ),
        ("the whole extension removed", ada(), json!([{"op": "remove", "path": ENTERPRISE}]), with(json!(null))),
        (
            "the whole extension set to null",
            ada(),
            json!([{"op": "replace", "path": ENTERPRISE, "value": null}]),
            with(json!(null)),
        ),
        (
            "an extension without attributes is gone",
            ada(),
            json!([{"op": "remove", "path": path("department")}, {"op": "remove", "path": path("manager.value")}]),
            with(json!(null)),
        ),
        (
            "the first attribute brings the extension",
            json!({"userName": "a"}),
            json!([{"op": "add", "path": path("costCenter"), "value": "7"}]),
            json!({"userName": "a", ENTERPRISE: {"costCenter": "7"}}),
        ),
        (
            "a name without its URN is looked for in the core and then in the extensions",
            ada(),
            json!([{"op": "replace", "path": "manager.value", "value": "m-2"}]),
            with(json!({"department": "Lab", "manager": {"value": "m-2"}})),
        ),
        (
            "the base schema as a path is the whole resource",
            ada(),
            json!([{"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User", "value": {"title": "Dr"}}]),
            ada_with(&json!({"title": "Dr"})),
        ),
    ]);
}

#[test]
fn remove() {
    check(&[
        ("a simple attribute", ada_with(&json!({"title": "Dr"})), json!([{"op": "remove", "path": "title"}]), ada()),
        (
            "what is not there",
            ada(),
            json!([{"op": "remove", "path": "title"}, {"op": "remove", "path": "name.middleName"}]),
            ada(),
        ),
        ("a complex attribute", ada(), json!([{"op": "remove", "path": "name"}]), ada_with(&json!({"name": null}))),
        (
            "a sub-attribute, and the attribute with its last one",
            ada(),
            json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]),
            ada_with(&json!({"name": null})),
        ),
        (
            "a multi-valued attribute",
            ada(),
            json!([{"op": "remove", "path": "emails"}]),
            ada_with(&json!({"emails": null})),
        ),
        (
            "the values a filter selects",
            ada(),
            json!([{"op": "remove", "path": "emails[type eq \"work\"]"}]),
            ada_with(&json!({"emails": [home()]})),
        ),
        (
            "all values by a filter leaves the attribute unassigned",
            ada(),
            json!([{"op": "remove", "path": "emails[value pr]"}]),
            ada_with(&json!({"emails": null})),
        ),
        ("values that are not there", ada(), json!([{"op": "remove", "path": "emails[type eq \"fax\"]"}]), ada()),
        (
            "a value that keeps only its label goes",
            ada(),
            json!([{"op": "remove", "path": "emails[type eq \"work\"].value"}]),
            ada_with(&json!({"emails": [home()]})),
        ),
        (
            "others that hold only a label stay",
            ada_with(&json!({"emails": [{"type": "other"}, home()]})),
            json!([{"op": "remove", "path": "emails[type eq \"home\"].value"}]),
            ada_with(&json!({"emails": [{"type": "other"}]})),
        ),
        (
            "a sub-attribute of a value",
            ada(),
            json!([{"op": "remove", "path": "emails[type eq \"work\"].primary"}]),
            ada_with(&json!({"emails": [{"type": "work", "value": "ada@work.example"}, home()]})),
        ),
        (
            "a value given to remove a single value is not looked at",
            ada(),
            json!([{"op": "remove", "path": "nickName", "value": "x"}]),
            ada(),
        ),
    ]);
}

#[test]
fn replace() {
    check(&[
        (
            "a simple attribute",
            ada(),
            json!([{"op": "replace", "path": "userName", "value": "eda"}]),
            ada_with(&json!({"userName": "eda"})),
        ),
        (
            "what is absent is added",
            ada(),
            json!([{"op": "replace", "path": "active", "value": false}]),
            ada_with(&json!({"active": false})),
        ),
        (
            "a complex value leaves what it does not name",
            ada(),
            json!([{"op": "replace", "path": "name", "value": {"givenName": "Eda", "middleName": "B"}}]),
            ada_with(&json!({"name": {"givenName": "Eda", "familyName": "Quill", "middleName": "B"}})),
        ),
        (
            "a list is put in the place of the list",
            ada(),
            json!([{"op": "replace", "path": "emails", "value": [{"value": "x"}, {"value": "x"}]}]),
            ada_with(&json!({"emails": [{"value": "x"}]})),
        ),
        (
            "an empty list clears",
            ada(),
            json!([{"op": "replace", "path": "emails", "value": []}]),
            ada_with(&json!({"emails": null})),
        ),
        (
            "null clears",
            ada(),
            json!([{"op": "replace", "path": "name.givenName", "value": null}, {"op": "replace", "value": {"emails": null}}]),
            ada_with(&json!({"name": {"familyName": "Quill"}, "emails": null})),
        ),
        (
            "empty text is a value",
            ada(),
            json!([{"op": "replace", "path": "name.givenName", "value": ""}, {"op": "replace", "path": "emails[type eq \"home\"].value", "value": ""}]),
            ada_with(
                &json!({"name": {"givenName": "", "familyName": "Quill"}, "emails": [work("ada@work.example"), {"type": "home", "value": ""}]}),
            ),
        ),
        (
            "a sub-attribute of every value selected",
            ada(),
            json!([{"op": "replace", "path": "emails[value pr].display", "value": "A"}]),
            ada_with(&json!({"emails": [
                {"type": "work", "value": "ada@work.example", "primary": true, "display": "A"},
                {"type": "home", "value": "ada@home.example", "display": "A"},
            ]})),
        ),
        (
            "a whole value keeps only what selected it",
            ada(),
            json!([{"op": "replace", "path": "emails[type eq \"work\"]", "value": {"value": "new"}}]),
            ada_with(&json!({"emails": [{"type": "work", "value": "new"}, home()]})),
        ),
        (
            "none selected: the value is made from the filter",
            ada(),
            json!([{"op": "replace", "path": "emails[type eq \"other\"].value", "value": "o"}]),
            ada_with(&json!({"emails": [work("ada@work.example"), home(), {"type": "other", "value": "o"}]})),
        ),
        (
            "null takes the selected value away",
            ada(),
            json!([{"op": "replace", "path": "emails[type eq \"home\"].value", "value": null}]),
            ada_with(&json!({"emails": [work("ada@work.example")]})),
        ),
        (
            "a new primary value takes the mark",
            ada(),
            json!([{"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "h", "primary": true}}]),
            ada_with(&json!({"emails": [
                {"type": "work", "value": "ada@work.example", "primary": false},
                {"type": "home", "value": "h", "primary": true},
            ]})),
        ),
        (
            "without a path",
            ada(),
            json!([{"op": "replace", "value": {"title": "Dr", "emails": [{"value": "x"}], ENTERPRISE: {"manager": {"value": "m-2"}}}}]),
            ada_with(
                &json!({"title": "Dr", "emails": [{"value": "x"}], ENTERPRISE: {"department": "Lab", "manager": {"value": "m-2"}}}),
            ),
        ),
    ]);
}

#[test]
fn lists_of_simple_values() {
    let badge = badge();
    let before = json!({"tags": ["a", "b"]});
    for (operation, after) in [
        (json!({"op": "add", "path": "tags", "value": ["b", "c"]}), json!({"tags": ["a", "b", "c"]})),
        (json!({"op": "replace", "path": "tags", "value": ["c"]}), json!({"tags": ["c"]})),
        (json!({"op": "remove", "path": "tags"}), json!({})),
    ] {
        let plan = plan(&badge, &json!([operation])).unwrap();
        assert_case(&operation.to_string(), applied(&badge, &plan, &before), &after);
    }
}

#[test]
fn attributes_without_a_place_are_passed_over_and_named() {
    let operations = json!([
        {"op": "replace", "path": "shoeSize", "value": 43},
        {"op": "remove", "path": "urn:example:other:User:x"},
        {"op": "replace", "path": "emails[type eq \"work\"].colour", "value": "red"},
        {"op": "add", "path": format!("{ENTERPRISE}[department pr]"), "value": {"department": "x"}},
        {"op": "add", "value": {"hat": 1, "name": {"initials": "AQ"}, ENTERPRISE: {"desk": "4"}, "title": "Dr"}},
    ]);
    let user = ResourceType::user();
    let plan = plan(&user, &operations).unwrap();
    assert_case("the rest is done", applied(&user, &plan, &ada()), &ada_with(&json!({"title": "Dr"})));
    assert_eq!(
        plan.ignored,
        [
            "shoeSize".to_owned(),
            "urn:example:other:User:x".to_owned(),
            "emails[type eq \"work\"].colour".to_owned(),
            format!("{ENTERPRISE}[department pr]"),
            "hat".to_owned(),
            "name.initials".to_owned(),
            format!("{ENTERPRISE}:desk"),
        ]
    );
}

#[test]
fn no_operations_change_nothing() {
    check(&[("empty", ada(), json!([]), ada())]);
    assert!(plan(&ResourceType::user(), &json!([])).unwrap().leaves_document_alone());
}

/// RFC 7644 §3.5.2.2: the last value of what is required stays, whoever chooses it.
#[test]
fn a_required_list_is_not_emptied_by_a_filter() {
    let mut user = ResourceType::user();
    for attribute in &mut user.schema.attributes {
        attribute.required |= attribute.name == "emails";
    }
    let before =
        json!({"userName": "ada", "emails": [{"type": "work", "value": "a@x"}, {"type": "home", "value": "b@x"}]});
    let remove = |filter: &str| {
        let plan = plan(&user, &json!([{"op": "remove", "path": format!("emails[{filter}]")}])).unwrap();
        applied(&user, &plan, &before)
    };
    let one = remove("type eq \"work\"").unwrap();
    assert_eq!(one["emails"], json!([{"type": "home", "value": "b@x"}]));
    assert_eq!(remove("value co \"@x\"").unwrap_err().scim_type, Some(scim_protocol::ScimType::Mutability));
}
