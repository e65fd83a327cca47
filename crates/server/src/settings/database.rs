//! `[database]`: where directories are kept.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::table::{Fallback, Key, Kind, Section};
use super::{Layers, SettingsError};

const SQLITE: &str = "sqlite://";

/// Where directories are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// The database; a secret because it may hold a password. See [`DatabaseSettings::target`].
    pub url: SecretString,
    /// The owner of the tables, for migrations; only with `PostgreSQL`.
    pub owner_url: Option<SecretString>,
    /// Connections that one process holds at most.
    pub max_connections: u32,
    /// How long a request waits for a connection, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// How long PostgreSQL may work on one statement, in milliseconds.
    pub statement_timeout_ms: u64,
    /// How long a statement waits for what somebody else holds, in milliseconds.
    pub lock_timeout_ms: u64,
    /// Whether `serve` brings the schema up to date before it listens.
    pub migrate_on_start: bool,
}

/// What a database URL points to.
#[derive(Debug, Clone)]
pub enum DatabaseTarget {
    /// The embedded home: one file.
    Sqlite {
        /// The file; its folder may not exist yet.
        path: PathBuf,
    },
    /// The production home: a server.
    Postgres {
        /// The role that serves requests.
        url: SecretString,
        /// The role that owns the tables, if it is another one.
        owner_url: Option<SecretString>,
    },
}

impl DatabaseSettings {
    /// Which database is meant.
    pub fn target(&self) -> DatabaseTarget {
        match self.url.expose_secret().strip_prefix(SQLITE) {
            Some(path) => DatabaseTarget::Sqlite { path: path.into() },
            None => DatabaseTarget::Postgres { url: self.url.clone(), owner_url: self.owner_url.clone() },
        }
    }

    /// Whether this is the embedded home: one process, one `SQLite` file.
    pub fn is_embedded(&self) -> bool {
        matches!(self.target(), DatabaseTarget::Sqlite { .. })
    }

    /// How long a request waits for a connection.
    pub fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    /// How long PostgreSQL may work on one statement.
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }

    /// How long a statement waits for what somebody else holds.
    pub fn lock_timeout(&self) -> Duration {
        Duration::from_millis(self.lock_timeout_ms)
    }

    /// Checks the keys against each other.
    pub(super) fn check(&self, layers: &Layers) -> Result<(), SettingsError> {
        for (key, url) in [("database.url", Some(&self.url)), ("database.owner_url", self.owner_url.as_ref())] {
            if let Some(expected) = url.and_then(|url| missing_for_tls(url.expose_secret())) {
                return Err(layers.misfit(key, expected));
            }
        }
        if self.owner_url.is_none() || !self.is_embedded() {
            return Ok(());
        }
        let expected = "it to be left out, because database.url names no PostgreSQL server";
        Err(layers.misfit("database.owner_url", expected.to_owned()))
    }
}

pub(super) const SECTION: Section = Section {
    name: "database",
    meaning: "Where directories are kept: one SQLite file (the embedded home) or a PostgreSQL server (the production home).",
    keys: &[
        Key {
            name: "database.url",
            kind: Kind::Text {
                expected: "postgres://…, postgresql://… or sqlite://PATH (special characters in a password percent-encoded, no options after PATH)",
                accepts: |text| is_postgres(text) || is_sqlite(text),
            },
            fallback: Fallback::Derived("`sqlite://{data_dir}/rollcall.sqlite`"),
            meaning: "The database: `postgres://USER:PASSWORD@HOST/NAME` or `sqlite://PATH`. A relative PATH starts at the working directory. \
                      By TLS: `?sslmode=verify-full&sslrootcert=/path/to/ca.pem` checks the server's certificate and name against this CA \
                      or a public one; `require` encrypts and checks nothing, `disable` does neither, and without the word TLS is taken \
                      where it is offered, unchecked. `sslcert` and `sslkey` name a certificate of our own.",
            secret: true,
        },
        Key {
            name: "database.owner_url",
            kind: Kind::Text {
                expected: "postgres://… or postgresql://… (special characters in a password percent-encoded)",
                accepts: is_postgres,
            },
            fallback: Fallback::Nothing("`database.url` is used"),
            meaning: "The role that owns the tables, for migrations. Only with PostgreSQL; in production the role in `database.url` owns nothing.",
            secret: true,
        },
        Key {
            name: "database.max_connections",
            kind: Kind::Whole { min: 1, max: 10_000 },
            fallback: Fallback::Value("16"),
            meaning: "Connections that one process holds at most.",
            secret: false,
        },
        Key {
            name: "database.acquire_timeout_ms",
            kind: Kind::Whole { min: 1, max: 600_000 },
            fallback: Fallback::Value("3000"),
            meaning: "How long a request waits for a connection before it is answered with 503, in milliseconds.",
            secret: false,
        },
        Key {
            name: "database.statement_timeout_ms",
            kind: Kind::Whole { min: 100, max: 600_000 },
            fallback: Fallback::Value("20000"),
            meaning: "How long PostgreSQL may work on one statement of a request, in milliseconds; then it ends it. Nothing that clients \
                      usually ask takes a hundredth of the default.",
            secret: false,
        },
        Key {
            name: "database.lock_timeout_ms",
            kind: Kind::Whole { min: 100, max: 600_000 },
            fallback: Fallback::Value("5000"),
            meaning: "How long such a statement waits for a row or table that something else holds, in milliseconds; then the request is \
                      answered with 503 and `Retry-After`.",
            secret: false,
        },
        Key {
            name: "database.migrate_on_start",
            kind: Kind::Flag,
            fallback: Fallback::Value("true"),
            meaning: "Whether `rollcall serve` brings the schema up to date before it listens. When false, run `rollcall migrate up`.",
            secret: false,
        },
    ],
};

/// What an address lacks for what it says about TLS; nothing when it is as it should be.
fn missing_for_tls(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|_| is_postgres(url))?;
    let value = |names: &[&str]| url.query_pairs().find(|(name, _)| names.contains(&&**name)).map(|(_, value)| value);
    let mode = value(&["sslmode", "ssl-mode"]);
    let is_checked = mode.as_deref().is_some_and(|mode| ["verify-full", "verify-ca"].contains(&mode));
    if value(&["sslrootcert", "ssl-root-cert", "ssl-ca"]).is_some() && !is_checked {
        return Some("sslmode=verify-full beside sslrootcert, without which nothing is checked against it".to_owned());
    }
    let files = [&["sslrootcert", "ssl-root-cert", "ssl-ca"][..], &["sslcert", "ssl-cert"], &["sslkey", "ssl-key"]];
    files.into_iter().find_map(|names| {
        let file = value(names)?;
        let error = std::fs::read(&*file).err()?;
        Some(format!("{} to name a file that can be read; {file} cannot ({error})", names.first()?))
    })
}

fn is_postgres(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql") && text.contains("://"))
}

fn is_sqlite(text: &str) -> bool {
    text.strip_prefix(SQLITE).is_some_and(|path| !path.is_empty() && !path.contains('?'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_postgres_are_accepted() {
        assert!(is_postgres("postgres://u:p%40ss@db.example:5432/rollcall?sslmode=require"));
        assert!(is_postgres("postgresql:///rollcall?host=/run/postgresql"));
        assert!(!is_postgres("postgres:rollcall") && !is_postgres("mysql://db/x") && !is_postgres("postgres"));
    }

    #[test]
    fn a_sqlite_url_is_a_path_and_nothing_more() {
        assert!(is_sqlite("sqlite:///var/lib/rollcall/a.sqlite") && is_sqlite("sqlite://a.sqlite"));
        assert!(!is_sqlite("sqlite://") && !is_sqlite("sqlite::memory:") && !is_sqlite("sqlite://a?mode=ro"));
    }
}
