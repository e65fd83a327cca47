//! Figures of reports.

/// A figure without the digits that mean nothing.
pub fn thousandths(figure: f64) -> f64 {
    (figure * 1_000.0).round() / 1_000.0
}

/// The middle one, or what lies between the two in the middle; 0 when there are none.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied().unwrap_or_default();
    let lower = if sorted.len().is_multiple_of(2) { middle.checked_sub(1) } else { Some(middle) };
    let lower = lower.and_then(|at| sorted.get(at)).copied().unwrap_or(upper);
    thousandths(f64::midpoint(lower, upper))
}

/// 0 where nothing was measured to divide by.
pub fn quotient(above: f64, below: f64) -> f64 {
    if below > 0.0 { above / below } else { 0.0 }
}

pub fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

pub fn figure(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert!(close(median([3.0, 1.0, 2.0]), 2.0));
        assert!(close(median([4.0, 1.0]), 2.5));
        assert!(close(median([5.0]), 5.0));
        assert!(close(median([]), 0.0));
    }
}
