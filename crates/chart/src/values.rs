//! Values: as templates see them, and one file over another.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::Value;
use serde_json::Value as Json;

/// A value as Helm gives it to templates: every number is a `float64`.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(it) => Value::Bool(*it),
        Json::Number(it) => it.as_f64().map_or(Value::Nil, Value::Float),
        Json::String(it) => text(it),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect()),
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.as_str().into(), from_json(value)));
            Value::Map(Arc::new(entries.collect()))
        }
    }
}

/// A value of templates as JSON. A whole number is one whatever its type, as in Go's JSON.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(it) => Json::from(*it),
        Value::Int(it) => Json::from(*it),
        Value::Uint(it) => Json::from(*it),
        Value::Float(it) => number(*it),
        Value::String(it) => Json::from(it.as_ref()),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(map) => Json::Object(map.iter().map(|(key, value)| (key.to_string(), to_json(value))).collect()),
        Value::Nil | Value::Function(_) => Json::Null,
    }
}

fn number(it: f64) -> Json {
    // Go writes a whole number without a point, and so does this as far as it is exact.
    let whole = format!("{it:.0}").parse::<i64>();
    match whole {
        Ok(whole) if it.fract() == 0.0 => Json::from(whole),
        _ => Json::from(it),
    }
}

/// A text as a value of templates.
pub fn text(it: &str) -> Value {
    Value::String(it.into())
}

/// A map as a value of templates.
pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (Arc::from(key), value));
    Value::Map(Arc::new(entries.collect::<BTreeMap<_, _>>()))
}

/// Values over others, as Helm lays a file of them over those of the chart: maps key by key, anything else as a whole; `null`
/// takes a key away.
pub fn overlay(under: &Json, over: &Json) -> Json {
    let (Json::Object(under), Json::Object(over)) = (under, over) else {
        return over.clone();
    };
    let mut both = under.clone();
    for (key, value) in over {
        if value.is_null() {
            both.shift_remove(key);
            continue;
        }
        let value = both.get(key).map_or_else(|| value.clone(), |before| overlay(before, value));
        both.insert(key.clone(), value);
    }
    Json::Object(both)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_back_as_they_went_in() {
        let value = json!({"a": [1, 0.1, 1_048_576, -3, 1e21], "b": null});
        let back = to_json(&from_json(&value));
        assert_eq!(back["a"], json!([1, 0.1, 1_048_576, -3, 1e21]));
    }

    #[test]
    fn a_file_of_values_lies_over_those_of_the_chart() {
        let under = json!({"a": {"b": 1, "c": 2}, "d": [1], "e": 1});
        let over = json!({"a": {"c": 3, "f": 4}, "d": [], "e": null});
        assert_eq!(overlay(&under, &over), json!({"a": {"b": 1, "c": 3, "f": 4}, "d": []}));
    }
}
