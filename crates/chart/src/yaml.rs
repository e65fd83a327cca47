//! YAML as Kubernetes takes it: objects without a key twice, and texts that no reader takes for something else.

use serde_json::Value;

use crate::ChartError;

/// Words that some reader of YAML takes for true, false or nothing.
const WORDS: [&str; 11] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "none", "nan"];

/// Reads one document. An empty one is `null`.
pub fn read(what: &str, text: &str) -> Result<Value, ChartError> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| ChartError::Yaml { what: what.to_owned(), reason: error.to_string() })
}

/// Reads all documents of a text but the empty ones.
pub fn read_all(what: &str, text: &str) -> Result<Vec<Value>, ChartError> {
    let options = serde_saphyr::options! { with_snippet: false };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| ChartError::Yaml { what: what.to_owned(), reason: error.to_string() })?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// Writes a value as lines without a newline at the end.
pub fn text(value: &Value) -> String {
    let mut lines = Vec::new();
    match value {
        Value::Object(_) | Value::Array(_) if !is_empty(value) => block(value, 0, &mut lines),
        plain => lines.push(inline(plain)),
    }
    lines.join("\n")
}

fn block(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = " ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = scalar(key);
                match value {
                    Value::Object(_) | Value::Array(_) if !is_empty(value) => {
                        lines.push(format!("{indent}{key}:"));
                        block(value, depth + 2, lines);
                    }
                    plain => lines.push(format!("{indent}{key}: {}", inline(plain))),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut own = Vec::new();
                match item {
                    Value::Object(_) | Value::Array(_) if !is_empty(item) => block(item, depth + 2, &mut own),
                    plain => own.push(format!("{indent}  {}", inline(plain))),
                }
                // The first line of an item stands beside its dash.
                if let Some(first) = own.first_mut() {
                    first.replace_range(depth..=depth, "-");
                }
                lines.extend(own);
            }
        }
        plain => lines.push(format!("{indent}{}", inline(plain))),
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// A text plain where nobody can misread it, in JSON's quotes elsewhere.
fn scalar(text: &str) -> String {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    let plain = |each: char| each.is_ascii_alphanumeric() || "_-./".contains(each);
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    match starts && text.chars().all(plain) && !is_word {
        true => text.to_owned(),
        false => Value::from(text).to_string(),
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let value = json!({
            "a": {"b": [1, 2.5, true, null, "yes", "1", "", "a: b", "- x", "line\nline", "é"], "c": [[1, [2]], {"d": {"e": "f"}, "g": []}]},
            "on": {}, "0x1f": "0440", "e": "1e3", "list": [{"x": [{"y": 1}]}]
        });
        assert_eq!(read("it", &text(&value)).unwrap(), value);
        assert_eq!(text(&json!({})), "{}");
        assert_eq!(text(&json!({"a": [{"b": 1, "c": ["d"]}]})), "a:\n  - b: 1\n    c:\n      - d");
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert!(read("it", "a: 1\nb: 2\na: 3\n").is_err());
        assert!(read_all("it", "---\na: 1\n---\nb: 1\nb: 1\n").is_err());
    }

    #[test]
    fn empty_documents_are_left_out() {
        let documents = read_all("it", "---\n# nothing\n---\na: 1\n---\n\n---\nb: 2\n").unwrap();
        assert_eq!(documents, [json!({"a": 1}), json!({"b": 2})]);
    }
}
