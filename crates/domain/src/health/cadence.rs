//! How often an identity provider comes.

use super::Pulse;
use crate::provider::Provider;
use crate::timestamp::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Entra begins a cycle about every 40 minutes. What it does on demand comes in between and is no cycle of its own.
const ENTRA: i64 = 40 * MINUTE;

/// Whoever comes when something changes, and not by the clock, is not missed sooner.
const PATIENCE: i64 = 7 * DAY;

/// Intervals that are needed to call a provider regular.
const REGULAR: usize = 4;

/// Cycles that are so far apart are a day apart, in seconds.
const DAILY: std::ops::RangeInclusive<i64> = 20 * HOUR..=28 * HOUR;

/// Intervals of a day that make a pattern.
const PATTERN: usize = 2;

/// What to expect of a provider, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cadence {
    /// From one cycle to the next; none when it comes as it comes.
    pub interval: Option<i64>,
    /// After such a silence it is missed: two intervals, or two of the longest pauses that it usually makes.
    pub quiet_after: i64,
}

impl Cadence {
    pub fn of(pulse: &Pulse) -> Self {
        let mut gaps = gaps(pulse);
        gaps.sort_unstable();
        let median = gaps.get(gaps.len() / 2).copied();
        // One long pause is an accident, two are a habit: nights, week-ends.
        let longest = if gaps.len() > 2 { gaps.iter().rev().nth(1) } else { gaps.last() };
        let longest = longest.copied().unwrap_or_default();
        if pulse.provider == Provider::Entra {
            let interval = median.unwrap_or(ENTRA).clamp(ENTRA, DAY);
            let quiet_after = interval.max(longest).saturating_mul(2).min(PATIENCE);
            return Self { interval: Some(interval), quiet_after };
        }
        let upper = gaps.get(gaps.len() * 3 / 4).copied().unwrap_or_default();
        match median {
            Some(median) if gaps.len() >= REGULAR && upper <= median.saturating_mul(3) / 2 => {
                Self { interval: Some(median), quiet_after: median.max(longest).saturating_mul(2) }
            }
            _ => Self { interval: None, quiet_after: longest.saturating_mul(2).max(PATIENCE) },
        }
    }
}

/// Since when Entra comes once a day, if it does. That is how it comes in quarantine, and also where there is nothing to say
/// more often than to try again, daily, what fails.
pub(super) fn daily_since(pulse: &Pulse, now: Timestamp) -> Option<Timestamp> {
    let last = pulse.last_cycle?;
    let days = gaps(pulse).into_iter().take_while(|gap| DAILY.contains(gap)).count();
    let is_on = seconds_between(last.from, now) <= *DAILY.end();
    (pulse.provider == Provider::Entra && is_on && days >= PATTERN)
        .then(|| pulse.cycle_starts.get(days).copied())
        .flatten()
}

/// Between the starts of cycles, the latest first.
fn gaps(pulse: &Pulse) -> Vec<i64> {
    let starts = pulse.cycle_starts.iter();
    let gaps = starts.clone().zip(starts.skip(1)).map(|(later, earlier)| seconds_between(*earlier, *later));
    gaps.map(|gap| gap.max(0)).collect()
}

/// Whole seconds from one moment to another.
pub(super) fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_micros().saturating_sub(from.as_micros()) / 1_000_000
}
