//! When a provider is expected, and when it is missed.

use super::super::cadence::Cadence;
use super::*;

/// A provider whose cycles began so many seconds apart, the latest pause first.
fn with_gaps(provider: Provider, gaps: &[i64]) -> Pulse {
    let mut starts = vec![ago(60)];
    for gap in gaps {
        starts.push(starts.last().unwrap().plus_seconds(-gap));
    }
    Pulse { provider, cycle_starts: starts, last_cycle: Some(cycle(60, 59)), ..healthy() }
}

#[test]
fn entra_is_expected_every_forty_minutes_or_as_seldom_as_it_usually_comes() {
    let table: [(&[i64], i64, i64); 7] = [
        (&[], 40 * MINUTE, 80 * MINUTE),
        (&[40 * MINUTE; 11], 40 * MINUTE, 80 * MINUTE),
        (&[44 * MINUTE; 11], 44 * MINUTE, 88 * MINUTE),
        // On demand in between.
        (&[6 * MINUTE; 11], 40 * MINUTE, 80 * MINUTE),
        // One long pause is an accident, two are nights.
        (&[40 * MINUTE, 5 * HOUR, 40 * MINUTE, 40 * MINUTE], 40 * MINUTE, 80 * MINUTE),
        (&[3 * HOUR, 3 * HOUR, 14 * HOUR, 3 * HOUR, 3 * HOUR, 14 * HOUR], 3 * HOUR, 28 * HOUR),
        (&[20 * DAY; 3], DAY, 7 * DAY),
    ];
    for (gaps, interval, quiet_after) in table {
        let expected = Cadence { interval: Some(interval), quiet_after };
        assert_eq!(Cadence::of(&with_gaps(Provider::Entra, gaps)), expected, "{gaps:?}");
    }
}

#[test]
fn others_are_expected_when_they_come_by_the_clock() {
    let table: [(&[i64], Option<i64>, i64); 4] = [
        (&[], None, 7 * DAY),
        (&[HOUR; 3], None, 7 * DAY),
        (&[HOUR; 4], Some(HOUR), 2 * HOUR),
        (&[MINUTE, 5 * DAY, HOUR, 4 * DAY, 10 * HOUR], None, 8 * DAY),
    ];
    for (gaps, interval, quiet_after) in table {
        let expected = Cadence { interval, quiet_after };
        assert_eq!(Cadence::of(&with_gaps(Provider::Okta, gaps)), expected, "{gaps:?}");
    }
}

#[test]
fn the_next_cycle_is_expected_an_interval_after_the_last_one_and_never_in_the_past() {
    assert_eq!(of(&healthy()).next_expected, Some(ago(6 * MINUTE + 4 - 40 * MINUTE)));
    let late =
        Pulse { last_call: Some(ago(50 * MINUTE)), last_cycle: Some(cycle(51 * MINUTE, 50 * MINUTE)), ..healthy() };
    assert_eq!(of(&late).next_expected, Some(NOW));
    assert_eq!(of(&Pulse { last_cycle: None, ..healthy() }).next_expected, None);
}
