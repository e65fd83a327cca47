//! What a PATCH leaves behind (RFC 7644 §3.5.2).

use proptest::collection::vec;
use proptest::prelude::*;
use scim_protocol::ScimType;
use scim_protocol::patch::Plan;
use scim_protocol::resource::Resource;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::{urn, validate};
use serde_json::{Value, json};

use super::strategies::{operation, user};
use crate::fixture::plan_of_client;

/// Four times the usual number of cases, because many of them do not get past validation.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases * 4, ..usual }
}

/// A stored user, or none when the attributes are not valid.
fn resource(attributes: &Value) -> Option<Resource> {
    let mut document = attributes.clone();
    document["schemas"] = json!([urn::USER]);
    validate::document(&ResourceType::user(), document).ok().map(|validated| validated.resource)
}

fn plan(operations: &[Value]) -> Option<Plan> {
    plan_of_client(&ResourceType::user(), &json!(operations)).ok()
}

/// The resource after one operation and after the same one again; none when it is refused the first time. The second
/// time the values it changed may be gone from sight of its filter, which is `noTarget` and changes nothing.
fn twice(before: &Value, operation: Value) -> Option<(Resource, Resource)> {
    let (before, plan) = (resource(before)?, plan(&[operation])?);
    let once = plan.apply(&ResourceType::user(), &before).ok()?;
    match plan.apply(&ResourceType::user(), &once) {
        Ok(twice) => Some((once, twice)),
        Err(fault) => {
            assert_eq!(fault.scim_type, Some(ScimType::NoTarget), "{fault}");
            Some((once.clone(), once))
        }
    }
}

/// How many elements its multi-valued attributes have together.
fn elements(resource: &Resource) -> usize {
    resource.attributes().values().filter_map(Value::as_array).map(Vec::len).sum()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn it_is_valid_and_canonical(before in user(), operations in vec(operation(&["add", "remove", "replace"]), 1..6)) {
        let (Some(before), Some(plan)) = (resource(&before), plan(&operations)) else { return Ok(()) };
        let Ok(after) = plan.apply(&ResourceType::user(), &before) else { return Ok(()) };
        validate::require(&ResourceType::user(), after.attributes()).unwrap();
        // Validation refuses two primary values, and drops or reshapes everything that is not canonical.
        let attributes = Value::Object(after.attributes().clone());
        prop_assert_eq!(resource(&attributes), Some(after), "{}", attributes);
    }

    #[test]
    fn it_happens_whole_or_not_at_all(before in user(), operations in vec(operation(&["add", "remove", "replace"]), 1..6)) {
        let (Some(before), Some(plan)) = (resource(&before), plan(&operations)) else { return Ok(()) };
        let untouched = before.clone();
        let first = plan.apply(&ResourceType::user(), &before);
        prop_assert_eq!(&before, &untouched);
        prop_assert_eq!(plan.apply(&ResourceType::user(), &before), first);
    }

    #[test]
    fn replacing_twice_is_replacing_once(before in user(), operation in operation(&["replace"])) {
        let chooses = operation["path"].as_str().is_some_and(|path| path.contains('['));
        let were = resource(&before).map_or(0, |before| elements(&before));
        if let Some((once, twice)) = twice(&before, operation) {
            // An element that is chosen, and replaced by the same as another, is one with it, and has what either said.
            let became_one = chooses && elements(&once) < were;
            prop_assert!(became_one || twice == once, "{:?} {:?}", once, twice);
        }
    }

    #[test]
    fn removing_twice_is_removing_once(before in user(), operation in operation(&["remove"])) {
        let chooses = operation["path"].as_str().is_some_and(|path| path.contains('['));
        let were = resource(&before).map_or(0, |before| elements(&before));
        if let Some((once, twice)) = twice(&before, operation) {
            // An element that is chosen, and replaced by the same as another, is one with it, and has what either said.
            let became_one = chooses && elements(&once) < were;
            prop_assert!(became_one || twice == once, "{:?} {:?}", once, twice);
        }
    }

    #[test]
    fn adding_twice_is_adding_once(before in user(), operation in operation(&["add"])) {
        let chooses = operation["path"].as_str().is_some_and(|path| path.contains('['));
        let were = resource(&before).map_or(0, |before| elements(&before));
        if let Some((once, twice)) = twice(&before, operation) {
            // An element that is chosen, and replaced by the same as another, is one with it, and has what either said.
            let became_one = chooses && elements(&once) < were;
            prop_assert!(became_one || twice == once, "{:?} {:?}", once, twice);
        }
    }

    #[test]
    fn the_order_of_operations_on_different_attributes_does_not_matter(before in user(), title in "[a-z]{1,3}", name in "[a-z]{1,3}") {
        let one = json!({"op": "add", "path": "title", "value": title});
        let other = json!({"op": "replace", "path": "name.givenName", "value": name});
        let Some(before) = resource(&before) else { return Ok(()) };
        let result = |operations: &[Value]| plan(operations).unwrap().apply(&ResourceType::user(), &before);
        prop_assert_eq!(result(&[one.clone(), other.clone()]), result(&[other, one]));
    }
}
