//! `returned: never` and filters.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use scim_protocol::projection::Projection;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::{ScimType, dialect};
use serde_json::json;

use crate::fixture::{BADGE, badge};

fn names() -> impl Strategy<Value = String> {
    let known = [
        "id",
        "schemas",
        "serial",
        "secret",
        "tags",
        "note",
        "chip",
        "chip.secret",
        "CHIP.maker",
        "doors",
        "doors.secret",
        "doors.label",
        "doors.floor",
        "urn:example:scim:Badge:secret",
        "urn:example:scim:Badge:Extra",
        "urn:example:scim:Badge:Extra:secret",
        "nope",
    ];
    vec(select(known.to_vec()), 0..5).prop_map(|names| names.join(","))
}

proptest! {
    #[test]
    fn never_leaves_and_the_minimum_stays(attributes in names(), excluded in names()) {
        let badge = badge();
        let document = json!({
            "schemas": [BADGE], "id": "1", "serial": "s", "secret": "hidden", "tags": ["a"], "note": "n",
            "chip": {"maker": "M", "serial": "2", "secret": "hidden"},
            "doors": [{"value": "1", "label": "A", "floor": "2", "secret": "hidden"}, {"value": "2", "secret": "hidden"}],
            "urn:example:scim:Badge:Extra": {"secret": "hidden", "colour": "red"},
        });
        let Ok(projection) = Projection::new(&badge, &attributes, &excluded) else { return Ok(()) };
        let shown = json!(projection.apply(&badge, document.as_object().unwrap().clone()));
        prop_assert!(!shown.to_string().contains("hidden"), "{}", shown);
        prop_assert_eq!((&shown["id"], &shown["schemas"]), (&json!("1"), &json!([BADGE])));
    }
}

#[test]
fn secrets_are_not_found_out_by_filters_either() {
    for filter in ["secret pr", "secret sw \"h\"", "chip.secret eq \"hidden\"", "doors[secret eq \"hidden\"]"] {
        let fault = dialect::query_filters(&[&badge()], "https://x", filter).unwrap_err();
        assert_eq!(fault.scim_type, Some(ScimType::InvalidFilter), "{filter}");
    }
    assert!(dialect::query_filters(&[&ResourceType::user()], "https://x", "password pr").is_err());
}
