//! `rollcall bench cycle`

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use secrecy::SecretString;
use url::Url;

use super::{bar, token};
use crate::bench::Tenant;
use crate::bench::cycle::{self, Plan};
use crate::bench::processor::Watched;
use crate::cli::output;

const TOKEN: &str = "ROLLCALL_BENCH_TOKEN";

/// Measure how fast people and groups are provisioned: everybody is searched for and created, then the groups, then each
/// membership in a request of its own, and then people are found, read and changed.
///
/// The server may be any SCIM server. Everything is read back, and deleted again at the end.
#[derive(Debug, Args)]
pub struct CycleArgs {
    /// The tenant's SCIM base URL
    #[arg(long, value_name = "URL")]
    base_url: Url,
    /// The tenant's token; without it `ROLLCALL_BENCH_TOKEN` is read from the environment
    #[arg(long, value_name = "TOKEN")]
    token: Option<SecretString>,
    /// People who are created
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = size)]
    users: usize,
    /// Groups that are created
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = size)]
    groups: usize,
    /// Members of each group
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = size)]
    members: usize,
    /// Changes of people in the cycle after the first
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = size)]
    changes: usize,
    /// Requests that are under way at most
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = size)]
    connections: usize,
    /// Tell the processor time of a program on this machine and all that it started, such as `server=4711`; may be repeated
    #[arg(long, value_name = "NAME=PID", value_parser = watched)]
    cpu: Vec<Watched>,
    /// Leave there what was created
    #[arg(long)]
    keep: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it. Gives success only if every request was answered as it should be, and everything read back as it was written.
///
/// # Errors
/// Those of [`cycle::measure`], a token that is missing, or standard output that cannot be written.
pub async fn run(args: CycleArgs) -> anyhow::Result<ExitCode> {
    let json = args.json;
    let plan = args.plan(|name| std::env::var(name).ok())?;
    let bar = bar();
    let report = cycle::measure(&plan, &bar).await;
    bar.finish_and_clear();
    let report = report?;
    output::report(json, &serde_json::to_value(&report)?, &report.to_string())?;
    Ok(if report.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl CycleArgs {
    /// What is to be done; `variable` reads the environment.
    fn plan(self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Plan> {
        if self.members > self.users {
            bail!(
                "a group cannot have {} members of {} people; lower --members or raise --users",
                self.members,
                self.users
            );
        }
        Ok(Plan {
            tenant: Tenant { base_url: self.base_url, token: token(self.token, variable, "--token", TOKEN)? },
            users: self.users,
            groups: self.groups,
            members: self.members,
            changes: self.changes,
            connections: self.connections,
            watched: self.cpu,
            keep: self.keep,
        })
    }
}

/// A size between 1 and a million.
fn size(text: &str) -> Result<usize, String> {
    let is_size = |size: &usize| (1..=1_000_000).contains(size);
    text.parse().ok().filter(is_size).ok_or_else(|| "expected a number from 1 to 1000000".to_owned())
}

fn watched(text: &str) -> Result<Watched, String> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let read = parts.and_then(|(name, id)| Some(Watched { name: name.to_owned(), root: id.parse().ok()? }));
    read.ok_or_else(|| "expected a name and the id of a process, such as server=4711".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        args: CycleArgs,
    }

    fn parse(more: &[&str]) -> Result<CycleArgs, clap::Error> {
        let words = [&["cycle", "--base-url", "http://h/t/a/scim/v2"], more].concat();
        Command::try_parse_from(words).map(|command| command.args)
    }

    #[test]
    fn the_defaults_are_those_of_the_reference_page() {
        let plan = parse(&["--cpu", "server=12"]).unwrap().plan(|_| Some("t".to_owned())).unwrap();
        assert_eq!((plan.users, plan.groups, plan.members, plan.changes, plan.connections), (2_000, 40, 50, 2_000, 16));
        assert_eq!(plan.requests(), 4_000 + 80 + 2_000 + 6_000);
        assert_eq!(plan.watched, [Watched { name: "server".to_owned(), root: 12 }]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        for (words, said) in [
            (["--users", "0"], "from 1 to 1000000"),
            (["--cpu", "server"], "such as server=4711"),
            (["--cpu", "=1"], "such as server=4711"),
        ] {
            assert!(parse(&words).unwrap_err().to_string().contains(said), "{words:?}");
        }
        let crowded = parse(&["--users", "10", "--members", "11"]).unwrap().plan(|_| None).unwrap_err();
        assert!(crowded.to_string().contains("lower --members"), "{crowded}");
        let nobody = parse(&[]).unwrap().plan(|_| None).unwrap_err();
        assert_eq!(nobody.to_string(), "no token: give --token or set ROLLCALL_BENCH_TOKEN");
    }
}
