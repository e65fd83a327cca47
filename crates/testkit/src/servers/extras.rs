//! Programs that a few tests need besides the servers: PgBouncer between server and PostgreSQL, and a library that shows a
//! process another time.
//!
//! `cargo verify` finds or installs them before the tests run; those that need one fail, and never skip, where it is missing.

use std::fs;
use std::path::{Path, PathBuf};

use super::find::{Version, on_path, version_of};
use super::missing::{Missing, find_or_install};
use super::{Interrupt, Result, ServersError};

const NO_PGBOUNCER: Missing = Missing { name: "PgBouncer", debian: &["pgbouncer"], homebrew: "pgbouncer" };
const NO_FAKETIME: Missing = Missing { name: "libfaketime", debian: &["faketime"], homebrew: "libfaketime" };

/// Debian's PgBouncer is not on everybody's search path.
const PGBOUNCER: &str = "/usr/sbin/pgbouncer";

/// Below these, in a folder for each kind of machine on Debian.
const LIBRARIES: [&str; 3] = ["/usr/lib", "/usr/local/lib", "/opt/homebrew/lib"];
const FAKETIME: &str = "faketime/libfaketime.so.1";

/// A PgBouncer.
#[derive(Debug, Clone)]
pub struct PgBouncer {
    /// The program.
    pub path: PathBuf,
    /// What `pgbouncer --version` said.
    pub version: Version,
}

/// Installs what is missing where that is possible.
///
/// # Errors
/// Says what to install where it is not.
pub fn prepare(interrupt: &Interrupt) -> Result<()> {
    find_or_install(look, interrupt).map(drop)
}

/// The PgBouncer of this machine.
///
/// # Errors
/// Says that there is none.
pub fn pgbouncer() -> Result<PgBouncer> {
    find_pgbouncer().ok_or_else(|| missing("PgBouncer"))
}

/// The library that, loaded before others, shows a process the time that a file says.
///
/// # Errors
/// Says that there is none.
pub fn faketime() -> Result<PathBuf> {
    find_faketime().ok_or_else(|| missing("libfaketime"))
}

fn missing(name: &str) -> ServersError {
    ServersError::Missing(format!("{name} not found: run the tests with `cargo verify`, which says how to install it"))
}

fn look() -> std::result::Result<(), Vec<Missing>> {
    let found = [(find_pgbouncer().is_some(), NO_PGBOUNCER), (find_faketime().is_some(), NO_FAKETIME)];
    let missing: Vec<Missing> =
        found.into_iter().filter(|(is_there, _)| !is_there).map(|(_, missing)| missing).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

fn find_pgbouncer() -> Option<PgBouncer> {
    let path = on_path("pgbouncer").or_else(|| Some(PathBuf::from(PGBOUNCER)).filter(|path| path.is_file()))?;
    let version = version_of(&path)?;
    Some(PgBouncer { path, version })
}

fn find_faketime() -> Option<PathBuf> {
    LIBRARIES.iter().find_map(|folder| find_below(Path::new(folder)))
}

fn find_below(folder: &Path) -> Option<PathBuf> {
    let below = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path().join(FAKETIME));
    [folder.join(FAKETIME)].into_iter().chain(below).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_found_in_the_folder_of_a_kind_of_machine_too() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find_below(folder.path()), None);
        let library = folder.path().join("riscv64-linux-gnu").join(FAKETIME);
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        fs::write(&library, "").unwrap();
        assert_eq!(find_below(folder.path()), Some(library));
    }
}
