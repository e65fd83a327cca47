//! `rollcall migrate [up|status|partition]`

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output;
use crate::settings::Settings;
use crate::wiring;

#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(subcommand)]
    command: Option<MigrateCommand>,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    /// Apply what is pending; safe when several processes do it at once (the default)
    Up,
    /// Show what is applied and what is pending
    Status,
    /// Split PostgreSQL's tables by tenant, for large installations; run it again after a new version added tables
    Partition {
        /// How many parts each table gets; the same for ever
        #[arg(long, value_name = "NUMBER")]
        parts: u32,
    },
}

pub async fn run(file: Option<&Path>, args: MigrateArgs) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(file)?;
    match args.command.unwrap_or(MigrateCommand::Up) {
        MigrateCommand::Up => {
            let done = wiring::migrate(&settings).await?;
            match done.applied.is_empty() {
                true => output::text("the schema is up to date")?,
                false => output::text(&format!("applied {}", done.applied.join(", ")))?,
            }
        }
        MigrateCommand::Partition { parts } => {
            let done = wiring::partition(&settings, parts).await?;
            match done.split.is_empty() {
                true => output::text(&format!("all {} tables are split already", done.before.len()))?,
                false => output::text(&format!("split into {parts} parts: {}", done.split.join(", ")))?,
            }
        }
        MigrateCommand::Status => {
            let state = wiring::schema_state(&settings).await?;
            let lines = [("applied", state.applied), ("pending", state.pending), ("of a newer version", state.unknown)];
            for (title, names) in lines.into_iter().filter(|(_, names)| !names.is_empty()) {
                output::text(&format!("{title}: {}", names.join(", ")))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
