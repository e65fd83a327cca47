//! `rollcall tenant export|import`

use std::env;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Seek as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use domain::archive::{ArchiveKey, LeftOut, signers};
use domain::context::Actor;
use domain::keys::KeyRing;
use domain::ops::{Archives, Exported, Imported};
use domain::store::{RowCounts, Store as _};
use domain::tenant::{Tenant, TenantSlug, TenantStatus};
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
    /// The archive, a new file; `-` is standard output
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The archive; `-` is standard input
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
    let done = match is_stream(&args.file) {
        true => write(&rollcall, &tenant, io::stdout()).await?,
        false => write_file(&rollcall, &tenant, &args.file).await?,
    };
    let shown = json!({
        "tenant": tenant.slug.as_str(), "file": path.to_string(), "rows": done.rows, "signer": done.signer.to_string(),
    });
    let text = format!(
        "{} holds {}: {} people and groups, {} facts, {} rows in all. Sessions and mails that wait are not in it.\n\
         It is signed by {}, which `rollcall tenant import` wants to hear (--signed-by), unless it gets the key ring (--keys).",
        if is_stream(&args.file) { "What was written".to_owned() } else { path.to_string() },
        tenant.slug,
        count(&done.rows, "resource"),
        count(&done.rows, "fact"),
        done.rows.values().sum::<u64>(),
        done.signer,
    );
    match is_stream(&args.file) {
        true => output::beside(args.json, &shown, &text),
        false => output::report(args.json, &shown, &text),
    }
}

/// `-`, as other commands have it.
fn is_stream(file: &Path) -> bool {
    file.as_os_str() == "-"
}

async fn write(rollcall: &Rollcall, tenant: &Tenant, out: impl Write + Send) -> anyhow::Result<Exported> {
    let out = BufWriter::with_capacity(BUFFER, out);
    let (ring, now) = (rollcall.keys.ring(), rollcall.clock.now());
    Ok(rollcall.archives.export(&Actor::Operator, &tenant.slug, &ring, out, now).await?)
}

/// Whoever finds the file finds all of it; its owner alone can read it.
async fn write_file(rollcall: &Rollcall, tenant: &Tenant, file: &Path) -> anyhow::Result<Exported> {
    let path = file.display();
    if file.exists() {
        bail!("{path} exists already");
    }
    let unwritable = || format!("{path} cannot be written");
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = NamedTempFile::new_in(folder).with_context(unwritable)?;
    let done = write(rollcall, tenant, new.as_file()).await?;
    new.as_file().sync_all().with_context(unwritable)?;
    match new.persist_noclobber(file) {
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => bail!("{path} exists already"),
        written => written.with_context(unwritable).map(|_| done),
    }
}

/// An archive is read twice: to its end, before anything of it is used, and then to be put in. What comes in a stream is kept
/// in a file without a name meanwhile.
fn spooled() -> anyhow::Result<File> {
    let needs = || {
        format!(
            "an archive from standard input needs room in {}; name another folder in TMPDIR",
            env::temp_dir().display()
        )
    };
    let mut file = tempfile::tempfile().with_context(needs)?;
    io::copy(&mut io::stdin().lock(), &mut file).with_context(needs)?;
    Ok(file)
}

pub async fn import(file: Option<&Path>, args: &Import) -> anyhow::Result<()> {
    let given = args.keys.as_deref().map(read_ring).transpose()?;
    let rollcall = admit::open(file).await?;
    let archive = match is_stream(&args.file) {
        true => spooled()?,
        false => File::open(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?,
    };
    let open = || {
        let file = archive.try_clone().and_then(|mut file| file.rewind().map(|()| file));
        file.map(|file| BufReader::with_capacity(BUFFER, file)).context("the archive cannot be read")
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
    take_along(&rollcall, &ring, &joined, args.json).await?;
    let now = rollcall.clock.now();
    let rings = (&joined, given.as_ref());
    let done = rollcall.archives.import(&Actor::Operator, open()?, &checked, &slug, rings, now).await?;
    let erased = erased_before(&rollcall, &checked.head.tenant_id).await?;
    let mut shown = admit::tenant_json(&rollcall, &done.tenant);
    shown.insert("erased_before".to_owned(), json!(erased));
    shown.insert("rows".to_owned(), json!(done.rows));
    shown.insert("does_not_work".to_owned(), left_out_json(&done.left_out));
    let mut lines = text(&done);
    if let Some(ended) = erased {
        lines = format!("{lines}\nTHIS TENANT WAS ERASED HERE ({ended}): is somebody content that it is back?");
    }
    output::report(args.json, &Value::Object(shown), &lines)
}

/// When the tenant of an archive was erased here, if it was.
async fn erased_before(rollcall: &Rollcall, tenant: &str) -> anyhow::Result<Option<String>> {
    let all = rollcall.erasures.list().await?;
    let ended = all.iter().filter(|known| known.tenant.to_string() == tenant).find_map(|known| known.ended);
    Ok(ended.map(|moment| moment.to_string()))
}

fn read_ring(file: &Path) -> anyhow::Result<KeyRing> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    KeyRing::parse(&text).map_err(|error| anyhow::anyhow!("{} is no key ring: {error}", file.display()))
}

/// Puts the other installation's keys behind our own, before anything rests on them.
async fn take_along(rollcall: &Rollcall, ring: &KeyRing, joined: &KeyRing, as_json: bool) -> anyhow::Result<()> {
    if joined.ids().count() == ring.ids().count() {
        return Ok(());
    }
    if let Err(error) = rollcall.ring_home.replace(ring, joined).await {
        hand_over(rollcall, ring, joined, as_json)?;
        return Err(error.context("nothing was imported; the keys above have to be in the ring first"));
    }
    rollcall.keys.follow().await.map_err(anyhow::Error::msg)
}

/// A ring that this process cannot change, such as one in the settings or on a mount that can only be read, is the operator's
/// to change.
fn hand_over(rollcall: &Rollcall, ring: &KeyRing, joined: &KeyRing, as_json: bool) -> anyhow::Result<()> {
    let whole = joined.reveal();
    let new: Vec<&str> = whole.lines().skip(ring.ids().count()).collect();
    let (home, line) = match rollcall.ring_home {
        RingHome::Settings(_) => ("keys.ring", new.join(",")),
        _ => ("the key ring", new.join("\n  ")),
    };
    let text = format!(
        "The ring in {} cannot be changed from here. Put this behind the keys of {home} on every process, restart them, and \
         import again:\n\n  {line}\n\nThese are secrets.",
        rollcall.ring_home.name()
    );
    output::report(as_json, &json!({"add": new}), &text)
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
