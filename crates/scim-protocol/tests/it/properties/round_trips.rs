//! What goes out and comes in again is the same.

use proptest::prelude::*;
use scim_protocol::filter::{self, MAX_LENGTH};
use scim_protocol::path::Path;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::value::fold;
use scim_protocol::{json, urn, validate};
use serde_json::{Value, json};

use super::strategies;

proptest! {
    #[test]
    fn a_printed_filter_parses_to_itself(filter in strategies::filter()) {
        let printed = filter.to_string();
        prop_assume!(printed.len() <= MAX_LENGTH);
        prop_assert_eq!(filter::parse(&printed).unwrap(), filter, "{}", printed);
    }

    #[test]
    fn a_printed_path_parses_to_itself(
        attribute in strategies::attr_path(),
        filter in proptest::option::of(strategies::filter()),
        sub in "[a-z]{1,5}",
    ) {
        let path = match filter {
            None => Path { attribute, filter: None, sub: None },
            Some(filter) => {
                let attribute = scim_protocol::path::AttrPath { sub: None, ..attribute };
                Path { attribute, filter: Some(filter), sub: Some(sub) }
            }
        };
        let printed = path.to_string();
        prop_assume!(printed.len() <= MAX_LENGTH);
        prop_assert_eq!(Path::parse(&printed).unwrap(), path, "{}", printed);
    }

    #[test]
    fn folding_twice_changes_nothing(text in any::<String>()) {
        let once = fold(&text);
        prop_assert_eq!(&fold(&once), &once);
    }

    #[test]
    fn json_is_read_as_it_was_written(value in strategies::any_json()) {
        let read = json::parse(value.to_string().as_bytes()).unwrap();
        // Floats may come back a bit off, see strategies::number; their text tells no more than the others'.
        prop_assert_eq!(without_floats(&read), without_floats(&value));
    }

    #[test]
    fn validation_leaves_a_canonical_document_as_it_is(document in strategies::user()) {
        let user = ResourceType::user();
        let with_schemas = |mut document: Value| {
            document["schemas"] = json!([urn::USER]);
            document
        };
        let Ok(once) = validate::document(&user, with_schemas(document)) else { return Ok(()) };
        let canonical = Value::Object(once.resource.attributes().clone());
        let twice = validate::document(&user, with_schemas(canonical)).unwrap();
        prop_assert_eq!(twice, once);
    }
}

fn without_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::Null,
        Value::Array(elements) => elements.iter().map(without_floats).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), without_floats(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn folding_any_character_twice_changes_nothing() {
    // No letter beyond these has a case.
    for each in '\u{80}'..='\u{1FFFF}' {
        let (alone, between) = (each.to_string(), format!("a{each}\u{301}"));
        assert_eq!(fold(&fold(&alone)), fold(&alone), "U+{:04X}", u32::from(each));
        assert_eq!(fold(&fold(&between)), fold(&between), "U+{:04X}", u32::from(each));
    }
}
