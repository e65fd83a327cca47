//! `rollcall replay`

use serde_json::Value;

use super::first_start::{credentials, first_start};
use crate::binary::Home;

#[test]
fn replay_prints_a_line_a_step_and_a_summary() {
    let (_home, running, _) = first_start();
    let (base, token) = credentials(&running.printed());
    let elsewhere = Home::empty();
    let printed = elsewhere.text(&["replay", "--base-url", &base, "--token", &token, "--only", "test connection"]);
    let (summary, steps) =
        printed.lines().collect::<Vec<_>>().split_last().map(|(last, rest)| (*last, rest.len())).unwrap();
    assert!(steps > 0 && summary.starts_with(&format!("{steps} of {steps} steps passed in ")), "{printed}");
    assert!(printed.lines().take(steps).all(|line| line.starts_with("ok ")), "{printed}");
    assert!(!printed.contains(&token));
    assert!(!elsewhere.path("rollcall-data").exists(), "a replay needs no installation");
}

#[test]
fn replay_with_json_prints_one_object_and_takes_the_token_from_the_environment() {
    let (_home, running, _) = first_start();
    let (base, token) = credentials(&running.printed());
    let elsewhere = Home::empty().set("ROLLCALL_TOKEN", &token);
    let summary = elsewhere.json(&["replay", "--base-url", &base, "--only", "okta"]);
    assert_eq!(summary["passed"], summary["total"], "{summary}");
    assert_eq!(summary["scenarios"].as_array().unwrap().len(), 5);
    assert!(!summary.to_string().contains(&token));
}

#[test]
fn replay_fails_with_the_differences_where_the_server_answers_otherwise() {
    let (_home, running, _) = first_start();
    let (base, token) = credentials(&running.printed());
    let wrong = token.replace("scim_", "scam_");
    let only = ["--only", "entra-a1"];
    let arguments = [&["replay", "--base-url", &base, "--token", &wrong][..], &only].concat();
    let ended = Home::empty().run(&arguments);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.out.contains("FAIL ") && ended.out.contains("status is 401"), "{ended:?}");
    let ended = Home::empty().run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let summary: Value = serde_json::from_str(&ended.out).unwrap();
    assert!(summary["failed"].as_u64().unwrap() > 0, "{summary}");
    assert!(!ended.out.contains(&wrong) && !ended.err.contains(&wrong));
}

#[test]
fn a_replay_that_cannot_begin_says_why_in_a_sentence() {
    let home = Home::empty();
    let replay = |base: &str, more: &[&str]| home.refused(&[&["replay", "--base-url", base][..], more].concat());
    let unreachable = replay("http://127.0.0.1:1/scim/v2", &["--token", "hunter2"]);
    assert!(unreachable.contains("127.0.0.1:1"), "{unreachable}");
    let no_token = replay("http://127.0.0.1:1", &[]);
    assert!(no_token.contains("--token") && no_token.contains("ROLLCALL_TOKEN"), "{no_token}");
    let no_http = replay("ftp://127.0.0.1", &["--token", "hunter2"]);
    assert!(no_http.contains("http"), "{no_http}");
    let ended = home.run(&["replay", "--base-url", "http://127.0.0.1:1", "--token", "t", "--only", "nonsense"]);
    assert!(ended.status.code() == Some(1) && ended.err.contains("nonsense"), "{ended:?}");
    assert!(ended.err.contains("entra-a1-test-connection"), "it says what there is: {ended:?}");
}
