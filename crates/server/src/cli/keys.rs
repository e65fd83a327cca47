//! `rollcall keys status|rotate|prune|new|export`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use domain::archive::signers;
use domain::erasure::signed_with;
use domain::keys::{KeyId, KeyRing};
use domain::ports::{Clock as _, SecretGen as _};
use domain::store::{KeyUses, Store as _};
use serde_json::{Value, json};

use super::{admit, output};
use crate::runtime::{RandomSecrets, RingHome, SystemClock, ring};
use crate::settings::Settings;
use crate::wiring::Rollcall;

/// Secrets that are encrypted anew at a time.
const SECRETS: u64 = 500;

#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
    /// Print one JSON object
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Show the keys of the ring and how much rests on each
    Status,
    /// Put a new current key into the ring; what was made under the others can still be read
    Rotate,
    /// Take the keys out of the ring on which nothing rests any more
    Prune,
    /// Begin a new ring where the settings say its file is
    New,
    /// Write the ring into a new file, to keep it there from then on
    Export(Export),
}

#[derive(Debug, Args)]
struct Export {
    /// The new file
    file: PathBuf,
}

pub async fn run(file: Option<&Path>, args: KeysArgs) -> anyhow::Result<ExitCode> {
    if let KeysCommand::New = args.command {
        new(file, args.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rollcall = admit::open(file).await?;
    match args.command {
        KeysCommand::Status | KeysCommand::New => status(&rollcall, args.json).await?,
        KeysCommand::Rotate => rotate(&rollcall, args.json).await?,
        KeysCommand::Prune => prune(&rollcall, args.json).await?,
        KeysCommand::Export(export) => export_ring(&rollcall, &export.file, args.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn uses(rollcall: &Rollcall) -> anyhow::Result<KeyUses> {
    Ok(rollcall.store.work().key_uses(rollcall.clock.now()).await?)
}

/// How many records of erasures each key of the ring has signed.
async fn signed(rollcall: &Rollcall, ring: &KeyRing) -> anyhow::Result<BTreeMap<KeyId, u64>> {
    Ok(signed_with(&rollcall.erasures.list().await?, ring))
}

async fn status(rollcall: &Rollcall, as_json: bool) -> anyhow::Result<()> {
    let (ring, uses) = (rollcall.keys.ring(), uses(rollcall).await?);
    let records = signed(rollcall, &ring).await?;
    let known: Vec<&KeyId> = ring.ids().collect();
    let missing: Vec<&KeyId> = uses.digests.keys().chain(uses.sealed.keys()).filter(|id| !known.contains(id)).collect();
    let row = |id: &KeyId| {
        let state = if id == ring.current() {
            "current"
        } else if ring.holds(id) {
            "previous"
        } else {
            "missing"
        };
        let count = |uses: &BTreeMap<KeyId, u64>| uses.get(id).copied().unwrap_or_default();
        (id.to_string(), state, count(&uses.digests), count(&uses.sealed), count(&records))
    };
    let mut rows: Vec<_> = known.iter().map(|id| row(id)).collect();
    for id in missing {
        let row = row(id);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let shown: Vec<Value> = rows
        .iter()
        .map(|(id, state, secrets, encrypted, records)| {
            json!({"key": id, "state": state, "secrets": secrets, "encrypted": encrypted, "records": records})
        })
        .collect();
    let mut lines = vec![format!("The key ring is kept in {}.", rollcall.ring_home.name())];
    lines.extend(rows.iter().map(|(id, state, secrets, encrypted, records)| {
        let signed = if *records > 0 { format!(", {records} records of erasures signed") } else { String::new() };
        format!("{id:<20} {state:<9} {secrets} secrets, {encrypted} encrypted values{signed}")
    }));
    if rows.iter().any(|(_, state, ..)| *state == "missing") {
        lines.push(
            "What rests on a missing key opens nothing: put the key back into the ring, or make those secrets anew."
                .to_owned(),
        );
    }
    let signer = signers(&ring).first().map(ToString::to_string);
    lines.extend(signer.as_ref().map(|signer| format!("Archives of tenants are signed by {signer}.")));
    let shown = json!({"home": rollcall.ring_home.name(), "keys": shown, "signer": signer});
    output::report(as_json, &shown, &lines.join("\n"))
}

async fn rotate(rollcall: &Rollcall, as_json: bool) -> anyhow::Result<()> {
    let now = rollcall.clock.now();
    let before = rollcall.keys.ring();
    let id = ring::key_id(now)?;
    if before.holds(&id) {
        bail!("the ring has a key {id} already; try again");
    }
    let after = before.rotated(id, RandomSecrets.bytes());
    if let RingHome::Settings(_) = rollcall.ring_home {
        return hand_over(&before, &after, as_json);
    }
    rollcall.ring_home.replace(&before, &after).await?;
    rollcall.keys.follow().await.map_err(anyhow::Error::msg)?;
    // What is encrypted is encrypted anew at once; digests when their secrets are used.
    rollcall.signing.follow(now).await?;
    while rollcall.people.reseal(SECRETS).await? > 0 {}
    while rollcall.connections.reseal(SECRETS).await? > 0 {}
    let text = format!(
        "The current key is {} now. Secrets made before are digested anew when they are used; `rollcall keys status` tells what \
         still rests on older keys, and `rollcall keys prune` removes those on which nothing does.",
        after.current()
    );
    output::report(as_json, &json!({"current": after.current().as_str()}), &text)
}

/// A ring in the settings is the operator's to change, on every process, in two steps, so that no process ever meets a key
/// it does not know.
fn hand_over(before: &KeyRing, after: &KeyRing, as_json: bool) -> anyhow::Result<()> {
    let line = |text: String| text.trim_end().replace('\n', ",");
    let known = line(before.reveal() + after.reveal().lines().next().unwrap_or_default());
    let current = line(after.reveal());
    let text = format!(
        "The ring is in the settings. First set keys.ring to this on every process, and restart them:\n\n  {known}\n\n\
         When all have it, make the new key current, and restart them again:\n\n  {current}\n\nThese are secrets."
    );
    output::report(as_json, &json!({"first": known, "then": current}), &text)
}

async fn prune(rollcall: &Rollcall, as_json: bool) -> anyhow::Result<()> {
    let (before, uses) = (rollcall.keys.ring(), uses(rollcall).await?);
    let records = signed(rollcall, &before).await?;
    let after = before
        .retaining(|id| uses.digests.contains_key(id) || uses.sealed.contains_key(id) || records.contains_key(id));
    let gone: Vec<String> = before.ids().filter(|id| !after.holds(id)).map(ToString::to_string).collect();
    if !gone.is_empty() {
        rollcall.ring_home.replace(&before, &after).await?;
        // A process that had not noticed the rotation yet may have made a secret under an older key meanwhile.
        let now = self::uses(rollcall).await?;
        if before.ids().any(|id| !after.holds(id) && (now.digests.contains_key(id) || now.sealed.contains_key(id))) {
            rollcall.ring_home.replace(&after, &before).await?;
            bail!("something new rests on an older key; nothing was removed, try again in a minute");
        }
    }
    let text = match gone.as_slice() {
        [] => "Something rests on every key of the ring.".to_owned(),
        gone => format!("Removed from the ring: {}.", gone.join(", ")),
    };
    output::report(as_json, &json!({"removed": gone}), &text)
}

fn new(file: Option<&Path>, as_json: bool) -> anyhow::Result<()> {
    let settings = Settings::load(file)?;
    let Some(path) = RingHome::file(&settings) else {
        bail!("the settings name no file for the key ring; set keys.ring_file");
    };
    let ring = ring::fresh(&RandomSecrets, SystemClock::default().now())?;
    if !ring::create(&path, &ring)? {
        bail!("{} exists already; `rollcall keys rotate` puts a new key into it", path.display());
    }
    let shown = json!({"file": path.display().to_string(), "current": ring.current().as_str()});
    output::report(as_json, &shown, &format!("{} holds a new key ring. Keep a copy of it.", path.display()))
}

fn export_ring(rollcall: &Rollcall, file: &Path, as_json: bool) -> anyhow::Result<()> {
    if !ring::create(file, &rollcall.keys.ring())? {
        bail!("{} exists already", file.display());
    }
    let text = format!(
        "{0} holds the key ring. Set keys.ring_file to it on every process. What is kept elsewhere stays as good until the next \
         `rollcall keys rotate`.",
        file.display()
    );
    output::report(as_json, &json!({"file": file.display().to_string()}), &text)
}
