//! `rollcall bench fairness`

use std::process::ExitCode;

use clap::{Args, value_parser};
use secrecy::SecretString;
use url::Url;

use super::{bar, token};
use crate::bench::Tenant;
use crate::bench::fairness::{self, Plan, Report};
use crate::cli::output;

const QUIET_TOKEN: &str = "ROLLCALL_QUIET_TOKEN";
const NOISY_TOKEN: &str = "ROLLCALL_NOISY_TOKEN";

/// Measure how a quiet tenant is served alone, and how beside a noisy one that asks for too much.
///
/// The server may be any SCIM server. What is created in the quiet tenant is deleted again at the end; the noisy tenant
/// only reads.
#[derive(Debug, Args)]
pub struct Fairness {
    /// The quiet tenant's SCIM base URL
    #[arg(long, value_name = "URL")]
    quiet_url: Url,
    /// The quiet tenant's token; without it `ROLLCALL_QUIET_TOKEN` is read from the environment
    #[arg(long, value_name = "TOKEN")]
    quiet_token: Option<SecretString>,
    /// The noisy tenant's SCIM base URL
    #[arg(long, value_name = "URL")]
    noisy_url: Url,
    /// The noisy tenant's token; without it `ROLLCALL_NOISY_TOKEN` is read from the environment
    #[arg(long, value_name = "TOKEN")]
    noisy_token: Option<SecretString>,
    /// Requests a second of the quiet tenant
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = value_parser!(u32).range(1..=10_000))]
    quiet_rate: u32,
    /// Requests a second that the noisy tenant wants to send; ten times its budget is a good choice
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=100_000))]
    noisy_rate: u32,
    /// Requests of the noisy tenant that are under way at most
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u32).range(1..=10_000))]
    noisy_connections: u32,
    /// Seconds of a phase, of which a round has two
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    /// Rounds
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it. Gives success only if every request of the quiet tenant was answered as it should be.
///
/// # Errors
/// Those of [`fairness::measure`], a token that is missing, or standard output that cannot be written.
pub async fn run(args: Fairness) -> anyhow::Result<ExitCode> {
    let json = args.json;
    let plan = args.plan(|name| std::env::var(name).ok())?;
    let bar = bar();
    let report = fairness::measure(&plan, &bar).await;
    bar.finish_and_clear();
    let report = report?;
    output::report(json, &serde_json::to_value(&report)?, &report.to_string())?;
    Ok(exit_code(&report))
}

impl Fairness {
    /// What is to be done; `variable` reads the environment.
    fn plan(self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Plan> {
        let token = |given, option, name| token(given, &variable, option, name);
        Ok(Plan {
            quiet: Tenant { base_url: self.quiet_url, token: token(self.quiet_token, "--quiet-token", QUIET_TOKEN)? },
            noisy: Tenant { base_url: self.noisy_url, token: token(self.noisy_token, "--noisy-token", NOISY_TOKEN)? },
            quiet_rate: self.quiet_rate,
            noisy_rate: self.noisy_rate,
            noisy_connections: self.noisy_connections,
            seconds: self.seconds,
            rounds: self.rounds,
        })
    }
}

fn exit_code(report: &Report) -> ExitCode {
    if report.quiet_failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        args: Fairness,
    }

    const URLS: [&str; 5] = ["fairness", "--quiet-url", "http://h/t/a/scim/v2", "--noisy-url", "http://h/t/b/scim/v2"];

    fn parse(more: &[&str]) -> Result<Fairness, clap::Error> {
        Command::try_parse_from([&URLS[..], more].concat()).map(|command| command.args)
    }

    #[test]
    fn the_defaults_are_those_of_the_reference_page() {
        let plan = parse(&["--quiet-token", "q", "--noisy-token", "n"]).unwrap().plan(|_| None).unwrap();
        assert_eq!((plan.quiet_rate, plan.noisy_rate, plan.noisy_connections), (25, 1_000, 64));
        assert_eq!((plan.seconds, plan.rounds), (20, 3));
        assert_eq!((plan.quiet_requests(), plan.noisy_requests()), (500, 20_000));
    }

    #[test]
    fn tokens_come_from_the_options_before_the_environment_and_are_not_shown_by_debug() {
        let args = parse(&["--quiet-token", "s3cret"]).unwrap();
        assert!(!format!("{args:?}").contains("s3cret"));
        let plan = args.plan(|name| Some(format!("of {name}"))).unwrap();
        assert_eq!(plan.quiet.token.expose_secret(), "s3cret");
        assert_eq!(plan.noisy.token.expose_secret(), "of ROLLCALL_NOISY_TOKEN");
        let error = parse(&["--quiet-token", "q"]).unwrap().plan(|_| None).unwrap_err();
        assert_eq!(error.to_string(), "no token: give --noisy-token or set ROLLCALL_NOISY_TOKEN");
    }

    #[test]
    fn a_size_of_nothing_or_beyond_measure_is_refused_and_named() {
        let sizes = ["--quiet-rate", "--noisy-rate", "--noisy-connections", "--seconds", "--rounds"];
        for (option, value) in sizes.into_iter().flat_map(|option| [(option, "0"), (option, "100001"), (option, "x")]) {
            let error = parse(&[option, value]).unwrap_err().to_string();
            assert!(error.contains(option) && error.contains(value), "{error}");
        }
    }
}
