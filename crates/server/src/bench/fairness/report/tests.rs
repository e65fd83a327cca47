//! What is told of made-up measurements.

use serde_json::{Value, json};

use super::*;
use crate::bench::tenant::Tenant;

fn sample(milliseconds: u64, failure: Option<&str>) -> Sample {
    let took = Duration::from_millis(milliseconds);
    Sample { late: Duration::from_micros(100), took, failure: failure.map(ToOwned::to_owned) }
}

fn phase(milliseconds: u64) -> Phase {
    Phase::of(&[sample(milliseconds, None), sample(2 * milliseconds, None)])
}

fn noisy() -> Noisy {
    let mut noisy = Noisy::offering(10);
    for status in [Some(200), Some(429), Some(429), Some(503), None] {
        noisy.count(status);
    }
    noisy.end(Duration::from_secs(2));
    noisy
}

fn report(rounds: Vec<Round>) -> Report {
    let tenant = Tenant { base_url: "http://host/t/a/scim/v2".parse().unwrap(), token: "s3cret".into() };
    let plan = Plan {
        quiet: tenant.clone(),
        noisy: tenant,
        quiet_rate: 2,
        noisy_rate: 10,
        noisy_connections: 4,
        seconds: 1,
        rounds: 2,
    };
    Report::new(&plan, rounds, 3)
}

fn two_rounds() -> Report {
    let bad = Phase::of(&[sample(10, Some("GET /Users answered 429: slow down")), sample(30, None)]);
    report(vec![Round::new(phase(5), bad, noisy()), Round::new(phase(5), phase(10), noisy())])
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9
}

#[test]
fn everything_the_noisy_tenant_offered_is_counted_once() {
    let noisy = noisy();
    assert_eq!((noisy.ok, noisy.limited, noisy.other, noisy.no_answer, noisy.not_sent), (1, 2, 1, 1, 5));
    assert_eq!(noisy.statuses, BTreeMap::from([(200, 1), (429, 2), (503, 1)]));
    assert!(close(noisy.answered_per_second, 2.0) && close(noisy.ok_per_second, 0.5), "{noisy:?}");
}

#[test]
fn a_ratio_is_taken_within_a_round_and_the_median_over_the_ratios() {
    let report = two_rounds();
    assert!(close(report.rounds[0].ratio_p99, 3.0) && close(report.rounds[1].ratio_p99, 2.0), "{report:?}");
    assert!(close(report.median.ratio_p99, 2.5) && close(report.median.alone_p99_ms, 10.0), "{report:?}");
    // Nothing measured is no division by zero.
    let nothing = Round::new(Phase::of(&[]), Phase::of(&[]), Noisy::offering(0));
    assert!(close(nothing.ratio_p99, 0.0), "{nothing:?}");
}

#[test]
fn the_json_object_has_the_rounds_the_medians_and_what_failed() {
    let json: Value = serde_json::to_value(two_rounds()).unwrap();
    assert_eq!(json["quiet_failed"], 1);
    assert_eq!(json["failures"], json!(["GET /Users answered 429: slow down"]));
    assert_eq!(json["left_behind"], 3);
    assert_eq!(json["rounds"][0]["beside"]["failed"], 1);
    assert_eq!(json["rounds"][0]["noisy"]["statuses"], json!({"200": 1, "429": 2, "503": 1}));
    assert_eq!(json["rounds"][1]["alone"]["late_p99_ms"], 0.1);
    assert_eq!(json["median"]["ratio_p99"], 2.5);
    assert!(!json.to_string().contains("s3cret"));
}

#[test]
fn people_read_a_line_a_round_and_the_totals() {
    let expected = "         quiet alone, ms    beside the flood, ms   beside ÷ alone      noisy, answers/s
round      p50      p99         p50      p99       p50     p99        all      200     429
1         5.00    10.00       10.00    30.00      2.00    3.00          2        0    50 %
2         5.00    10.00       10.00    20.00      2.00    2.00          2        0    50 %
median    5.00    10.00       10.00    25.00      2.00    2.50          2        0

quiet: 8 requests, 1 failed
       GET /Users answered 429: slow down
noisy: 20 requests offered at 10/s, 2 got 200, 4 got 429, 2 another status, 2 no answer, 10 not sent, because all 4 \
connections were waiting
3 people could not be deleted again";
    assert_eq!(two_rounds().to_string(), expected);
}
