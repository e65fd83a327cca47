//! Running the tests beside the servers.

use std::env;
use std::ffi::OsString;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use testkit::servers::account::mortal;
use testkit::servers::process::stop;
use testkit::servers::{Interrupt, Result, ServersError, say};

/// How long the runner may take to stop its tests after it was told to.
const GRACE: Duration = Duration::from_secs(15);

/// How long the runner has after Ctrl-C, which the terminal has sent to the runner as well.
const GRACE_AFTER_CTRL_C: Duration = Duration::from_secs(3);

/// Of the variables that `cargo run` sets for us, those that would puzzle the cargo that we run.
const INHERITED: [&str; 4] = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_"];

/// What tests find in their environment: names and values.
pub type Environment = [(&'static str, String)];

/// Runs the tests that `filter` selects; the result is the first exit code that is not nought.
pub fn tests(filter: &[String], environment: &Environment, interrupt: &Interrupt) -> Result<ExitCode> {
    let mut result = ExitCode::SUCCESS;
    let mut failed = false;
    for arguments in commands(filter, has_nextest()) {
        say(format_args!("cargo {}", arguments.join(" ")));
        let status = supervise(cargo(&arguments, environment), interrupt)?;
        if !status.success() && !failed {
            failed = true;
            result = code(status);
        }
    }
    Ok(result)
}

/// The arguments of each cargo that is to run.
///
/// Doc tests come first, so that a run closes on the numbers of all the other tests.
fn commands(filter: &[String], has_nextest: bool) -> Vec<Vec<String>> {
    let runner: &[&str] = if has_nextest { &["nextest", "run"] } else { &["test"] };
    let scope: &[&str] = if selects_package(filter) { &[] } else { &["--workspace"] };
    let tests = owned(&[runner, scope, &["--no-fail-fast"]].concat()).into_iter().chain(filter.iter().cloned());
    // Plain `cargo test` runs doc tests by itself.
    let docs = (has_nextest && filter.is_empty()).then(|| owned(&["test", "--quiet", "--doc", "--workspace"]));
    docs.into_iter().chain([tests.collect()]).collect()
}

/// Whether the arguments name packages; `--workspace` would overrule them.
fn selects_package(filter: &[String]) -> bool {
    filter
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument.starts_with("-p") || argument == "--package" || argument.starts_with("--package="))
}

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(ToString::to_string).collect()
}

fn has_nextest() -> bool {
    let mut probe = Command::new(cargo_path());
    probe.args(["nextest", "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// The cargo that runs us.
fn cargo_path() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn cargo(arguments: &[String], environment: &Environment) -> Command {
    let mut command = mortal(cargo_path());
    command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| INHERITED.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end, or to ours.
fn supervise(mut command: Command, interrupt: &Interrupt) -> Result<ExitStatus> {
    let mut child = command.spawn().map_err(|error| ServersError::io("run cargo", error))?;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| ServersError::io("wait for cargo", error))? {
            return Ok(status);
        }
        if let Err(stopped) = interrupt.pause() {
            end(&mut child, &stopped);
            return Err(stopped);
        }
    }
}

fn end(child: &mut Child, stopped: &ServersError) {
    let ctrl_c = matches!(stopped, ServersError::Interrupted(signal) if *signal == Signal::INT.as_raw());
    if ctrl_c && ends_within(child, GRACE_AFTER_CTRL_C) {
        return;
    }
    stop(child, Signal::TERM, GRACE);
}

fn ends_within(child: &mut Child, time: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < time {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

fn code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(filter: &str, has_nextest: bool) -> Vec<String> {
        let filter: Vec<String> = filter.split_whitespace().map(str::to_owned).collect();
        commands(&filter, has_nextest).iter().map(|arguments| arguments.join(" ")).collect()
    }

    #[test]
    fn without_a_filter_everything_runs_and_the_closing_numbers_are_those_of_the_tests() {
        assert_eq!(lines("", true), ["test --quiet --doc --workspace", "nextest run --workspace --no-fail-fast"]);
        assert_eq!(lines("", false), ["test --workspace --no-fail-fast"]);
    }

    #[test]
    fn a_filter_is_passed_on_and_leaves_doc_tests_out() {
        assert_eq!(lines("tokens", true), ["nextest run --workspace --no-fail-fast tokens"]);
    }

    #[test]
    fn a_package_takes_the_place_of_the_workspace() {
        assert_eq!(lines("-p storage tokens", true), ["nextest run --no-fail-fast -p storage tokens"]);
        assert_eq!(lines("--package=web", false), ["test --no-fail-fast --package=web"]);
        assert_eq!(lines("x -- -p", true), ["nextest run --workspace --no-fail-fast x -- -p"]);
    }
}
