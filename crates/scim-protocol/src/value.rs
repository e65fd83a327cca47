//! How values compare.

use std::borrow::Cow;
use std::cmp::Ordering;

use icu_casemap::CaseMapper;
use serde_json::{Number, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use unicode_normalization::UnicodeNormalization;

/// Text prepared for comparison without case: NFKC, then Unicode case folding (RFC 7643 §2.1, RFC 7644 §7.8).
///
/// Computed here and stored folded, because the databases' own ideas of case disagree.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        let is_folded = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        return if is_folded { Cow::Borrowed(text) } else { Cow::Owned(text.to_ascii_lowercase()) };
    }
    let composed: String = text.nfkc().collect();
    let folded = CaseMapper::new().fold_string(&composed).into_owned();
    // Folding can undo the composition (ΐ folds to three characters), so that equal names would differ.
    Cow::Owned(folded.nfkc().collect())
}

/// A date and time in microseconds since 1970, which is as fine as the databases keep it. RFC 7643 §2.3.5 takes the form of
/// XML Schema, which may lack a time zone; such a time is taken for one in UTC.
pub fn instant(text: &str) -> Option<i64> {
    let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let time = parse(text).or_else(|| parse(&format!("{text}Z")))?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000).ok()
}

/// Numbers in order, exactly when both are whole.
pub fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// RFC 7643 §2.5: null, an empty array and absence are one state.
pub fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_take_for_the_same_fold_to_the_same() {
        for (left, right) in
            [("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("ＡＢＣ", "abc"), ("É", "e\u{301}"), ("ΐ", "Ϊ́")]
        {
            assert_eq!(fold(left), fold(right), "{left} {right}");
        }
        assert_ne!(fold("a b"), fold("ab"));
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for text in ["Straße", "ΐ", "ﬃ", "İstanbul", "ǅ", "K"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }

    #[test]
    fn times_compare_across_offsets() {
        assert_eq!(instant("2026-01-01T00:00:00Z"), instant("2026-01-01T02:00:00+02:00"));
        assert_eq!(instant("2026-01-01T00:00:00"), instant("2026-01-01T00:00:00Z"));
        for no_time in ["yesterday", "2026-01-01", "2026-01-01Z", "2026-01-01T00:00:00ZZ", ""] {
            assert_eq!(instant(no_time), None, "{no_time}");
        }
    }
}
