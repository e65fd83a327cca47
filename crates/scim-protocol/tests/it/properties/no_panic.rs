//! Nothing a client sends makes the crate panic.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use scim_protocol::patch::{PatchRequest, Plan, Reading};
use scim_protocol::path::{AttrPath, Path};
use scim_protocol::projection::Projection;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::version::Precondition;
use scim_protocol::{dialect, filter, json, validate};
use serde_json::Value;

use super::strategies;
use crate::fixture::{ada, message, stored};

/// Text made of the pieces filters are made of, which gets further than arbitrary text.
fn nearly_a_filter() -> impl Strategy<Value = String> {
    let pieces = vec![
        "emails", "urn:a:b", "not", "and", "or", "pr", "eq", "co", "[", "]", "(", ")", ".", ":", "\"", "\\", "\"x\"",
        "é", "-", "1e9", "-1", "true", "null", " ", "$ref", "\u{0}",
    ];
    vec(select(pieces), 0..20).prop_map(|pieces| pieces.join(" ").replace("  ", ""))
}

fn patch(resource_type: &ResourceType, body: &Value, with_dialects: bool) {
    let Ok(mut request) = PatchRequest::read(body.clone()) else {
        return;
    };
    if with_dialects {
        drop(dialect::patch(resource_type, &mut request));
    }
    if let Ok(plan) = Plan::new(resource_type, request, Reading::Lenient) {
        let before = stored(&ResourceType::user(), &ada());
        drop(plan.apply(resource_type, &before));
    }
}

proptest! {
    #[test]
    fn texts(text in prop_oneof![any::<String>(), nearly_a_filter()]) {
        let user = ResourceType::user();
        drop(filter::parse(&text));
        drop(Path::parse(&text));
        drop(AttrPath::parse(&text));
        drop(dialect::query_filters(&[&user], "https://x", &text).map(|them| them[0].matches(ada().as_object().unwrap())));
        drop(Projection::new(&user, &text, ""));
        drop(Precondition::parse(&text));
    }

    #[test]
    fn bytes(bytes in vec(any::<u8>(), 0..200)) {
        drop(json::parse(&bytes));
    }

    #[test]
    fn bytes_that_are_nearly_json(text in "[\\[\\]{}:,\"\\\\u0-9eE.+a-d -]{0,60}") {
        drop(json::parse(text.as_bytes()));
    }

    #[test]
    fn any_body(body in strategies::any_json(), operations in strategies::any_json()) {
        for resource_type in [ResourceType::user(), ResourceType::group()] {
            for body in [&body, &message(&operations), &message(&serde_json::json!([operations]))] {
                patch(&resource_type, body, false);
                patch(&resource_type, body, true);
            }
            let mut document = body.clone();
            drop(dialect::document(&resource_type, &mut document));
            drop(validate::document(&resource_type, document));
        }
    }
}
