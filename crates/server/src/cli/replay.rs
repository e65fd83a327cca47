//! `rollcall replay`: client conversations against any SCIM server.

use std::{
    fmt::Write as _,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use url::Url;

use crate::replay::{self, Observer, Outcome, StepResult, Summary, scenario::Scenario};

const TOKEN_VARIABLE: &str = "ROLLCALL_TOKEN";

/// Play recorded client conversations (Entra ID, Okta) against a SCIM server.
///
/// The tenant should be one that nobody else is using: the conversations leave users and groups behind.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The tenant's SCIM base URL.
    #[arg(long, value_name = "URL")]
    pub base_url: Url,
    /// The tenant's provisioning token; without it `ROLLCALL_TOKEN` is read from the environment.
    #[arg(long)]
    pub token: Option<SecretString>,
    /// Play only scenarios whose file name, title or client contains this text.
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Print one JSON object instead of a line a step.
    #[arg(long)]
    pub json: bool,
}

/// Plays the conversations and prints how they went. Gives success only if every step passed.
///
/// # Errors
/// Those of [`replay::run`], no token at all, or standard output that cannot be written; a reader that went away
/// (a broken pipe) is no error.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let token = token(args.token, std::env::var(TOKEN_VARIABLE).ok())?;
    let mut printer = Printer::new(io::stdout(), args.json);
    let result = replay::run(&args.base_url, &token, args.only.as_deref(), &mut printer).await;
    printer.bar.finish_and_clear();
    let summary = result?;
    printer.finish(&summary)?;
    Ok(if summary.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn token(option: Option<SecretString>, variable: Option<String>) -> anyhow::Result<SecretString> {
    let token = option.or_else(|| variable.map(SecretString::from));
    token.with_context(|| format!("no token: give --token or set {TOKEN_VARIABLE}"))
}

/// Writes the report as the replay goes on; the progress bar stays below it on standard error.
struct Printer<W> {
    out: Output<W>,
    json: bool,
    bar: ProgressBar,
}

impl<W: Write> Printer<W> {
    fn new(out: W, json: bool) -> Self {
        // The bar draws on standard error, and only when that is a terminal.
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { out: Output::Open(out), json, bar }
    }

    fn finish(mut self, summary: &Summary) -> anyhow::Result<()> {
        let last = if self.json { serde_json::to_string(summary)? } else { summary.to_string() };
        self.out.write(&format!("{last}\n"));
        self.out.close().context("standard output cannot be written")
    }
}

impl<W: Write + Send> Observer for Printer<W> {
    fn started(&mut self, _scenarios: usize, steps: usize) {
        self.bar.set_length(u64::try_from(steps).unwrap_or(u64::MAX));
    }

    fn step_ended(&mut self, scenario: &Scenario, step: &StepResult) {
        self.bar.set_message(scenario.stem().to_owned());
        if !self.json {
            let text = lines(scenario.stem(), step);
            let out = &mut self.out;
            self.bar.suspend(|| out.write(&text));
        }
        self.bar.inc(1);
    }
}

/// Where the report goes, and whether it still can.
enum Output<W> {
    Open(W),
    /// The reader went away; the replay goes on for the sake of its exit code.
    Closed,
    Failed(io::Error),
}

impl<W: Write> Output<W> {
    fn write(&mut self, text: &str) {
        if let Self::Open(out) = self {
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            self.note(written);
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => *self = Self::Closed,
            Err(error) => *self = Self::Failed(error),
        }
    }

    fn close(self) -> io::Result<()> {
        match self {
            Self::Open(_) | Self::Closed => Ok(()),
            Self::Failed(error) => Err(error),
        }
    }
}

/// The line of a step, and indented below it what differed.
fn lines(scenario: &str, step: &StepResult) -> String {
    let outcome = match step.outcome {
        Outcome::Passed => "ok",
        Outcome::Failed => "FAIL",
        Outcome::Blocked => "blocked",
    };
    let status = step.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let StepResult { step: number, name, method, path, duration_ms, .. } = step;
    let mut text = format!("{outcome:<7} {scenario} {number}: {name} [{method} {path} {status} {duration_ms} ms]\n");
    for difference in &step.differences {
        let _ = writeln!(text, "          {difference}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind, Write};

    use clap::Parser;
    use secrecy::ExposeSecret;
    use serde_json::{Value, from_value, json};

    use super::{Args, Output, Printer, lines, token};
    use crate::replay::{Observer, Outcome, ScenarioResult, StepResult, Summary, scenario::Scenario};

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn scenario() -> Scenario {
        let about = json!({"file": "a1.json", "title": "A", "client": "entra", "covers": "a"});
        Scenario { about: from_value(about).unwrap(), steps: vec![] }
    }

    fn failed() -> StepResult {
        StepResult {
            step: 3,
            name: "read it".into(),
            method: "GET".into(),
            path: "/Users/7".into(),
            outcome: Outcome::Failed,
            status: Some(404),
            duration_ms: 12,
            differences: vec!["status is 404, expected 200".into(), "more".into()],
        }
    }

    fn summary() -> Summary {
        let scenario = ScenarioResult::new(&scenario(), vec![failed()], std::time::Duration::ZERO);
        Summary::new("http://host".into(), vec![scenario], std::time::Duration::ZERO)
    }

    fn printed(json: bool) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, json);
        printer.started(1, 1);
        printer.step_ended(&scenario(), &failed());
        printer.finish(&summary()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_options_are_read_and_the_token_is_not_shown_by_debug() {
        let line = ["replay", "--base-url", "http://h/scim/v2", "--token", "s3cret", "--only", "okta", "--json"];
        let Command { args } = Command::try_parse_from(line).unwrap();
        assert_eq!(args.base_url.as_str(), "http://h/scim/v2");
        assert_eq!((args.only.as_deref(), args.json), (Some("okta"), true));
        assert!(!format!("{args:?}").contains("s3cret"));
        assert!(Command::try_parse_from(["replay"]).is_err());
    }

    #[test]
    fn the_token_comes_from_the_option_before_the_environment() {
        assert_eq!(token(Some("a".into()), Some("b".into())).unwrap().expose_secret(), "a");
        assert_eq!(token(None, Some("b".into())).unwrap().expose_secret(), "b");
        let error = token(None, None).unwrap_err();
        assert_eq!(error.to_string(), "no token: give --token or set ROLLCALL_TOKEN");
    }

    #[test]
    fn a_passed_step_is_one_line() {
        let step = StepResult { outcome: Outcome::Passed, status: Some(200), differences: vec![], ..failed() };
        assert_eq!(lines("a1", &step), "ok      a1 3: read it [GET /Users/7 200 12 ms]\n");
    }

    #[test]
    fn a_blocked_step_has_no_status() {
        let step = StepResult { outcome: Outcome::Blocked, status: None, differences: vec![], ..failed() };
        assert_eq!(lines("a1", &step), "blocked a1 3: read it [GET /Users/7 - 12 ms]\n");
    }

    #[test]
    fn a_failed_step_is_followed_by_what_differed_and_the_summary_comes_last() {
        let expected = "FAIL    a1 3: read it [GET /Users/7 404 12 ms]\n          status is 404, expected 200\n          \
                        more\n0 of 1 steps passed, 1 failed, 0 blocked, in 1 scenario (0.0 s)\n";
        assert_eq!(printed(false), expected);
    }

    #[test]
    fn json_output_is_one_object_on_one_line() {
        let printed = printed(true);
        assert_eq!(printed.lines().count(), 1);
        let object: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(object["failed"], 1);
        assert_eq!(object["scenarios"][0]["steps"][0]["differences"][1], "more");
    }

    #[test]
    fn a_broken_pipe_is_a_normal_end_and_a_full_disk_is_not() {
        let close = |kind: ErrorKind| {
            let mut output = Output::Open(Broken(kind));
            output.write("a");
            output.write("b");
            output.close()
        };
        assert!(close(ErrorKind::BrokenPipe).is_ok());
        assert_eq!(close(ErrorKind::StorageFull).unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
