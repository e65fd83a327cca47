//! A SQLite file as a file: copied while others write to it, checked, and kept to oneself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::store::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};

/// Somebody who writes is waited for so long.
const BUSY: Duration = Duration::from_secs(4);

/// Problems that are told of a file; one is enough to distrust it.
const PROBLEMS: usize = 5;

/// A SQLite file that exists.
pub struct SqliteFile {
    path: PathBuf,
}

/// A file that nobody else has open, until this is dropped.
pub struct HeldFile {
    _connection: SqliteConnection,
}

impl SqliteFile {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Writes a new file with all that is in this one at the moment, without what was deleted from it. Others go on reading
    /// and writing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the reason.
    pub async fn copy_to(&self, to: &Path) -> Result<(), StoreError> {
        let mut connection = self.open(BUSY).await?;
        // What is copied can shrink later, also where the file was made before there was such a thing.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL").await.map_err(unusable)?;
        let copy = sqlx::query("VACUUM INTO ?").bind(to.to_string_lossy().into_owned());
        copy.execute(&mut connection).await.map_err(unusable)?;
        connection.close().await.map_err(unusable)
    }

    /// Whether a newer version made this file of an activity log.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be read.
    pub async fn is_newer_log(&self) -> Result<bool, StoreError> {
        let mut connection = self.open(BUSY).await?;
        let version: i64 =
            sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.map_err(unusable)?;
        connection.close().await.map_err(unusable)?;
        Ok(usize::try_from(version).is_ok_and(|version| version > migrations::ACTIVITY_FILE_VERSION))
    }

    /// What is wrong with the file; nothing, usually. It takes a while: all of it is read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be read at all.
    pub async fn problems(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.open(BUSY).await?;
        let check = sqlx::query_scalar("PRAGMA integrity_check(5)");
        let mut problems: Vec<String> = check.fetch_all(&mut connection).await.map_err(unusable)?;
        problems.retain(|problem| problem != "ok");
        let foreign = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.map_err(unusable)?;
        if !foreign.is_empty() {
            problems.push(format!("{} rows refer to others that are not there", foreign.len()));
        }
        problems.truncate(PROBLEMS);
        connection.close().await.map_err(unusable)?;
        Ok(problems)
    }

    /// Keeps everybody else out; none when another process has the file open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be used.
    pub async fn hold(&self) -> Result<Option<HeldFile>, StoreError> {
        let mut connection = self.open(Duration::from_millis(500)).await?;
        // A connection to a file with a log of changes shares a lock for as long as it is open; giving up the log takes that
        // no such lock is there.
        let alone = async {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode = DELETE").fetch_one(&mut connection).await?;
            connection.execute(AssertSqlSafe("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE".to_owned())).await?;
            Ok::<bool, sqlx::Error>(mode == "delete")
        };
        match alone.await {
            Ok(true) => Ok(Some(HeldFile { _connection: connection })),
            Ok(false) => Ok(None),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("5") => Ok(None),
            Err(error) => Err(unusable(error)),
        }
    }

    /// What the file takes of the disk and how much of that is free again, in bytes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be read.
    pub async fn size(&self) -> Result<(u64, u64), StoreError> {
        let mut connection = self.open(BUSY).await?;
        let mut numbers = [0_u64; 3];
        for (number, pragma) in numbers.iter_mut().zip(["page_size", "page_count", "freelist_count"]) {
            let asked = AssertSqlSafe(format!("PRAGMA {pragma}"));
            let found: i64 = sqlx::query_scalar(asked).fetch_one(&mut connection).await.map_err(unusable)?;
            *number = u64::try_from(found).unwrap_or_default();
        }
        let [page, pages, free] = numbers;
        connection.close().await.map_err(unusable)?;
        Ok((page * pages, page * free))
    }

    async fn open(&self, busy: Duration) -> Result<SqliteConnection, StoreError> {
        let options = SqliteConnectOptions::new().filename(&self.path).create_if_missing(false).busy_timeout(busy);
        SqliteConnection::connect_with(&options).await.map_err(unusable)
    }
}

fn unusable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
