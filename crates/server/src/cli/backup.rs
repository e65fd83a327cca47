//! `rollcall backup` and `rollcall restore`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::output;
use crate::backup::{self, KeysThen, Restored};
use crate::settings::Settings;

#[derive(Debug, Args)]
pub struct Backup {
    /// The backup, a new file
    file: PathBuf,
    /// Put the key ring into it too; whoever has the backup can use every secret then
    #[arg(long)]
    with_keys: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// Put it in the place of what is there
    #[arg(long)]
    overwrite: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub async fn write(file: Option<&Path>, args: &Backup) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(file)?;
    let written = backup::write(&settings, &args.file, args.with_keys).await?;
    let path = args.file.display().to_string();
    let keys = match &written.keys_apart {
        None => "The key ring is in it: keep it like a password.".to_owned(),
        Some(place) => {
            format!(
                "The key ring is not in it: keep a copy of it ({place}) somewhere else; without it no token opens anything."
            )
        }
    };
    let shown = json!({
        "file": path, "bytes": written.bytes, "schema": written.schema.last(), "with_keys": written.keys_apart.is_none(),
    });
    output::report(
        args.json,
        &shown,
        &format!("{path} holds the home as it was now, {} bytes. {keys}", written.bytes),
    )?;
    Ok(ExitCode::SUCCESS)
}

pub async fn restore(file: Option<&Path>, args: &Restore) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(file)?;
    let done = backup::restore(&settings, &args.file, args.overwrite).await?;
    let keys = match done.keys {
        KeysThen::Untouched => "untouched",
        KeysThen::Written => "written",
        KeysThen::Kept => "kept",
        KeysThen::Joined => "joined",
    };
    let shown = json!({
        "database": done.database.display().to_string(), "made": done.made, "activity_log": done.has_log,
        "pending": done.pending, "keys": keys, "missing_keys": done.missing_keys,
        "lost_erasures": done.lost_erasures,
    });
    output::report(args.json, &shown, &text(&done))?;
    Ok(ExitCode::SUCCESS)
}

fn text(done: &Restored) -> String {
    let log = if done.has_log { "with its activity log" } else { "without an activity log, which begins anew" };
    let mut lines =
        vec![format!("{} is as it was at {}, {log}. Its files are whole.", done.database.display(), done.made)];
    if !done.pending.is_empty() {
        lines.push(format!("The next start brings it up to date: {}.", done.pending.join(", ")));
    }
    lines.push(match done.keys {
        KeysThen::Untouched => "The backup had no key ring; the one that is here was not touched.".to_owned(),
        KeysThen::Written => "The key ring is the backup's.".to_owned(),
        KeysThen::Kept => "The key ring that is here has every key of the backup's.".to_owned(),
        KeysThen::Joined => "The backup's keys were put into the key ring that is here.".to_owned(),
    });
    if !done.missing_keys.is_empty() {
        lines.push(format!(
            "What rests on these keys opens nothing, because the ring does not have them: {}. Put the ring of that time in its \
             place.",
            done.missing_keys.join(", ")
        ));
    }
    if !done.lost_erasures.is_empty() {
        lines.push(format!(
            "THESE TENANTS WERE ERASED SINCE, and may be back: {}. Erase them again; the records of it are gone.",
            done.lost_erasures.join(", ")
        ));
    }
    lines.join("\n")
}
