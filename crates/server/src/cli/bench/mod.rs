//! `rollcall bench`: load on a running server.

mod cycle;
mod fairness;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;

#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Measure how fast people and groups are provisioned: a first cycle, and one of changes
    Cycle(cycle::CycleArgs),
    /// Measure a quiet tenant alone, and beside a noisy one that asks for too much
    Fairness(fairness::Fairness),
}

/// Runs `rollcall bench …`.
///
/// # Errors
/// Those of the measurement that is meant.
pub async fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        BenchCommand::Cycle(args) => cycle::run(args).await,
        BenchCommand::Fairness(args) => fairness::run(args).await,
    }
}

/// The token that was given, or that of the environment variable `name`, which `variable` reads.
fn token(
    given: Option<SecretString>,
    variable: impl Fn(&str) -> Option<String>,
    option: &str,
    name: &str,
) -> anyhow::Result<SecretString> {
    let token = given.or_else(|| variable(name).map(SecretString::from));
    token.with_context(|| format!("no token: give {option} or set {name}"))
}

/// Draws on standard error, and only when that is a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {eta} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
