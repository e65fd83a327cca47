//! Writing a backup, while a server may be writing to the home.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context, bail};
use domain::ports::Clock as _;
use storage::SqliteFile;

use super::{BACKUP, CONTENTS, Contents, DATABASE, FORMAT, Home, KEYS, KIND, LOG, content, folder, sweep};
use crate::runtime::{RingHome, SystemClock};
use crate::settings::Settings;
use crate::wiring;

/// What a backup holds.
pub struct Written {
    pub bytes: u64,
    pub schema: Vec<String>,
    /// Where the key ring is that is needed beside the backup; none when it is in it.
    pub keys_apart: Option<String>,
}

/// Writes a new file with both databases as they are now.
///
/// # Errors
/// One sentence.
pub async fn write(settings: &Settings, file: &Path, with_keys: bool) -> anyhow::Result<Written> {
    let home = Home::of(settings, "backup")?;
    let shown = file.display();
    if file.exists() {
        bail!("{shown} exists already");
    }
    if !home.database.exists() {
        bail!("there is no database {}; nothing was backed up", home.database.display());
    }
    let unwritable = || format!("{shown} cannot be written");
    sweep(folder(file));
    require_room(&home, folder(file)).await?;
    // The copies are made where the backup will be, which has to have room for it anyway.
    let copies = tempfile::Builder::new().prefix(BACKUP).tempdir_in(folder(file)).with_context(unwritable)?;
    let state = wiring::file_schema(settings, &home.database).await?;
    let mut files = Vec::new();
    // The log first: of what it says the journal knows then.
    for (name, from) in [(LOG, &home.log), (DATABASE, &home.database)] {
        if from.exists() {
            let copy = copies.path().join(name);
            let done = SqliteFile::new(from).copy_to(&copy).await;
            done.with_context(|| format!("{} cannot be copied", from.display()))?;
            files.push((name, copy));
        }
    }
    let ring = RingHome::in_settings(settings);
    if with_keys {
        let copy = copies.path().join(KEYS);
        let text = match &ring {
            Some(RingHome::File(path)) => std::fs::read_to_string(path)
                .with_context(|| format!("the key ring {} cannot be read", path.display()))?,
            Some(RingHome::Settings(ring)) => ring.reveal(),
            Some(RingHome::Database(_)) | None => bail!("the settings say no place of the key ring"),
        };
        std::fs::write(&copy, text).with_context(unwritable)?;
        files.push((KEYS, copy));
    }
    let mut contents = Contents {
        rollcall: KIND.to_owned(),
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made: SystemClock::default().now().to_string(),
        schema: state.applied,
        files: BTreeMap::new(),
    };
    for (name, copy) in &files {
        contents.files.insert((*name).to_owned(), content(copy).with_context(unwritable)?);
    }
    let first = copies.path().join(CONTENTS);
    std::fs::write(&first, serde_json::to_vec_pretty(&contents)?).with_context(unwritable)?;
    files.insert(0, (CONTENTS, first));
    let bytes = pack(&files, file).with_context(unwritable)?;
    let keys_apart = (!with_keys).then(|| ring.map(|ring| ring.name()).unwrap_or_default());
    Ok(Written { bytes, schema: contents.schema, keys_apart })
}

/// The copies, and the backup that is made of them. What is free in the files is not copied.
async fn require_room(home: &Home, folder: &Path) -> anyhow::Result<()> {
    let mut needed = 0;
    for path in [&home.database, &home.log] {
        if path.exists() {
            let (size, free) = SqliteFile::new(path).size().await?;
            needed += 2 * size.saturating_sub(free);
        }
    }
    // A disk that cannot be asked is tried.
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    match needed > free {
        true => bail!(
            "a backup needs {} MiB in {}, where {} MiB are free",
            (needed >> 20) + 1,
            folder.display(),
            free >> 20
        ),
        false => Ok(()),
    }
}

/// Whoever finds the file finds all of it; its owner alone can read it.
fn pack(files: &[(&str, std::path::PathBuf)], to: &Path) -> anyhow::Result<u64> {
    let new = tempfile::Builder::new().prefix(BACKUP).tempfile_in(folder(to))?;
    let mut tar = tar::Builder::new(new.as_file());
    for (name, from) in files {
        let mut input = File::open(from)?;
        let mut header = tar::Header::new_ustar();
        header.set_size(input.metadata()?.len());
        header.set_mode(0o600);
        header.set_mtime(SystemClock::default().now().as_micros().unsigned_abs() / 1_000_000);
        tar.append_data(&mut header, name, &mut input)?;
    }
    tar.into_inner()?.flush()?;
    new.as_file().sync_all()?;
    let bytes = new.as_file().metadata()?.len();
    match new.persist_noclobber(to) {
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => bail!("{} exists already", to.display()),
        done => done.map(|_| bytes).map_err(|error| error.error.into()),
    }
}
