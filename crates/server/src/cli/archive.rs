//! `rollcall tenant export|import`

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use domain::archive::{ArchiveKey, LeftOut, signers};
use domain::context::Actor;
use domain::keys::{KeyId, KeyRing};
use domain::ops::{Archives, Imported};
use domain::store::{RowCounts, Store as _};
use domain::tenant::{TenantSlug, TenantStatus};
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use super::{admit, output};
use crate::runtime::RingHome;
use crate::wiring::Rollcall;

/// Bytes that are read and written at a time.
const BUFFER: usize = 1 << 20;

#[derive(Debug, Args)]
pub struct Export {
    /// The tenant
    tenant: TenantSlug,
    /// The archive, a new file
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The archive
    file: PathBuf,
    /// What to call the tenant here (default: as it was called there)
    #[arg(long = "as", value_name = "TENANT")]
    name: Option<TenantSlug>,
    /// Who signed it: what `rollcall tenant export` printed
    #[arg(long, value_name = "KEY")]
    signed_by: Option<ArchiveKey>,
    /// The key ring of the installation that wrote it, so that tokens go on working
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub async fn export(file: Option<&Path>, args: &Export) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.tenant).await?;
    let path = args.file.display();
    if args.file.exists() {
        bail!("{path} exists already");
    }
    let unwritable = || format!("{path} cannot be written");
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Whoever finds the file finds all of it; its owner alone can read it.
    let new = NamedTempFile::new_in(folder).with_context(unwritable)?;
    let out = BufWriter::with_capacity(BUFFER, new.as_file());
    let (ring, now) = (rollcall.keys.ring(), rollcall.clock.now());
    let done = rollcall.archives.export(&Actor::Operator, &tenant.slug, &ring, out, now).await?;
    new.as_file().sync_all().with_context(unwritable)?;
    match new.persist_noclobber(&args.file) {
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => bail!("{path} exists already"),
        done => done.with_context(unwritable).map(drop)?,
    }
    let shown = json!({
        "tenant": tenant.slug.as_str(), "file": path.to_string(), "rows": done.rows, "signer": done.signer.to_string(),
    });
    let text = format!(
        "{path} holds {}: {} people and groups, {} facts, {} rows in all. Sessions and mails that wait are not in it.\n\
         It is signed by {}, which `rollcall tenant import` wants to hear (--signed-by), unless it gets the key ring (--keys).",
        tenant.slug,
        count(&done.rows, "resource"),
        count(&done.rows, "fact"),
        done.rows.values().sum::<u64>(),
        done.signer,
    );
    output::report(args.json, &shown, &text)
}

pub async fn import(file: Option<&Path>, args: &Import) -> anyhow::Result<()> {
    let given = args.keys.as_deref().map(read_ring).transpose()?;
    let rollcall = admit::open(file).await?;
    let open = || {
        let file = File::open(&args.file).with_context(|| format!("{} cannot be read", args.file.display()));
        file.map(|file| BufReader::with_capacity(BUFFER, file))
    };
    let ring = rollcall.keys.ring();
    let known: Vec<ArchiveKey> = given.iter().flat_map(signers).chain(signers(&ring)).collect();
    let checked = rollcall.archives.check(open()?, &known, args.signed_by.as_ref())?;
    let slug = match &args.name {
        Some(name) => name.clone(),
        None => checked.head.tenant.parse().map_err(anyhow::Error::msg)?,
    };
    if rollcall.store.find_admission(&slug).await?.is_some() {
        bail!("there is a tenant {slug} already; bring this one in under another name, with --as");
    }
    let joined = Archives::ring_for(&ring, given.as_ref(), &checked);
    take_along(&rollcall, &ring, &joined).await?;
    let now = rollcall.clock.now();
    let rings = (&joined, given.as_ref());
    let done = rollcall.archives.import(&Actor::Operator, open()?, &checked, &slug, rings, now).await?;
    let mut shown = admit::tenant_json(&rollcall, &done.tenant);
    shown.insert("rows".to_owned(), json!(done.rows));
    shown.insert("does_not_work".to_owned(), left_out_json(&done.left_out));
    output::report(args.json, &Value::Object(shown), &text(&done))
}

fn read_ring(file: &Path) -> anyhow::Result<KeyRing> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    KeyRing::parse(&text).map_err(|error| anyhow::anyhow!("{} is no key ring: {error}", file.display()))
}

/// Puts the other installation's keys behind our own, before anything rests on them.
async fn take_along(rollcall: &Rollcall, ring: &KeyRing, joined: &KeyRing) -> anyhow::Result<()> {
    if joined.ids().count() == ring.ids().count() {
        return Ok(());
    }
    if let RingHome::Settings(_) = rollcall.ring_home {
        let new: Vec<&str> = joined.ids().filter(|id| !ring.holds(id)).map(KeyId::as_str).collect();
        bail!(
            "the key ring is in the settings: put the other installation's keys behind those of keys.ring on every process, under \
             the names {}, then import again",
            new.join(", ")
        );
    }
    rollcall.ring_home.replace(ring, joined).await?;
    rollcall.keys.follow().await.map_err(anyhow::Error::msg)
}

fn count(rows: &RowCounts, table: &str) -> u64 {
    rows.get(table).copied().unwrap_or_default()
}

fn text(done: &Imported) -> String {
    let (slug, left_out) = (&done.tenant.slug, &done.left_out);
    let mut lines = vec![format!(
        "{slug} is here: {} people and groups, {} facts, {} rows in all. People and admins sign in again.",
        count(&done.rows, "resource"),
        count(&done.rows, "fact"),
        done.rows.values().sum::<u64>(),
    )];
    if done.tenant.status == TenantStatus::Suspended {
        lines.push(format!("It is suspended, as it was; `rollcall tenant resume {slug}` serves it again."));
    }
    let list = |names: &std::collections::BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    if !left_out.credentials.is_empty() {
        let why = match left_out.is_copy {
            true => "the tenant that they are of is here too, and they open that one alone",
            false => "their key is not in the ring here (import with --keys)",
        };
        let named = list(&left_out.credentials);
        lines.push(format!("These tokens and clients open nothing, because {why}; make new ones: {named}."));
    }
    if left_out.links > 0 {
        lines.push(format!("{} invitations and setup links open nothing; make new ones.", left_out.links));
    }
    if !left_out.second_steps.is_empty() {
        lines.push(format!(
            "These admins cannot pass their second step; `rollcall admin reset --second-step` takes it away: {}.",
            list(&left_out.second_steps)
        ));
    }
    if !left_out.connections.is_empty() {
        lines.push(format!(
            "These connections have no client secret; enter it again on their pages: {}.",
            list(&left_out.connections)
        ));
    }
    if left_out.sso_keys > 0 {
        lines.push("The tenant's own key for SAML was left out; its pages make a new one.".to_owned());
    }
    if !left_out.domains.is_empty() {
        lines.push(format!(
            "Another tenant here has verified these domains, so they have to be verified again: {}.",
            list(&left_out.domains)
        ));
    }
    lines.join("\n")
}

fn left_out_json(left_out: &LeftOut) -> Value {
    Value::Object(Map::from_iter([
        ("credentials".to_owned(), json!(left_out.credentials)),
        ("links".to_owned(), json!(left_out.links)),
        ("second_steps".to_owned(), json!(left_out.second_steps)),
        ("connections".to_owned(), json!(left_out.connections)),
        ("sso_keys".to_owned(), json!(left_out.sso_keys)),
        ("domains".to_owned(), json!(left_out.domains)),
    ]))
}
