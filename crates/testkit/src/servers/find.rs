//! Finding the servers' programs: on the search path, then where Debian keeps PostgreSQL.

use std::env;
use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest PostgreSQL that Rollcall supports.
const OLDEST_POSTGRES: u32 = 14;

/// Debian keeps each major version in a directory of its own, off the search path.
const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

/// A version as a program tells it, compared part by part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u32>);

/// A directory with `initdb` and `postgres`, of the same version.
#[derive(Debug, Clone)]
pub struct PostgresPrograms {
    /// The directory.
    pub bin: PathBuf,
    /// What `postgres --version` said.
    pub version: Version,
}

/// A `redis-server`.
#[derive(Debug, Clone)]
pub struct RedisProgram {
    /// The program.
    pub path: PathBuf,
    /// What `redis-server --version` said.
    pub version: Version,
}

/// All programs that a test run needs.
#[derive(Debug)]
pub struct Programs {
    /// PostgreSQL, new enough.
    pub postgres: PostgresPrograms,
    /// Redis.
    pub redis: RedisProgram,
}

/// PostgreSQL 14 or newer: the first on the search path, else Debian's newest.
pub fn postgres() -> Option<PostgresPrograms> {
    search_path().into_iter().chain(debian_directories(Path::new(DEBIAN_POSTGRES))).find_map(postgres_in)
}

/// The first `redis-server` on the search path.
pub fn redis() -> Option<RedisProgram> {
    let path = on_path("redis-server")?;
    let version = version_of(&path)?;
    Some(RedisProgram { path, version })
}

/// The first file of this name on the search path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|directory| directory.join(name)).find(|path| path.is_file())
}

/// The directories of the search path.
fn search_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect()
}

/// `<root>/<major>/bin`, newest first.
fn debian_directories(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(Version, PathBuf)> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((Version::parse(entry.file_name().to_str()?)?, entry.path().join("bin"))))
        .collect();
    found.sort_by(|(left, _), (right, _)| right.cmp(left));
    found.into_iter().map(|(_, bin)| bin).collect()
}

fn postgres_in(bin: PathBuf) -> Option<PostgresPrograms> {
    if !bin.join("initdb").is_file() || !bin.join("postgres").is_file() {
        return None;
    }
    let version = version_of(&bin.join("postgres"))?;
    version.is_at_least(OLDEST_POSTGRES).then_some(PostgresPrograms { bin, version })
}

/// What a program answers to `--version`, when it is one.
pub fn version_of(program: &Path) -> Option<Version> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Version::parse(&String::from_utf8_lossy(&output.stdout))
}

impl Version {
    /// The first word with a number in it: `15.18` in `postgres (PostgreSQL) 15.18 (Debian …)`,
    /// `7.0.15` in `Redis server v=7.0.15 sha=…`, `18` in `postgres (PostgreSQL) 18beta1`, `20.20.2` in `v20.20.2`.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.split_whitespace().find_map(number)?;
        word.split('.').map(str::parse).collect::<Result<_, _>>().ok().map(Self)
    }

    /// Whether it is this version or a newer one, `1.21` such as.
    pub fn reaches(&self, oldest: &str) -> bool {
        Self::parse(oldest).is_some_and(|oldest| *self >= oldest)
    }

    /// Whether it is of this major version or a newer one.
    pub fn is_at_least(&self, oldest: u32) -> bool {
        self.0.first().is_some_and(|&major| major >= oldest)
    }
}

/// The number that a word is, with an optional `v` or `v=` before it and anything after it.
fn number(word: &str) -> Option<&str> {
    let word = word.strip_prefix("v=").or_else(|| word.strip_prefix('v')).unwrap_or(word);
    let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    let number = word.get(..end)?.trim_end_matches('.');
    number.starts_with(|c: char| c.is_ascii_digit()).then_some(number)
}

impl Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        Version::parse(text).unwrap().to_string()
    }

    #[test]
    fn versions_are_read_from_what_programs_say() {
        assert_eq!(parsed("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), "15.18");
        assert_eq!(parsed("postgres (PostgreSQL) 17.2\n"), "17.2");
        assert_eq!(parsed("postgres (PostgreSQL) 18beta1\n"), "18");
        assert_eq!(parsed("v20.20.2\n"), "20.20.2");
        assert_eq!(parsed("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n"), "7.0.15");
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in ["", "postgres (PostgreSQL)", "command not found", "v= 9999999999999"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Version::parse("9").unwrap() < Version::parse("14").unwrap());
        assert!(Version::parse("15.2").unwrap() < Version::parse("15.18").unwrap());
        let bouncer = |text: &str| Version::parse(text).unwrap().reaches("1.21");
        assert!(
            !bouncer("PgBouncer 1.18.0\nlibevent 2.1.12-stable") && bouncer("PgBouncer 1.21.0") && bouncer("1.25.2")
        );
    }

    #[test]
    fn debian_directories_come_newest_first() {
        let root = tempfile::tempdir().unwrap();
        for name in ["9", "17", "14", "notes"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        let names: Vec<PathBuf> = ["17/bin", "14/bin", "9/bin"].iter().map(|name| root.path().join(name)).collect();
        assert_eq!(debian_directories(root.path()), names);
    }

    #[test]
    fn a_directory_without_both_programs_is_passed_over() {
        let bin = tempfile::tempdir().unwrap();
        fs::write(bin.path().join("postgres"), "").unwrap();
        assert!(postgres_in(bin.path().to_owned()).is_none());
    }

    #[test]
    fn postgres_14_is_the_oldest_taken() {
        let is_taken = |version: &str| Version::parse(version).unwrap().is_at_least(OLDEST_POSTGRES);
        assert!(!is_taken("13.20"));
        assert!(is_taken("14.0"));
        assert!(is_taken("18"));
    }

    #[test]
    fn programs_are_found_on_the_search_path() {
        assert!(on_path("sh").is_some());
        assert!(on_path("surely-no-such-program").is_none());
    }

    #[test]
    fn both_servers_are_found_on_a_machine_that_runs_these_tests() {
        assert!(postgres().is_some());
        assert!(redis().is_some());
    }
}
