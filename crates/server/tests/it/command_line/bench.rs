//! `rollcall bench cycle` and `rollcall bench fairness`

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::binary::{Home, Running};
use crate::caller::Caller;
use crate::patience::until;

/// A server with a quiet and a noisy tenant.
struct Bench {
    home: Home,
    running: Running,
    quiet: String,
    noisy: String,
}

impl Bench {
    fn new() -> Self {
        let home = Home::empty();
        let running = home.serve();
        let token = |slug| {
            let created = home.json(&["tenant", "create", slug, "--with-token"]);
            created["token"].as_str().unwrap().to_owned()
        };
        let (quiet, noisy) = (token("quiet"), token("noisy"));
        Self { home, running, quiet, noisy }
    }

    /// The command with both tenants, one round and sizes for a test.
    fn arguments<'a>(&'a self, quiet_url: &'a str, noisy_url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let tenants = ["bench", "fairness", "--quiet-url", quiet_url, "--noisy-url", noisy_url];
        let tokens = ["--quiet-token", &self.quiet, "--noisy-token", &self.noisy];
        let sizes = ["--rounds", "1", "--quiet-rate", "20", "--noisy-rate", "300", "--noisy-connections", "4"];
        [&tenants[..], &tokens, &sizes, more].concat()
    }

    fn command(&self, more: &[&str]) -> Command {
        let (quiet, noisy) = (self.running.base("quiet"), self.running.base("noisy"));
        self.home.command(&self.arguments(&quiet, &noisy, more))
    }

    /// Starts it and waits until it is at work in the quiet tenant.
    async fn begin(&self, more: &[&str]) -> Child {
        let child = self.command(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until("requests that are measured", async || (self.people().await > 12).then_some(())).await;
        child
    }

    /// How many people there are in the quiet tenant.
    async fn people(&self) -> u64 {
        let answer = self.quiet_caller().get("/Users?count=0").await.expect(200);
        answer.json()["totalResults"].as_u64().unwrap()
    }

    fn quiet_caller(&self) -> Caller {
        self.running.caller("quiet", &self.quiet)
    }
}

fn number(object: &Value, name: &str) -> u64 {
    object[name].as_u64().unwrap_or_else(|| panic!("{name}: {object}"))
}

fn figure(object: &Value, name: &str) -> f64 {
    object[name].as_f64().unwrap_or_else(|| panic!("{name}: {object}"))
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fairness_counts_every_request_and_leaves_nobody_behind() {
    let bench = Bench::new();
    let output = bench.command(&["--seconds", "2", "--json"]).output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.success() && err.is_empty() && out.lines().count() == 1, "{output:?}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["rounds"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!((number(&report, "quiet_failed"), number(&report, "left_behind")), (0, 0), "{report}");
    let round = &report["rounds"][0];
    for phase in ["alone", "beside"] {
        let phase = &round[phase];
        assert_eq!((number(phase, "requests"), number(phase, "failed")), (40, 0), "{report}");
        let order = ["p50_ms", "p99_ms", "max_ms"].map(|name| figure(phase, name));
        assert!(order[0] > 0.0 && order.is_sorted() && figure(phase, "late_p99_ms") <= order[2], "{report}");
    }
    let ratio = figure(&round["beside"], "p99_ms") / figure(&round["alone"], "p99_ms");
    assert!((figure(round, "ratio_p99") - ratio).abs() < 0.001, "{report}");
    assert_eq!(report["median"]["ratio_p99"], round["ratio_p99"], "one round is its own median: {report}");

    let noisy = &round["noisy"];
    let parts = ["ok", "limited", "other", "no_answer", "not_sent"].map(|name| number(noisy, name));
    assert_eq!(number(noisy, "offered"), 600, "{report}");
    assert_eq!(parts.iter().sum::<u64>(), 600, "{report}");
    let statuses: u64 = noisy["statuses"].as_object().unwrap().values().map(|times| times.as_u64().unwrap()).sum();
    assert_eq!(statuses, parts[..3].iter().sum::<u64>(), "{report}");
    assert!(parts[0] > 0 && parts[2] == 0 && parts[3] == 0, "the flood was answered: {report}");

    assert_eq!(bench.people().await, 0);
    assert!(!out.contains(&bench.quiet) && !out.contains(&bench.noisy), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fairness_fails_and_says_why_when_the_quiet_tenant_is_not_served() {
    let bench = Bench::new();
    let child = bench.begin(&["--seconds", "2"]).await;
    bench.home.text(&["tenant", "suspend", "quiet"]);
    let output = child.wait_with_output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.code() == Some(1) && err.is_empty(), "{output:?}");
    let totals = out.lines().find(|line| line.starts_with("quiet: 80 requests, ")).unwrap_or_default();
    assert!(totals.ends_with(" failed") && !totals.ends_with(", 0 failed"), "{out}");
    assert!(out.contains(" answered 403: ") && out.contains("noisy: 600 requests offered at 300/s, "), "{out}");
    assert!(out.ends_with("people could not be deleted again\n"), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fairness_that_is_interrupted_deletes_what_it_has_created() {
    let bench = Bench::new();
    let child = bench.begin(&["--seconds", "30"]).await;
    let kill = ["-c", "kill -s INT \"$1\"", "kill", &child.id().to_string()];
    assert!(Command::new("sh").args(kill).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(said(&output), (String::new(), "error: interrupted; nothing was measured\n".to_owned()));
    // Of more than twelve, but a request that was on its way may have created one more.
    assert!(bench.people().await <= 4);
}

#[test]
fn fairness_that_cannot_begin_says_why_in_a_sentence() {
    let bench = Bench::new();
    let (quiet, noisy) = (bench.running.base("quiet"), bench.running.base("noisy"));
    let refused = |quiet: &str, noisy: &str, more: &[&str]| bench.home.refused(&bench.arguments(quiet, noisy, more));
    let one = refused(&quiet, &format!("{quiet}/"), &[]);
    assert!(one.starts_with("--quiet-url and --noisy-url are the same tenant"), "{one}");
    let no_http = refused(&quiet, "ftp://127.0.0.1", &[]);
    assert_eq!(no_http, "the noisy tenant: the base URL must start with http:// or https://");
    let away = refused(&quiet, "http://127.0.0.1:1/scim/v2", &[]);
    assert!(away.starts_with("the noisy tenant cannot be measured: GET /Users: cannot connect"), "{away}");
    // Each has the other's token.
    let foreign = refused(&noisy, &quiet, &[]);
    assert!(foreign.starts_with("the noisy tenant cannot be measured: GET /Users answered 401"), "{foreign}");
    let nowhere = refused(&bench.running.base("nobody"), &noisy, &[]);
    assert!(nowhere.starts_with("the quiet tenant cannot be measured: POST /Users answered 401"), "{nowhere}");
    let urls = ["bench", "fairness", "--quiet-url", &quiet, "--noisy-url", &noisy];
    assert_eq!(bench.home.refused(&urls), "no token: give --quiet-token or set ROLLCALL_QUIET_TOKEN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cycle_counts_its_requests_reads_everything_back_and_leaves_nobody_behind() {
    let bench = Bench::new();
    let url = bench.running.base("quiet");
    let server = format!("server={}", bench.running.id());
    let words = [
        ["bench", "cycle", "--base-url", &url, "--token", &bench.quiet, "--users", "30", "--groups", "3"],
        ["--members", "12", "--changes", "40", "--connections", "4", "--cpu", &server, "--json", "--keep"],
    ]
    .concat();
    for kept in [0, 30] {
        let words = if kept == 0 { &words[..words.len() - 1] } else { &words[..] };
        let output = bench.home.command(words).output().unwrap();
        let (out, err) = said(&output);
        assert!(output.status.success() && err.is_empty() && out.lines().count() == 1, "{output:?}");
        let report: Value = serde_json::from_str(&out).unwrap();
        let phases = report["phases"].as_array().unwrap();
        let sent: Vec<_> = phases.iter().map(|phase| (number(phase, "requests"), number(phase, "failed"))).collect();
        assert_eq!(sent, [(60, 0), (6, 0), (36, 0), (120, 0)], "{report}");
        for phase in phases {
            let order = ["p50_ms", "p99_ms", "max_ms"].map(|name| figure(phase, name));
            assert!(order[0] > 0.0 && order.is_sorted() && figure(phase, "per_second") > 0.0, "{report}");
        }
        assert!(figure(&phases[0]["processor_ms"], "server") > 0.0, "{report}");
        let checks = report["checks"].as_array().unwrap();
        let read: Vec<_> = checks.iter().map(|check| (number(check, "looked_at"), number(check, "wrong"))).collect();
        assert_eq!(read, [(30, 0), (3, 0)], "{report}");
        assert_eq!((number(&report, "left_behind"), bench.people().await), (0, kept), "{report}");
        assert!(!out.contains(&bench.quiet), "{out}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cycle_that_is_not_served_fails_and_says_why() {
    let bench = Bench::new();
    let url = bench.running.base("quiet");
    let tenant = ["bench", "cycle", "--base-url", &url, "--token", &bench.quiet];
    let words = [&tenant[..], &["--users", "1000", "--groups", "1", "--members", "1", "--changes", "1"]].concat();
    let child = bench.home.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("people who are created", async || (bench.people().await > 4).then_some(())).await;
    bench.home.text(&["tenant", "suspend", "quiet"]);
    let output = child.wait_with_output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.code() == Some(1) && err.is_empty(), "{output:?}");
    assert!(out.contains(" answered 403: ") && out.contains("could not be deleted again"), "{out}");
    let refused = bench.home.refused(&words);
    assert!(refused.starts_with("the given tenant cannot be measured: GET /Users answered 403: "), "{refused}");
    let gone = bench.home.refused(&[&words[..], &["--cpu", "server=4000000000"]].concat());
    assert_eq!(gone, "there is no process 4000000000");
}
