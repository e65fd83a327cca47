//! Index keys: values as they are looked up, whatever their type, as text that sorts as the values do.
//!
//! A B-tree entry of PostgreSQL ends at 2,704 bytes and values do not, so a long text is kept as its first bytes and a
//! digest of the whole (decisions.md 4). Two texts have one key exactly when they are equal.

use scim_protocol::attribute::AttributeType;
use scim_protocol::resource_type::Field;
use scim_protocol::value::{fold, instant};
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

/// How many bytes of a value a key holds as they are.
pub const PREFIX: usize = 200;

/// A text shorter than this is never the beginning of a long value's key: the last character of one may have four bytes.
const SHORT: usize = PREFIX - 4;

/// The key of a value of this field; none when the value is not of the field's type, and is found by nothing.
pub fn of(field: &Field, value: &Value) -> Option<String> {
    match value {
        Value::String(text) if field.kind == AttributeType::DateTime => instant(text).map(moment),
        Value::String(text) if field.case_exact => Some(exact(text)),
        Value::String(text) => Some(folded(text)),
        Value::Number(value) => number(value),
        Value::Bool(flag) => Some(self::flag(*flag)),
        _ => None,
    }
}

/// The key of a value that compares without case.
pub fn folded(value: &str) -> String {
    exact(&fold(value))
}

/// The key of a value that compares as it is.
pub fn exact(value: &str) -> String {
    if value.len() <= PREFIX {
        return value.to_owned();
    }
    let digest = Sha256::digest(value.as_bytes());
    let digest = hex::encode(digest);
    // A value of at most PREFIX bytes cannot look like this, because this is longer. What follows the prefix is the greatest
    // character, so that the key sorts after all such values that begin alike: where the prefix is shorter than PREFIX,
    // they can go on with a character that has less bytes than that of the long value, and is less.
    format!("{}{}{digest}", prefix(value), char::MAX)
}

/// The key of a moment in microseconds.
pub fn moment(micros: i64) -> String {
    format!("{:016x}", micros.cast_unsigned() ^ (1 << 63))
}

/// The key of a number. Whole numbers beyond 2⁵³ may share one with their neighbours.
pub fn number(number: &Number) -> Option<String> {
    let bits = (number.as_f64()? + 0.0).to_bits();
    let sorted = if bits >> 63 == 1 { !bits } else { bits ^ (1 << 63) };
    Some(format!("{sorted:016x}"))
}

pub fn flag(flag: bool) -> String {
    flag.to_string()
}

/// Whether a key is that of a long value, so that not all of the value is in it.
pub fn is_cut(key: &str) -> bool {
    key.len() > PREFIX
}

/// Whether keys compare with this text as their whole values do.
pub fn is_short(text: &str) -> bool {
    text.len() < SHORT
}

/// The first bytes of a value, cut between characters.
fn prefix(value: &str) -> &str {
    let cut = (0..=PREFIX.min(value.len())).rev().find(|index| value.is_char_boundary(*index));
    value.get(..cut.unwrap_or_default()).unwrap_or_default()
}

/// Keys that begin with this text: from it, to below the second, or to the end. None when a key does not hold enough to
/// tell.
pub fn range(start: &str) -> Option<(String, Option<String>)> {
    is_short(start).then(|| (start.to_owned(), next(start)))
}

/// The least text that is greater than all that start with this one.
fn next(start: &str) -> Option<String> {
    let start = start.trim_end_matches(char::MAX);
    let last = start.chars().next_back()?;
    let kept = start.strip_suffix(last)?;
    let next = (last..=char::MAX).nth(1)?;
    Some(format!("{kept}{next}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_values_keep_apart_and_short_ones_stay_readable() {
        let long = "é".repeat(5_000);
        assert_eq!(folded("Ada@X"), "ada@x");
        assert_ne!(exact(&format!("{long}a")), exact(&format!("{long}b")));
        assert!(exact(&long).len() < 300 && exact(&long).starts_with("éé"));
        assert!(is_cut(&exact(&long)) && !is_cut(&exact("short")));
    }

    /// Those of long values that begin alike are in any order among themselves, and what is not in order is among them.
    #[test]
    fn keys_sort_as_their_values_but_for_long_ones_that_begin_alike() {
        let begin = "y".repeat(PREFIX - 2);
        let ends = ["", "a", "\u{0}", "\u{1}", "ab", "é", "aé", "ééé", "€", "a€", "\u{FFFD}b", "\u{1F680}", "\u{10FFFF}", "z", "abc"];
        let values: Vec<String> = ends.iter().map(|end| format!("{begin}{end}")).collect();
        for (one, other) in values.iter().flat_map(|one| values.iter().map(move |other| (one, other))) {
            let (key, other_key) = (exact(one), exact(other));
            let begin_alike = is_cut(&key) && is_cut(&other_key) && prefix(one) == prefix(other);
            assert!(begin_alike || key.cmp(&other_key) == one.cmp(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn numbers_and_moments_sort_as_text() {
        let numbers = [json!(-1e300), json!(-2), json!(-0.5), json!(0), json!(1e-9), json!(1), json!(1.5), json!(1e300)];
        let keys = numbers.map(|value| number(value.as_number().unwrap()).unwrap());
        assert!(keys.is_sorted_by(|left, right| left < right), "{keys:?}");
        assert_eq!(number(json!(-0.0).as_number().unwrap()), number(json!(0).as_number().unwrap()));
        assert!([i64::MIN, -1, 0, 1, i64::MAX].map(moment).is_sorted_by(|left, right| left < right));
    }

    #[test]
    fn a_range_holds_all_that_start_with_it() {
        for start in ["", "ada", "ad\u{D7FF}", "\u{10FFFF}", "ad\u{10FFFF}\u{10FFFF}"] {
            let (from, below) = range(start).unwrap();
            for value in ["", "ad", "ada", "adaz", "adb", "ad\u{D7FF}x", "ad\u{E000}", "\u{10FFFF}\u{10FFFF}", "ae"] {
                for value in [value.to_owned(), format!("{start}{value}"), format!("{start}\u{10FFFF}{value}")] {
                    let inside = from <= value && below.as_ref().is_none_or(|below| value < *below);
                    assert_eq!(inside, value.starts_with(start), "{start:?} {value:?}");
                }
            }
        }
        assert!(range(&"x".repeat(PREFIX)).is_none());
    }
}
