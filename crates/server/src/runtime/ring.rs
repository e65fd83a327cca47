//! Where the key ring is kept: in the settings, in a file, or in the database.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use async_trait::async_trait;
use domain::keys::{KeyId, KeyRing, RingSource};
use domain::ports::SecretGen;
use domain::store::Store;
use domain::timestamp::Timestamp;
use tempfile::NamedTempFile;

use crate::settings::{DatabaseTarget, Settings};

const HEAD: &str =
    "# The key ring of a Rollcall installation: the current key first. Keep a copy apart from the database's.\n";

/// Where a ring is kept.
#[derive(Clone)]
pub enum RingHome {
    /// Nobody but the operator can change it.
    Settings(Box<KeyRing>),
    File(PathBuf),
    Database(Arc<dyn Store>),
}

impl RingHome {
    /// Where the settings put the ring.
    pub fn of(settings: &Settings, store: Arc<dyn Store>) -> Self {
        match (settings.keys.ring(), Self::file(settings)) {
            (Some(ring), _) => Self::Settings(Box::new(ring)),
            (None, Some(file)) => Self::File(file),
            (None, None) => Self::Database(store),
        }
    }

    /// Where the ring is, unless it is in the database.
    pub fn in_settings(settings: &Settings) -> Option<Self> {
        match settings.keys.ring() {
            Some(ring) => Some(Self::Settings(Box::new(ring))),
            None => Self::file(settings).map(Self::File),
        }
    }

    /// The file of the ring, if it is kept in one.
    pub fn file(settings: &Settings) -> Option<PathBuf> {
        match (&settings.keys.ring, &settings.keys.ring_file) {
            (Some(_), _) => None,
            (None, Some(file)) => Some(file.clone()),
            (None, None) => match settings.database.target() {
                // Beside the database, so that every process on it finds the same.
                DatabaseTarget::Sqlite { path } => Some(path.with_extension("keys")),
                DatabaseTarget::Postgres { .. } => None,
            },
        }
    }

    /// What people call this place.
    pub fn name(&self) -> String {
        match self {
            Self::Settings(_) => "the settings (keys.ring)".to_owned(),
            Self::File(file) => file.display().to_string(),
            Self::Database(_) => "the database".to_owned(),
        }
    }

    /// The ring. An embedded home that has nothing yet which would need an older one gets a new one.
    ///
    /// # Errors
    /// One sentence: what is missing and what to do.
    pub async fn open(
        &self,
        settings: &Settings,
        store: &dyn Store,
        new: &dyn SecretGen,
        now: Timestamp,
    ) -> anyhow::Result<KeyRing> {
        if let Self::File(file) = self
            && !file.exists()
        {
            let uses = store.work().key_uses(now).await?;
            if settings.keys.ring_file.is_some() || !uses.digests.is_empty() || !uses.sealed.is_empty() {
                bail!(
                    "the key ring {} is missing: put it back, from a backup if need be; `rollcall keys new` begins a new one, \
                     after which every token and client secret made so far opens nothing",
                    file.display()
                );
            }
            // Another process may have been first, with a ring that is as good.
            create(file, &fresh(new, now)?)?;
        }
        self.load().await.map_err(anyhow::Error::msg)
    }

    /// Puts a ring in the place of another.
    ///
    /// # Errors
    /// One sentence, also when somebody else has changed it meanwhile.
    pub async fn replace(&self, before: &KeyRing, after: &KeyRing) -> anyhow::Result<()> {
        const CHANGED: &str =
            "somebody else has changed the key ring at the same moment; look at `rollcall keys status`";
        match self {
            Self::Settings(_) => bail!("the key ring is in the settings, where only you can change it"),
            Self::Database(store) => match store.work().store_ring(&before.reveal(), &after.reveal()).await? {
                true => Ok(()),
                false => bail!(CHANGED),
            },
            Self::File(file) => {
                // A link stays one, so that those who read what it points to see the new ring.
                let file = &file.canonicalize().with_context(|| format!("{} cannot be found", file.display()))?;
                // One at a time compares and replaces; the lock ends with this.
                let turn = File::open(folder(file)).and_then(|folder| folder.lock().map(|()| folder));
                let _turn = turn.with_context(|| format!("the folder of {} cannot be locked", file.display()))?;
                if self.load().await.map_err(anyhow::Error::msg)?.reveal() != before.reveal() {
                    bail!(CHANGED);
                }
                let replaced = written(file, after)?.persist(file).map_err(|error| error.error);
                replaced.with_context(|| format!("{} cannot be replaced", file.display()))?;
                settle(file)
            }
        }
    }
}

#[async_trait]
impl RingSource for RingHome {
    async fn load(&self) -> Result<KeyRing, String> {
        match self {
            Self::Settings(ring) => Ok(KeyRing::clone(ring)),
            Self::File(file) => {
                let text = std::fs::read_to_string(file);
                let text = text.map_err(|error| format!("the key ring {} cannot be read: {error}", file.display()))?;
                KeyRing::parse(&text).map_err(|error| format!("the key ring {} is not good: {error}", file.display()))
            }
            Self::Database(store) => {
                let text = store.work().stored_ring().await.map_err(|error| error.to_string())?;
                KeyRing::parse(&text).map_err(|error| format!("the key ring in the database is not good: {error}"))
            }
        }
    }
}

/// A new ring of one key.
///
/// # Errors
/// Never, with a clock that works.
pub fn fresh(new: &dyn SecretGen, now: Timestamp) -> anyhow::Result<KeyRing> {
    Ok(KeyRing::new(key_id(now)?, new.bytes()))
}

/// The name of a key made now: to the microsecond, because a name stands for one key, and who rotates twice in a second must
/// not lose the first of them.
///
/// # Errors
/// As [`fresh`].
pub fn key_id(now: Timestamp) -> anyhow::Result<KeyId> {
    let digits: String = now.to_string().chars().filter(char::is_ascii_digit).collect();
    format!("k{digits}").parse().map_err(anyhow::Error::msg)
}

/// Writes a ring into a new file, for its owner alone, all of it or nothing. False when the file is there already.
///
/// # Errors
/// One sentence.
pub fn create(file: &Path, ring: &KeyRing) -> anyhow::Result<bool> {
    match written(file, ring)?.persist_noclobber(file) {
        Ok(_) => settle(file).map(|()| true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error).with_context(|| format!("the key ring {} cannot be created", file.display())),
    }
}

/// Writes a ring into a file, whether or not there is one.
///
/// # Errors
/// One sentence.
pub fn overwrite(file: &Path, ring: &KeyRing) -> anyhow::Result<()> {
    let replaced = written(file, ring)?.persist(file).map_err(|error| error.error);
    replaced.with_context(|| format!("{} cannot be replaced", file.display()))?;
    settle(file)
}

/// A file beside it, which its owner alone can read, with the ring in it.
fn written(file: &Path, ring: &KeyRing) -> anyhow::Result<NamedTempFile> {
    let unwritable = || format!("{} cannot be written", file.display());
    let mut out = NamedTempFile::new_in(folder(file)).with_context(unwritable)?;
    out.write_all((HEAD.to_owned() + &ring.reveal()).as_bytes()).with_context(unwritable)?;
    out.as_file().sync_all().with_context(unwritable)?;
    Ok(out)
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Sees to it that a power failure does not bring the old name back.
fn settle(file: &Path) -> anyhow::Result<()> {
    let settled = File::open(folder(file)).and_then(|folder| folder.sync_all());
    settled.with_context(|| format!("the folder of {} cannot be written", file.display()))
}
