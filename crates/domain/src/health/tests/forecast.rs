//! Entra's arithmetic.

use super::*;

fn counted(failing: u64, targets: u64, recent: Recent) -> Pulse {
    let window = Window { targets, recent, ..self::failing(failing, targets) };
    Pulse { window, ..healthy() }
}

/// Failing, all, and both newly in the last hour; then hours to wait.
#[test]
fn entra_quarantines_from_5000_failures_on_when_more_than_40_per_cent_fail() {
    let none = None;
    let table = [
        (4_999, 5_000, 0, 0, none),
        (5_000, 12_501, 0, 0, none),
        // 40 % exactly is not more.
        (5_000, 12_500, 0, 0, none),
        (5_000, 12_499, 0, 0, Some(0)),
        // 1,000 an hour, all of which fail.
        (2_000, 2_000, 1_000, 1_000, Some(3)),
        (2_000, 4_000, 1_000, 2_000, Some(3)),
        // The share is reached only later: 5,000 + 500 t > 0.4 (20,000 + 500 t).
        (5_000, 20_000, 500, 500, Some(10)),
        // It is never reached, for the share sinks.
        (5_000, 20_000, 100, 1_000, none),
        // Over a week ahead.
        (10, 10, 5, 5, none),
    ];
    for (failing, targets, new_failing, new_targets, hours) in table {
        let recent = Recent { new_failing, new_targets, new_failing_references: 0 };
        let told = of(&counted(failing, targets, recent)).forecast;
        let at = told.map(|forecast| match forecast.quarantine {
            Quarantine::Expected(at) => (at.as_micros() - NOW.as_micros() + 1_800_000_000) / 3_600_000_000,
            Quarantine::Since(_) => panic!("nothing of the sort was seen"),
        });
        assert_eq!(at, hours, "{failing} of {targets}");
        if let Some(forecast) = told {
            assert!(matches!(forecast.reason, QuarantineReason::Share { percent: 40..=100 }), "{:?}", forecast.reason);
        }
    }
}

#[test]
fn entra_judges_objects_and_not_attempts() {
    for (failing, targets, percent) in [(0, 0, 0), (50, 100, 50), (1, 3, 33), (7, 5, 100), (u64::MAX, u64::MAX, 100)] {
        let window = Window { targets, failing, ..self::failing(9, 9) };
        assert_eq!(window.failing_percent(), percent, "{failing} of {targets}");
    }
}

#[test]
fn a_rate_of_a_sync_that_has_just_begun_is_taken_over_its_own_time() {
    // 500 in 10 minutes are 3,000 an hour: 1.5 hours for 4,500.
    let recent = Recent { new_failing: 500, new_targets: 500, new_failing_references: 0 };
    let pulse = Pulse { first_write: Some(ago(10 * MINUTE)), ..counted(500, 500, recent) };
    let forecast = of(&pulse).forecast.unwrap();
    assert_eq!(forecast.quarantine, Quarantine::Expected(ago(-90 * MINUTE)));
    assert_eq!(forecast.disabled, ago(-90 * MINUTE - 28 * DAY));
}

#[test]
fn more_than_40000_are_too_many_whatever_their_share_and_60000_with_references() {
    let now = Quarantine::Expected(NOW);
    let mut pulse = counted(40_001, 1_000_000, Recent::default());
    let forecast = of(&pulse).forecast.unwrap();
    assert_eq!((forecast.reason, forecast.quarantine), (QuarantineReason::Failures { failing: 40_001 }, now));
    pulse.window.failing = 40_000;
    assert_eq!(of(&pulse).forecast, None);
    pulse.window.failing_references = 20_000;
    let forecast = of(&pulse).forecast.unwrap();
    assert_eq!((forecast.reason, forecast.quarantine), (QuarantineReason::Cap { failing: 60_000 }, now));
    // References alone count towards the cap and nothing else.
    pulse.window.failing = 0;
    pulse.window.failing_references = 59_999;
    assert_eq!(of(&pulse).forecast, None);
}

#[test]
fn what_is_a_day_ahead_is_likely_and_what_is_further_is_told() {
    for (hours, state) in [(24, ConnectionState::QuarantineLikely), (25, ConnectionState::Degraded)] {
        let recent = Recent { new_failing: 4_000 / hours, new_targets: 4_000 / hours, new_failing_references: 0 };
        let pulse = counted(5_000 - 4_000 / hours * hours, 5_000, recent);
        let told = of(&pulse);
        assert!(told.forecast.is_some());
        assert_eq!(told.state, state, "{hours}");
    }
}

#[test]
fn entra_that_comes_once_a_day_is_in_quarantine_when_its_sums_say_so() {
    let daily = |days: i64, failures: u64| {
        let mut starts: Vec<_> = (0..=days).map(|day| ago(2 * HOUR + day * DAY)).collect();
        starts.extend((1..5).map(|each| ago(2 * HOUR + days * DAY + each * 40 * MINUTE)));
        Pulse {
            cycle_starts: starts,
            last_cycle: Some(cycle(2 * HOUR, 119 * MINUTE)),
            last_call: Some(ago(119 * MINUTE)),
            window: failing(failures, 10_000),
            ..healthy()
        }
    };
    let told = of(&daily(3, 5_000));
    let forecast = told.forecast.unwrap();
    assert_eq!(told.state, ConnectionState::QuarantineLikely);
    assert_eq!(forecast.reason, QuarantineReason::Share { percent: 50 });
    assert_eq!(forecast.quarantine, Quarantine::Since(ago(2 * HOUR + 3 * DAY)));
    assert_eq!(forecast.disabled, ago(2 * HOUR + 3 * DAY - 28 * DAY));
    assert_eq!(told.since, Some(ago(2 * HOUR + 3 * DAY)));
    // One long pause is no habit.
    let expected = of(&daily(1, 5_000)).forecast.unwrap().quarantine;
    assert_eq!(expected, Quarantine::Expected(NOW));
    // A quiet company has something to say once a day, and Entra tries the one who fails as often.
    for failures in [0, 1, 4_999] {
        assert_eq!(of(&daily(3, failures)).forecast, None, "{failures}");
    }
}

#[test]
fn a_refused_token_quarantines_at_once_and_the_end_is_28_days_later() {
    let refused = Some(refused(3 * HOUR, 60, Cause::TokenRevoked));
    let pulse = Pulse { refused, last_call: Some(ago(4 * HOUR)), ..healthy() };
    let forecast = of(&pulse).forecast.unwrap();
    assert_eq!(forecast.reason, QuarantineReason::Credentials);
    assert_eq!(forecast.quarantine, Quarantine::Since(ago(3 * HOUR)));
    assert_eq!(forecast.disabled, ago(3 * HOUR - 28 * DAY));
}
