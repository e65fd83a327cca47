//! Index keys: values as they are looked up.
//!
//! A B-tree entry of PostgreSQL ends at 2,704 bytes and values do not, so a long value is kept as its first bytes and a
//! digest of the whole (decisions.md 4). Two values have one key exactly when they are equal.

use scim_protocol::value::fold;
use sha2::{Digest, Sha256};

/// How many bytes of a value a key holds as they are.
pub const PREFIX: usize = 200;

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
    // A value of at most PREFIX bytes cannot look like this, because this is longer.
    format!("{}\u{1}{digest}", prefix(value))
}

/// The first bytes of a value, cut between characters.
pub fn prefix(value: &str) -> &str {
    let cut = (0..=PREFIX.min(value.len())).rev().find(|index| value.is_char_boundary(*index));
    value.get(..cut.unwrap_or_default()).unwrap_or_default()
}

/// Keys that begin with this text: from it, to below the second, or to the end. None when a key does not hold enough to
/// tell.
pub fn range(start: &str) -> Option<(String, Option<String>)> {
    (start.len() < PREFIX - 4).then(|| (start.to_owned(), next(start)))
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
    use super::*;

    #[test]
    fn long_values_keep_apart_and_short_ones_stay_readable() {
        let long = "é".repeat(5_000);
        assert_eq!(folded("Ada@X"), "ada@x");
        assert_ne!(exact(&format!("{long}a")), exact(&format!("{long}b")));
        assert!(exact(&long).len() < 300 && exact(&long).starts_with("éé"));
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
