//! Backups of the embedded home: a tar file with both databases, what is in them, and the key ring only if it is asked for.

mod restore;
mod write;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use storage::Target;

pub use restore::{KeysThen, Restored, restore};
pub use write::{Written, write};

use crate::settings::{DatabaseTarget, Settings};

/// The version of the format that is written, and the latest that is read.
const FORMAT: u32 = 1;
const KIND: &str = "backup";

/// What the files are called in a backup, wherever they were.
const CONTENTS: &str = "backup.json";
const DATABASE: &str = "rollcall.sqlite";
const LOG: &str = "rollcall-activity.sqlite";
/// How files and folders begin that are gone when a run is over.
const BACKUP: &str = ".rollcall-backup";
const RESTORE: &str = ".rollcall-restore";
const LEFT_BEHIND: Duration = Duration::from_hours(24);
const KEYS: &str = "rollcall.keys";

/// The first file of a backup: what the others are.
#[derive(Debug, Serialize, Deserialize)]
pub struct Contents {
    rollcall: String,
    format: u32,
    version: String,
    made: String,
    /// The migrations that the database had had.
    schema: Vec<String>,
    files: BTreeMap<String, Content>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    bytes: u64,
    sha256: String,
}

/// Where the files of an embedded home are.
struct Home {
    database: PathBuf,
    log: PathBuf,
}

impl Home {
    /// # Errors
    /// One sentence when the directories are in PostgreSQL.
    fn of(settings: &Settings, command: &str) -> anyhow::Result<Self> {
        let DatabaseTarget::Sqlite { path } = settings.database.target() else {
            bail!(
                "`rollcall {command}` is for the embedded home; this installation is in PostgreSQL, which pg_dump and \
                 pg_restore save and bring back: docs/guides/rescue.md"
            );
        };
        let log = Target::Sqlite { path: path.clone() }.activity_file().context("the home has no activity log")?;
        Ok(Self { database: path, log })
    }

    fn folder(&self) -> &Path {
        folder(&self.database)
    }
}

/// Takes away what a run left behind that was killed, a day ago or longer; a younger one may be another's that runs.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = [BACKUP, RESTORE].iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
        let changed = entry.metadata().and_then(|found| found.modified()).ok();
        let is_old = changed.and_then(|moment| moment.elapsed().ok()).is_some_and(|age| age > LEFT_BEHIND);
        if is_ours && is_old {
            let path = entry.path();
            let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            // It was in nobody's way so far.
            drop(gone);
        }
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn content(file: &Path) -> io::Result<Content> {
    let (mut input, mut digest, mut bytes) = (File::open(file)?, Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            return Ok(Content { bytes, sha256: hex::encode(digest.finalize()) });
        }
        digest.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}
