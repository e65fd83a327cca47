//! `rollcall tenant erase|erased`

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use actix_web::rt::time::sleep;
use anyhow::{anyhow, bail};
use clap::Args;
use domain::Error;
use domain::context::Actor;
use domain::erasure::{Erasure, SETTLE_SECONDS, Standing};
use domain::keys::KeyRing;
use domain::ops::Step;
use domain::tenant::{TenantSlug, shown_text};
use serde_json::{Value, json};

use super::{admit, output};
use crate::wiring::Rollcall;

/// Between two steps others have their turn at SQLite's one writer.
const BREATH: Duration = Duration::from_millis(10);

#[derive(Debug, Args)]
pub struct Erase {
    /// The tenant
    tenant: TenantSlug,
    /// Who wants it; stands in the record
    #[arg(long, value_name = "NAME", default_value = "operator", value_parser = shown_text)]
    by: String,
    /// Do not wait for requests that are under way: no server runs, or the tenant was suspended more than a minute ago
    #[arg(long)]
    at_once: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub async fn erase(file: Option<&Path>, args: &Erase) -> anyhow::Result<()> {
    let (rollcall, slug) = (admit::open(file).await?, &args.tenant);
    let erasure = match rollcall.erasures.open(slug).await? {
        // Begun before, and stopped in the middle.
        Some(erasure) => erasure,
        None => begin(&rollcall, args).await?,
    };
    let settle = if args.at_once { 0 } else { SETTLE_SECONDS };
    let done = loop {
        match rollcall.erasures.step(&Actor::Operator, &erasure, settle, rollcall.clock.now()).await? {
            Step::Deleted(_) => sleep(BREATH).await,
            Step::Wait(until) => {
                let left = until.as_micros().saturating_sub(rollcall.clock.now().as_micros());
                sleep(Duration::from_micros(left.max(0).unsigned_abs())).await;
            }
            Step::Done(done) => break done,
        }
    };
    let text = format!(
        "{slug} is erased: {} rows. The record of it is {}; `rollcall tenant erased` shows it. Backups and archives made before \
         hold the tenant still.",
        done.rows.values().sum::<u64>(),
        done.id
    );
    output::report(args.json, &record(&done, &rollcall.keys.ring()), &text)
}

async fn begin(rollcall: &Rollcall, args: &Erase) -> anyhow::Result<Erasure> {
    let slug = &args.tenant;
    let tenant = match rollcall.tenants.get(slug).await {
        Err(error @ Error::NotFound(_)) => Err(anyhow!("{error}; see `rollcall tenant list`")),
        other => Ok(other?),
    }?;
    if !args.yes {
        let question = format!(
            "This erases {slug} ({}) with all its people, groups, tokens and history, for ever, and keeps a record of that.",
            tenant.name
        );
        if !io::stdin().is_terminal() {
            bail!("nobody is there to be asked; say --yes to erase {slug}");
        }
        if !admit::confirmed(&question, slug.as_str())? {
            bail!("{slug} was not erased");
        }
    }
    Ok(rollcall.erasures.begin(&Actor::Operator, slug, &args.by, rollcall.clock.now()).await?)
}

/// Whoever is being erased is not brought back.
///
/// # Errors
/// One sentence.
pub async fn refuse_open(rollcall: &Rollcall, slug: &TenantSlug) -> anyhow::Result<()> {
    match rollcall.erasures.open(slug).await? {
        None => Ok(()),
        Some(_) => bail!("{slug} is being erased; `rollcall tenant erase {slug}` goes on with it"),
    }
}

pub async fn list(file: Option<&Path>, as_json: bool) -> anyhow::Result<()> {
    let rollcall = admit::open(file).await?;
    let all = rollcall.erasures.list().await?;
    let ring = rollcall.keys.ring();
    let lines: Vec<String> = all.iter().map(|erasure| line(erasure, &ring)).collect();
    let text = if lines.is_empty() { "No tenant was erased.".to_owned() } else { lines.join("\n") };
    output::report(
        as_json,
        &json!({"erased": all.iter().map(|erasure| record(erasure, &ring)).collect::<Vec<_>>()}),
        &text,
    )
}

fn line(erasure: &Erasure, ring: &KeyRing) -> String {
    let (slug, by, rows) = (&erasure.slug, &erasure.asked_by, erasure.rows.values().sum::<u64>());
    let ended = erasure.ended.unwrap_or(erasure.begun);
    let signer = erasure.proof.as_ref().map_or("nobody", |proof| &proof.signer);
    let ended = match erasure.standing(ring) {
        Standing::Open => format!("is under way since {ended}; `rollcall tenant erase {slug}` goes on with it"),
        Standing::Signed => format!("{ended}, the record is signed and unchanged"),
        Standing::Strange => format!("{ended}, the record is signed by {signer}, WHICH IS NOT A KEY OF THIS RING"),
        Standing::Changed => format!("{ended}, but THE RECORD WAS CHANGED afterwards"),
    };
    format!("{slug:<20} {rows} rows for {by}, {ended} ({})", erasure.id)
}

/// A record with its proof, as `--json` shows it.
fn record(erasure: &Erasure, ring: &KeyRing) -> Value {
    let proof = erasure.proof.as_ref();
    json!({
        "record": erasure.json(),
        "sha256": proof.map(|proof| proof.sha256.as_str()),
        "signer": proof.map(|proof| proof.signer.as_str()),
        "signature": proof.map(|proof| proof.signature.as_str()),
        "standing": erasure.standing(ring).as_str(),
    })
}
