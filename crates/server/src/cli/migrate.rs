//! `rollcall migrate [up|status]`

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
