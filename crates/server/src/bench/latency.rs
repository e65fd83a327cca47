//! How long requests took.

use std::time::Duration;

use super::figure::thousandths;

/// Durations, the shortest first.
#[derive(Debug, Clone, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// The duration that so many percent of all do not exceed, in milliseconds (nearest rank); 0 when there are none.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent.min(100)).div_ceil(100);
        milliseconds(self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default())
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<All: IntoIterator<Item = Duration>>(durations: All) -> Self {
        let mut sorted: Vec<Duration> = durations.into_iter().collect();
        sorted.sort_unstable();
        Self(sorted)
    }
}

fn milliseconds(duration: Duration) -> f64 {
    thousandths(duration.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    fn of(milliseconds: impl IntoIterator<Item = u64>) -> Latencies {
        milliseconds.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn a_percentile_is_a_duration_that_occurred() {
        let hundred = of((1..=100).rev());
        for (percent, expected) in [(50, 50.0), (99, 99.0), (100, 100.0), (1, 1.0), (0, 1.0)] {
            assert!(close(hundred.percentile_ms(percent), expected), "{percent}");
        }
        assert!(close(of([7]).percentile_ms(99), 7.0));
        assert!(close(of(1..=10).percentile_ms(99), 10.0));
        assert!(close(of([]).percentile_ms(99), 0.0));
    }
}
