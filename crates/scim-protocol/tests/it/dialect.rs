//! Each client habit by itself, and that plain SCIM passes unchanged.

use scim_protocol::dialect;
use scim_protocol::filter::parse;
use scim_protocol::patch::PatchRequest;
use scim_protocol::resource_type::ResourceType;
use serde_json::{Value, json};

use crate::fixture::{ENTERPRISE, ada, message};

fn user(mut body: Value) -> Value {
    dialect::document(&ResourceType::user(), &mut body).unwrap();
    body
}

fn operations(resource_type: &ResourceType, operation: &Value) -> Vec<(String, Value)> {
    let mut request = PatchRequest::read(message(&json!([operation]))).unwrap();
    dialect::patch(resource_type, &mut request).unwrap();
    let parts = |path: Option<scim_protocol::path::Path>| path.map(|path| path.to_string()).unwrap_or_default();
    request.operations.into_iter().map(|it| (parts(it.path), it.value.unwrap_or_default())).collect()
}

fn query(filter: &str) -> String {
    let mut filter = parse(filter).unwrap();
    dialect::filter(&ResourceType::user(), &mut filter);
    filter.to_string()
}

#[test]
fn plain_scim_passes_unchanged() {
    assert_eq!(user(ada()), ada());
    let plain =
        json!({"op": "replace", "path": "emails[type eq \"work\" and primary eq true]", "value": {"value": "x"}});
    let unchanged = ("emails[type eq \"work\" and primary eq true]".to_owned(), json!({"value": "x"}));
    assert_eq!(operations(&ResourceType::user(), &plain), [unchanged]);
    assert_eq!(query("active eq true and userName eq \"True\""), "active eq true and userName eq \"True\"");
}

#[test]
fn the_old_group_schema_is_dropped() {
    let mut body = json!({"schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
    ]});
    dialect::document(&ResourceType::group(), &mut body).unwrap();
    assert_eq!(body, json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}));
}

#[test]
fn booleans_may_be_text() {
    assert_eq!(user(json!({"active": "False"})), json!({"active": false}));
    assert_eq!(user(json!({"ACTIVE": "tRue"})), json!({"ACTIVE": true}));
    assert_eq!(user(json!({"active": ""})), json!({"active": null}));
    assert_eq!(user(json!({"active": "yes"})), json!({"active": "yes"}));
    assert_eq!(
        user(json!({"roles": [{"primary": "True", "value": "True"}]})),
        json!({"roles": [{"primary": true, "value": "True"}]})
    );
}

#[test]
fn booleans_may_be_text_in_filters() {
    assert_eq!(
        query("active eq \"True\" or not (roles[primary eq \"False\"])"),
        "active eq true or not (roles[primary eq false])"
    );
    let path = json!({"op": "add", "path": "roles[primary eq \"True\"].value", "value": "x"});
    assert_eq!(operations(&ResourceType::user(), &path), [("roles[primary eq true].value".to_owned(), json!("x"))]);
    let removal = json!({"op": "remove", "path": "roles[primary eq \"True\"]"});
    assert_eq!(operations(&ResourceType::user(), &removal), [("roles[primary eq true]".to_owned(), json!(null))]);
}

#[test]
fn a_bare_value_stands_for_a_complex_one_and_empty_text_for_none() {
    assert_eq!(user(json!({ENTERPRISE: {"manager": "m"}})), json!({ENTERPRISE: {"manager": {"value": "m"}}}));
    assert_eq!(user(json!({ENTERPRISE: {"manager": ""}})), json!({ENTERPRISE: {"manager": null}}));
    assert_eq!(user(json!({"roles": ["a", ""]})), json!({"roles": [{"value": "a"}, null]}));
    assert_eq!(user(json!({"name": "Ada"})), json!({"name": "Ada"}));
    assert_eq!(user(json!({"name": ""})), json!({"name": null}));
}

#[test]
fn a_list_of_one_stands_for_a_single_value_and_the_other_way_round() {
    assert_eq!(
        user(json!({ENTERPRISE: {"manager": [{"value": "m"}]}})),
        json!({ENTERPRISE: {"manager": {"value": "m"}}})
    );
    assert_eq!(user(json!({"title": ["a", "b"]})), json!({"title": ["a", "b"]}));
    assert_eq!(user(json!({"emails": {"value": "x"}})), json!({"emails": [{"value": "x"}]}));
    assert_eq!(user(json!({"emails": "x"})), json!({"emails": [{"value": "x"}]}));
}

#[test]
fn flat_keys_are_nested() {
    let flat = json!({
        "name.givenName": "A", "NAME.familyName": "B", "userName": "a",
        format!("{ENTERPRISE}:department"): "Lab", format!("{ENTERPRISE}:manager.value"): "m",
        "urn:ietf:params:scim:schemas:core:2.0:User:title": "T",
        "emails.value": "x", "hat.size": 1,
    });
    assert_eq!(
        user(flat),
        json!({
            "userName": "a", "emails.value": "x", "hat.size": 1, "name": {"givenName": "A", "familyName": "B"},
            ENTERPRISE: {"department": "Lab", "manager": {"value": "m"}}, "title": "T",
        })
    );
    assert_eq!(
        user(json!({"name.givenName": "A", "Name": {"familyName": "B"}})),
        json!({"Name": {"familyName": "B", "givenName": "A"}})
    );
}

#[test]
fn a_removal_may_list_what_it_removes() {
    let removed = |resource_type: &ResourceType, path: &str, value: Value| -> Vec<String> {
        let operations = operations(resource_type, &json!({"op": "Remove", "path": path, "value": value}));
        operations.into_iter().map(|(path, _)| path).collect()
    };
    let (user, group) = (ResourceType::user(), ResourceType::group());
    let by_value = ["members[value eq \"1\"]"];
    for value in [json!([{"value": "1"}]), json!({"Value": "1", "type": "User"}), json!(["1"]), json!("1")] {
        assert_eq!(removed(&group, "members", value), by_value);
    }
    assert_eq!(removed(&group, "members", json!([])), Vec::<String>::new());
    assert_eq!(removed(&group, "members", json!(null)), ["members"]);
    assert_eq!(
        removed(&user, "emails", json!([{"type": "work", "value": "x"}])),
        ["emails[type eq \"work\" and value eq \"x\"]"]
    );
    assert_eq!(removed(&user, "addresses", json!([{"locality": "Mons"}])), ["addresses[locality eq \"Mons\"]"]);
    assert_eq!(removed(&user, "manager", json!([{"value": "m"}])), ["manager"]);
    assert_eq!(removed(&user, "emails[type eq \"work\"]", json!("x")), ["emails[type eq \"work\"]"]);
}
