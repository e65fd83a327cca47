//! Spans of time as operators write them.

/// Reads `90d`, `12h`, `30m`, `45s` or `2w` into seconds.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn seconds(text: &str) -> Result<i64, String> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        Some('w') => 604_800,
        _ => 0,
    };
    let digits = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
    let number: Option<i64> =
        digits.parse().ok().filter(|number| *number > 0 && digits.bytes().all(|each| each.is_ascii_digit()));
    let seconds = number.filter(|_| unit > 0).and_then(|number| number.checked_mul(unit)).filter(|span| *span <= MAX);
    seconds.ok_or_else(|| format!("\"{text}\" is no span of time: write a number and s, m, h, d or w, such as 365d"))
}

/// A hundred years.
const MAX: i64 = 100 * 366 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_a_number_and_a_unit() {
        assert_eq!(seconds("365d"), Ok(31_536_000));
        assert_eq!(seconds("12h"), Ok(43_200));
        for bad in ["", "d", "0d", "-1d", "1", "1y", "1.5h", "é", "99999999999999999999d", "999999w", "+1d"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
