//! `rollcall person erase`

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use actix_web::rt::time::sleep;

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use domain::Error;
use domain::ids::ResourceId;
use domain::ops::{Forgotten, FoundPerson, Sought, WRITE_EVERY_MS};
use serde_json::json;
use uuid::Uuid;

use super::admit::{self, OneTenant};
use super::output;

/// A server has written by then what it noted before, unless its database holds it up.
const BREATH: Duration = Duration::from_millis(4 * WRITE_EVERY_MS);

/// So many passes in a row find nothing.
const QUIET: u32 = 2;

#[derive(Debug, Args)]
pub struct PersonArgs {
    #[command(subcommand)]
    command: PersonCommand,
}

#[derive(Debug, Subcommand)]
enum PersonCommand {
    /// Erase a person from the directory, the journal and the logs, for ever
    Erase(Erase),
}

#[derive(Debug, Args)]
struct Erase {
    #[command(flatten)]
    tenant: OneTenant,
    /// The person's id or userName; also of somebody who was deleted
    person: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub async fn run(file: Option<&Path>, args: PersonArgs) -> anyhow::Result<ExitCode> {
    let PersonCommand::Erase(args) = args.command;
    erase(file, &args).await?;
    Ok(ExitCode::SUCCESS)
}

async fn erase(file: Option<&Path>, args: &Erase) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.tenant.tenant).await?;
    let cx = rollcall.operator_context(&tenant);
    let sought = match Uuid::try_parse(&args.person) {
        Ok(id) => Sought::Id(ResourceId(id)),
        Err(_) => Sought::Name(args.person.clone()),
    };
    let found = match rollcall.forgetting.find(&cx, &sought).await {
        Err(error @ Error::NotFound(_)) => Err(anyhow!("{error} in {}, nor among those who were deleted", tenant.slug)),
        other => Ok(other?),
    }?;
    if !args.yes && !may_erase(&found)? {
        bail!("nobody was erased");
    }
    let mut done = rollcall.forgetting.erase(&cx, found.id).await?;
    // Servers that answered a request about the person just now write that into the log a moment later.
    let mut quiet = 0;
    while quiet < QUIET {
        sleep(BREATH).await;
        let late = rollcall.forgetting.erase_late(&cx, found.id, &done.known_by).await?;
        done.activity += late;
        quiet = if late == 0 { quiet + 1 } else { 0 };
    }
    let shown = json!({
        "tenant": tenant.slug.as_str(), "id": found.id.to_string(), "deleted": found.name.is_some(), "facts": done.facts,
        "activity": done.activity, "sign_ins": done.traces.sign_ins, "sessions": done.traces.sessions, "admins": done.admins,
    });
    output::report(args.tenant.json, &shown, &text(&found, &done))
}

fn may_erase(found: &FoundPerson) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("nobody is there to be asked; say --yes to erase the person");
    }
    let called = found.name.as_deref().unwrap_or("somebody who was deleted");
    let question =
        format!("This erases {called} ({}) from the directory, the journal and the logs, for ever.", found.id);
    Ok(admit::confirmed(&question, "erase")?)
}

fn text(found: &FoundPerson, done: &Forgotten) -> String {
    let from = if found.name.is_some() { "from the directory and the logs" } else { "from the logs" };
    let mut text = format!(
        "{} is erased {from}: {} facts and {} rows of the activity log emptied, {} entries of the sign-in log, {} sessions ended. \
         That there were such facts stays known, and the id. Backups and archives made before hold the person still, and the \
         identity provider brings the person again if it still assigns the app.",
        found.id, done.facts, done.activity, done.traces.sign_ins, done.traces.sessions
    );
    if !done.admins.is_empty() {
        let admins = done.admins.join(", ");
        text = format!("{text}\nThere is an account of the settings with the same address, which stays: {admins}.");
    }
    text
}
