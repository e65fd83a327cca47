//! How values from a server are shown in a sentence: short, on one line and harmless to a terminal.

use serde_json::Value;

const LONGEST: usize = 200;

/// A JSON value, or `missing`.
pub(super) fn found(value: Option<&Value>) -> String {
    value.map_or_else(|| "missing".to_owned(), json)
}

/// A JSON value as compact JSON, cut when it is long.
pub(super) fn json(value: &Value) -> String {
    short(&value.to_string())
}

/// A text between double quotes, cut when it is long.
pub(super) fn text(value: &str) -> String {
    json(&Value::from(value))
}

/// The text without control characters, cut when it is long.
pub(super) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST).map(harmless).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

fn harmless(character: char) -> char {
    if character.is_control() { '\u{fffd}' } else { character }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{found, short};

    #[test]
    fn an_absent_value_is_called_missing_and_null_is_null() {
        assert_eq!(found(None), "missing");
        assert_eq!(found(Some(&json!(null))), "null");
    }

    #[test]
    fn a_long_text_is_cut_and_control_characters_are_replaced() {
        let shown = short(&format!("\u{1b}[31m{}", "x".repeat(300)));
        assert!(shown.starts_with('\u{fffd}'));
        assert!(shown.ends_with("x…"));
        assert_eq!(shown.chars().count(), 201);
    }
}
