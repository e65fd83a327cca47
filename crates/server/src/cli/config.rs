//! `rollcall config check | reference | error-codes | sign-in-errors | metrics`: which settings hold, which there are, what
//! requests and sign-ins fail for, and what is measured.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::catalogue;

use crate::metrics;
use crate::settings::{self, Layers, SettingsError, Shown};

/// Shows and checks the settings.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the settings that hold and where each came from; exit with 1 if they cannot be used
    Check,
    /// Print every key that can be set, in Markdown
    Reference,
    /// Print every cause that a request is refused or fails for, in Markdown
    ErrorCodes,
    /// Print every cause that a sign-in by single sign-on is refused for, in Markdown
    SignInErrors,
    /// Print everything that is measured, in Markdown
    Metrics,
}

/// Runs `rollcall config …`.
pub fn run(file: Option<&Path>, args: ConfigArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        ConfigCommand::Check => report(checked(file)),
        ConfigCommand::Reference => print(&settings::reference_page()),
        ConfigCommand::ErrorCodes => print(&catalogue::reference::page()),
        ConfigCommand::SignInErrors => print(&tenant_admin::sign_in_errors_page()),
        ConfigCommand::Metrics => print(&metrics::catalogue::page()),
    }
}

fn print(page: &str) -> anyhow::Result<ExitCode> {
    io::stdout().lock().write_all(page.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn checked(file: Option<&Path>) -> Result<Vec<Shown>, SettingsError> {
    let layers = Layers::load(file)?;
    layers.settings()?;
    Ok(layers.shown())
}

fn report(checked: Result<Vec<Shown>, SettingsError>) -> anyhow::Result<ExitCode> {
    match checked {
        Ok(shown) => {
            write_table(&mut io::stdout().lock(), &shown)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            writeln!(io::stderr().lock(), "error: {error}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Writes three columns: key, value, origin.
fn write_table(out: &mut impl Write, shown: &[Shown]) -> io::Result<()> {
    let width = |of: fn(&Shown) -> &str| shown.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let (name, value) = (width(|row| row.name), width(|row| &row.value));
    for row in shown {
        writeln!(out, "{:name$}  {:value$}  {}", row.name, row.value, row.origin)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(environment: &[(&str, &str)]) -> String {
        let layers = Layers::load_from(None, environment.iter().copied()).unwrap();
        let mut out = Vec::new();
        write_table(&mut out, &layers.shown()).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn line<'a>(table: &'a str, key: &str) -> Vec<&'a str> {
        let line = table.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
    }

    #[test]
    fn every_key_is_shown_with_its_value_and_its_origin() {
        let table = table(&[("ROLLCALL__HTTP__PORT", "9000")]);
        assert_eq!(line(&table, "http.port"), ["http.port", "9000", "environment variable ROLLCALL__HTTP__PORT"]);
        assert_eq!(line(&table, "public_url"), ["public_url", "\"http://127.0.0.1:9000\"", "default"]);
        assert_eq!(line(&table, "redis.url"), ["redis.url", "(not set)", "default"]);
        assert_eq!(table.lines().count(), settings::all_keys().count());
    }

    #[test]
    fn a_secret_is_shown_as_stars() {
        let table = table(&[("ROLLCALL__DATABASE__URL", "postgres://u:hunter2@db/x")]);
        assert_eq!(line(&table, "database.url")[1], "***");
        assert!(!table.contains("hunter2"));
    }

    #[test]
    fn the_page_of_causes_in_the_repository_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/error-codes.md");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        let is_current = kept == catalogue::reference::page();
        assert!(is_current, "run: cargo run --quiet -- config error-codes > docs/reference/error-codes.md");
    }

    #[test]
    fn the_page_of_refused_sign_ins_in_the_repository_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/sign-in-errors.md");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        let is_current = kept == tenant_admin::sign_in_errors_page();
        assert!(is_current, "run: cargo run --quiet -- config sign-in-errors > docs/reference/sign-in-errors.md");
    }

    #[test]
    fn settings_that_cannot_be_used_exit_with_one() {
        let error = Layers::load_from(None, [("ROLLCALL__HTTP__PROT", "1")]).err().unwrap();
        assert_eq!(report(Err(error)).unwrap(), ExitCode::FAILURE);
    }
}
