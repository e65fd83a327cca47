//! Bringing a backup back: checked whole before anything is touched, and put in place by renaming.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use domain::keys::KeyRing;
use storage::SqliteFile;
use tar::EntryType;
use tempfile::TempDir;

use super::{CONTENTS, Contents, DATABASE, FORMAT, Home, KEYS, KIND, LOG, RESTORE, content, sweep};
use crate::runtime::{RingHome, ring};
use crate::settings::Settings;
use crate::wiring;

/// A manifest is a page long.
const LONGEST: u64 = 1 << 20;

/// What was brought back.
#[derive(Debug)]
pub struct Restored {
    /// When the backup was made.
    pub made: String,
    pub database: PathBuf,
    /// Migrations that the next start brings.
    pub pending: Vec<String>,
    pub has_log: bool,
    pub keys: KeysThen,
    /// Keys of the ring on which something rests and that are not there.
    pub missing_keys: Vec<String>,
    /// Erasures of tenants that the backup knows nothing of, each with its moment.
    pub lost_erasures: Vec<String>,
}

/// What became of the key ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysThen {
    /// The backup had none, and none was touched.
    Untouched,
    /// The backup's was put where none was.
    Written,
    /// The one that was there has every key of the backup's.
    Kept,
    /// The one that was there got the backup's keys.
    Joined,
}

/// Puts the files of a backup in the place of those of the home.
///
/// # Errors
/// One sentence; nothing was touched then.
pub async fn restore(settings: &Settings, file: &Path, overwrite: bool) -> anyhow::Result<Restored> {
    let home = Home::of(settings, "restore")?;
    if !overwrite && let Some(there) = [&home.database, &home.log].into_iter().find(|path| path.exists()) {
        bail!("{} exists already; --overwrite puts the backup in its place", there.display());
    }
    wiring::create_folder(&home.database)?;
    sweep(home.folder());
    let new = tempfile::Builder::new().prefix(RESTORE).tempdir_in(home.folder());
    let new = new.with_context(|| format!("{} cannot be written", home.folder().display()))?;
    let contents = unpack(file, &new).with_context(|| format!("{} was not restored", file.display()))?;
    for name in [DATABASE, LOG] {
        let path = new.path().join(name);
        if path.exists()
            && let Some(problem) = SqliteFile::new(&path).problems().await?.first()
        {
            bail!("{name} in the backup is damaged ({problem}); take another backup");
        }
    }
    let database = new.path().join(DATABASE);
    let state = wiring::file_schema(settings, &database).await?;
    if let Some(name) = state.unknown.first().filter(|_| !state.is_expanded) {
        bail!(
            "the backup was made by a newer version of Rollcall (it has the migration {name}); restore it with that version or \
             a later one"
        );
    }
    let log = new.path().join(LOG);
    if log.exists() && SqliteFile::new(&log).is_newer_log().await? {
        bail!(
            "the activity log in the backup was made by a newer version of Rollcall; restore it with that version or a later one"
        );
    }
    let brought = new.path().join(KEYS);
    let plan = plan_keys(settings, &brought)?;
    let missing_keys = match state.is_current() {
        true => missing(settings, &database, plan.ring.as_ref()).await?,
        false => Vec::new(),
    };
    let lost_erasures = lost(settings, &home.database, &database).await;
    let held = hold(&home).await?;
    // The keys first: a database without its keys is of less use than keys without their database.
    plan.carry_out()?;
    for (name, to) in [(LOG, &home.log), (DATABASE, &home.database)] {
        put(&new.path().join(name), to)?;
    }
    let settled = File::open(home.folder()).and_then(|folder| folder.sync_all());
    settled.with_context(|| format!("{} cannot be written", home.folder().display()))?;
    drop(held);
    Ok(Restored {
        made: contents.made,
        database: home.database,
        pending: state.pending,
        has_log: contents.files.contains_key(LOG),
        keys: plan.then,
        missing_keys,
        lost_erasures,
    })
}

/// Tenants that were erased after the backup was made, and come back with it. What cannot be read has no such record.
async fn lost(settings: &Settings, replaced: &Path, by: &Path) -> Vec<String> {
    if !replaced.exists() {
        return Vec::new();
    }
    let here = wiring::file_erasures(settings, replaced).await.unwrap_or_default();
    let there = wiring::file_erasures(settings, by).await.unwrap_or_default();
    let lost = here.iter().filter(|erasure| there.iter().all(|known| known.id != erasure.id || known.ended.is_none()));
    lost.map(|erasure| format!("{} ({})", erasure.slug, erasure.ended.unwrap_or(erasure.begun))).collect()
}

/// Unpacks what a backup says it holds, and nothing else, and checks it.
fn unpack(file: &Path, to: &TempDir) -> anyhow::Result<Contents> {
    const FOREIGN: &str = "this is no backup; `rollcall backup` writes them";
    let input = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut tar = tar::Archive::new(input);
    let mut contents: Option<Contents> = None;
    for entry in tar.entries().context(FOREIGN)? {
        let mut entry = entry.context("it is cut off or no backup")?;
        let name = entry.path().context(FOREIGN)?.to_string_lossy().into_owned();
        let Some(known) = &contents else {
            if name != CONTENTS || entry.size() > LONGEST {
                bail!(FOREIGN);
            }
            let read: Contents = serde_json::from_reader(&mut entry).context(FOREIGN)?;
            if read.rollcall != KIND {
                bail!(FOREIGN);
            }
            if read.format > FORMAT {
                bail!("it was made by a newer version of Rollcall; restore it with that version or a later one");
            }
            contents = Some(read);
            continue;
        };
        // What it does not say that it holds is nothing of ours, whatever it is called.
        let Some(name) = [DATABASE, LOG, KEYS].into_iter().find(|known| **known == name) else { bail!(FOREIGN) };
        let changed = format!("{name} in it is not what it was when the backup was made; take another backup");
        let (Some(expected), EntryType::Regular) = (known.files.get(name), entry.header().entry_type()) else {
            bail!(changed);
        };
        let path = to.path().join(name);
        let mut out = File::options().write(true).create_new(true).open(&path)?;
        // No more than it says, whatever the disk has room for.
        std::io::copy(&mut entry.take(expected.bytes.saturating_add(1)), &mut out).context("it cannot be unpacked")?;
        out.sync_all()?;
        let found = content(&path)?;
        if expected.sha256 != found.sha256 || expected.bytes != found.bytes {
            bail!(changed);
        }
    }
    let contents = contents.context(FOREIGN)?;
    if let Some(name) = contents.files.keys().find(|name| !to.path().join(name).exists()) {
        bail!("{name} is missing in it; it was cut off, so take another backup");
    }
    if !contents.files.contains_key(DATABASE) {
        bail!(FOREIGN);
    }
    Ok(contents)
}

/// What is to become of the key ring.
struct KeyPlan {
    then: KeysThen,
    /// The ring as it will be; none when there will be none.
    ring: Option<KeyRing>,
    write: Option<PathBuf>,
}

fn plan_keys(settings: &Settings, brought: &Path) -> anyhow::Result<KeyPlan> {
    let read = |path: &Path| -> anyhow::Result<KeyRing> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        KeyRing::parse(&text).map_err(|error| anyhow::anyhow!("the key ring {} is not good: {error}", path.display()))
    };
    let place = RingHome::file(settings);
    let here = match (&place, settings.keys.ring()) {
        (_, Some(ring)) => Some(ring),
        (Some(path), None) if path.exists() => Some(read(path)?),
        _ => None,
    };
    if !brought.exists() {
        return Ok(KeyPlan { then: KeysThen::Untouched, ring: here, write: None });
    }
    let theirs = read(brought)?;
    let Some(here) = here else {
        return Ok(KeyPlan { then: KeysThen::Written, ring: Some(theirs), write: place });
    };
    let mut joined = here.clone();
    for id in theirs.ids() {
        match here.mark(id) {
            Some(mark) if theirs.mark(id) == Some(mark) => {}
            Some(_) => bail!(
                "the key ring here has another key of the name {id}; move the ring away, and the backup's is put in its place"
            ),
            None => joined = joined.joined_by(&theirs, id, id.clone()),
        }
    }
    let is_new = joined.ids().count() > here.ids().count();
    match (is_new, place) {
        (false, _) => Ok(KeyPlan { then: KeysThen::Kept, ring: Some(here), write: None }),
        (true, Some(place)) => Ok(KeyPlan { then: KeysThen::Joined, ring: Some(joined), write: Some(place) }),
        (true, None) => {
            bail!("the key ring is in the settings and lacks keys of the backup's; put them behind its own first")
        }
    }
}

impl KeyPlan {
    fn carry_out(&self) -> anyhow::Result<()> {
        match (&self.ring, &self.write) {
            (Some(ring), Some(place)) => ring::overwrite(place, ring),
            _ => Ok(()),
        }
    }
}

/// Keys on which something in the database rests and that the ring does not have.
async fn missing(settings: &Settings, database: &Path, ring: Option<&KeyRing>) -> anyhow::Result<Vec<String>> {
    let uses = wiring::file_key_uses(settings, database).await?;
    let missing = uses.digests.keys().chain(uses.sealed.keys()).filter(|id| ring.is_none_or(|ring| !ring.holds(id)));
    let mut missing: Vec<String> = missing.map(ToString::to_string).collect();
    missing.sort_unstable();
    missing.dedup();
    Ok(missing)
}

/// Keeps everybody out of the files that are there.
async fn hold(home: &Home) -> anyhow::Result<Vec<storage::HeldFile>> {
    let mut held = Vec::new();
    for path in [&home.database, &home.log] {
        if !path.exists() {
            continue;
        }
        match SqliteFile::new(path).hold().await {
            Ok(Some(file)) => held.push(file),
            Ok(None) => bail!("{} is in use; stop the server and other commands first", path.display()),
            // What is no database any more is what one restores for.
            Err(_) => {}
        }
    }
    Ok(held)
}

/// Puts a file in the place of another, and what stands beside that one away. A new file that is not there takes the other
/// away all the same: its rows are of another time.
fn put(new: &Path, to: &Path) -> anyhow::Result<()> {
    let unwritable = || format!("{} cannot be replaced", to.display());
    for ending in ["-wal", "-shm", "-journal"] {
        let mut beside = to.as_os_str().to_owned();
        beside.push(ending);
        remove(Path::new(&beside)).with_context(unwritable)?;
    }
    if !new.exists() {
        return remove(to).with_context(unwritable);
    }
    private(new).with_context(unwritable)?;
    std::fs::rename(new, to).with_context(unwritable)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// It holds people's data, so it is its owner's alone.
fn private(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
