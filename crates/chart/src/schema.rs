//! `values.schema.json`: written by hand but for `settings`, which follows the product's own list.

use serde_json::{Map, Value as Json, json};

use crate::ChartError;
use crate::settings::{self, Setting};

/// The schema with its part about settings as the product has them.
pub fn with_settings(schema: &Json, all: &[Setting]) -> Result<Json, ChartError> {
    let mut schema = schema.clone();
    let place = schema.pointer_mut("/properties/settings");
    let place = place.ok_or_else(|| ChartError::Paper("values.schema.json has no /properties/settings".to_owned()))?;
    *place = settings_schema(all);
    Ok(schema)
}

fn settings_schema(all: &[Setting]) -> Json {
    let mut sections = Map::new();
    for (section, key, setting) in settings::free(all) {
        let closed = || json!({"type": "object", "additionalProperties": false, "properties": {}});
        let section = sections.entry(section).or_insert_with(closed);
        if let Some(Json::Object(keys)) = section.get_mut("properties") {
            keys.insert(key.to_owned(), settings::taken(&setting.expected));
        }
    }
    json!({"type": "object", "additionalProperties": false, "properties": sections})
}

/// Every path that a schema of nested objects names, but for what is within `settings`.
pub fn paths(schema: &Json) -> Vec<String> {
    let mut found = Vec::new();
    walk(schema, schema, "", &mut found);
    found
}

fn walk(root: &Json, schema: &Json, path: &str, found: &mut Vec<String>) {
    let place = schema.get("$ref").and_then(Json::as_str).and_then(|place| place.strip_prefix('#'));
    let schema = place.and_then(|place| root.pointer(place)).unwrap_or(schema);
    let names = schema.get("properties").and_then(Json::as_object).filter(|_| path != "settings");
    for (name, inner) in names.into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        walk(root, inner, &path, found);
        found.push(path);
    }
}
