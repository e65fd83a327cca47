//! The chart's README: its words about each value are the comments of `values.yaml`.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::ChartError;

const BEFORE: &str = include_str!("readme.head.md");

/// A value, as its comment describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its path, such as `image.tag`.
    pub path: String,
    /// The comment above it.
    pub comment: String,
}

/// The values of a file of values that have a comment, in order. Indented by two spaces, as everywhere here.
pub fn described(text: &str) -> Vec<Described> {
    let (mut found, mut comment, mut above) = (Vec::new(), Vec::new(), Vec::<&str>::new());
    for line in text.lines() {
        let words = line.trim_start();
        if let Some(part) = words.strip_prefix("# ") {
            comment.push(part);
            continue;
        }
        if let Some((key, _)) = words.split_once(':').filter(|(key, _)| is_key(key)) {
            above.truncate((line.len() - words.len()) / 2);
            above.push(key);
            if !comment.is_empty() {
                found.push(Described { path: above.join("."), comment: comment.join(" ") });
            }
        }
        comment.clear();
    }
    found
}

fn is_key(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|each| each.is_ascii_alphanumeric())
}

/// The paths of all values: down to where a comment describes a whole, or to what has no inside.
pub fn paths(values: &Json, described: &[Described]) -> Vec<String> {
    let mut found = Vec::new();
    walk(values, "", described, &mut found);
    found
}

fn walk(value: &Json, path: &str, described: &[Described], found: &mut Vec<String>) {
    let is_whole = described.iter().any(|each| each.path == path);
    match value.as_object() {
        Some(inside) if !is_whole && !inside.is_empty() => {
            for (key, value) in inside {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(value, &path, described, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// The README of a chart with these values.
///
/// # Errors
/// When a comment describes what is not there, or a value has no comment.
pub fn text(source: &str, values: &Json) -> Result<String, ChartError> {
    let described = described(source);
    let mut text = BEFORE.to_owned();
    let mut missing: Vec<String> = paths(values, &described);
    for Described { path, comment } in &described {
        missing.retain(|each| each != path);
        let value = values.pointer(&format!("/{}", path.replace('.', "/")));
        let value = value.ok_or_else(|| ChartError::Paper(format!("values.yaml: {path} is not a value")))?;
        let _ = writeln!(text, "| `{path}` | `{}` | {} |", cell(&value.to_string()), cell(comment));
    }
    match missing.is_empty() {
        true => Ok(text),
        false => Err(ChartError::Paper(format!("values.yaml: no comment above {}", missing.join(", ")))),
    }
}

/// A text within a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SOURCE: &str = "# About the file.\n\n# One.\na: 1\nb:\n  # Two,\n  # and more.\n  c: {}\n  d: 2\n";

    #[test]
    fn comments_describe_what_stands_below_them() {
        let described = described(SOURCE);
        let told: Vec<_> = described.iter().map(|each| (each.path.as_str(), each.comment.as_str())).collect();
        assert_eq!(told, [("a", "One."), ("b.c", "Two, and more.")]);
    }

    #[test]
    fn a_value_without_a_comment_is_told() {
        let error = text(SOURCE, &json!({"a": 1, "b": {"c": {}, "d": 2}})).unwrap_err();
        assert_eq!(error.to_string(), "values.yaml: no comment above b.d");
        let error = text(SOURCE, &json!({"a": 1})).unwrap_err();
        assert_eq!(error.to_string(), "values.yaml: b.c is not a value");
    }
}
