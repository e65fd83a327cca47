//! A browser for one test run: Chromium and the Node.js that drives it, found or installed like the
//! servers, and what the driver takes from npm.
//!
//! `cargo verify` calls [`Browser::prepare`] and hands [`Browser::environment`] to the tests, which
//! read it with [`Browser::of_this_run`]. Without a browser the other tests run; the browser's own
//! fail with the sentence that says what is missing, and never skip.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use crate::servers::account::mortal;
use crate::servers::find::{on_path, version_of};
use crate::servers::missing::{Missing, find_or_install};
use crate::servers::{Interrupt, Result, ServersError, say};

/// The variable with the path of the Chromium of this test run.
const CHROMIUM: &str = "ROLLCALL_TEST_CHROMIUM";
/// The variable with the path of the Node.js of this test run.
const NODE: &str = "ROLLCALL_TEST_NODE";
/// The variable that says why this test run has no browser.
const LACKS: &str = "ROLLCALL_TEST_BROWSER_LACKS";

/// What Chromium and its kin are called, on the search path and on macOS.
const CHROMIUM_NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const CHROMIUM_APPLICATIONS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/// The oldest Node.js that the driver runs on.
const OLDEST_NODE: u32 = 18;

const NO_CHROMIUM: Missing =
    // The fonts are those that the pictures in the guides are set in.
    Missing { name: "Chromium", debian: &["chromium", "fonts-noto-core"], homebrew: "chromium" };
const NO_NODE: Missing = Missing { name: "Node.js 18 or newer", debian: &["nodejs"], homebrew: "node" };
const NO_NPM: Missing = Missing { name: "npm", debian: &["npm"], homebrew: "npm" };

/// What npm is asked for: the versions of the lock file, none of their scripts, and no talk.
const NPM: [&str; 4] = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];

/// What a browser test needs besides its own files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// Chromium or one of its kin.
    pub chromium: PathBuf,
    /// Node.js, new enough.
    pub node: PathBuf,
}

/// The programs on this machine.
struct Found {
    browser: Browser,
    npm: PathBuf,
}

impl Browser {
    /// Finds the programs, installing what is missing where that is possible, and fetches what the
    /// driver takes from npm where that is not there or older than its lock file.
    pub fn prepare(interrupt: &Interrupt) -> Result<Self> {
        let found = find_or_install(look, interrupt)?;
        let folder = driver_folder();
        if is_stale(&folder) {
            fetch(&found.npm, &folder)?;
        }
        Ok(found.browser)
    }

    /// What tests find in their environment, of a browser or of the reason why there is none.
    pub fn environment(prepared: &Result<Self>) -> Vec<(&'static str, String)> {
        match prepared {
            Ok(Self { chromium, node }) => {
                vec![(CHROMIUM, chromium.display().to_string()), (NODE, node.display().to_string())]
            }
            Err(error) => vec![(LACKS, error.to_string())],
        }
    }

    /// The browser of this test run.
    pub fn of_this_run() -> Result<Self> {
        if let Ok(reason) = env::var(LACKS) {
            return Err(ServersError::Missing(reason));
        }
        Ok(Self { chromium: path(CHROMIUM)?, node: path(NODE)? })
    }
}

fn path(name: &'static str) -> Result<PathBuf> {
    env::var_os(name).map(PathBuf::from).ok_or(ServersError::NotVerified(name))
}

fn look() -> std::result::Result<Found, Vec<Missing>> {
    match (chromium(), node(), on_path("npm")) {
        (Some(chromium), Some(node), Some(npm)) => Ok(Found { browser: Browser { chromium, node }, npm }),
        (chromium, node, npm) => {
            let missing = [(chromium, NO_CHROMIUM), (node, NO_NODE), (npm, NO_NPM)];
            Err(missing.into_iter().filter(|(found, _)| found.is_none()).map(|(_, missing)| missing).collect())
        }
    }
}

fn chromium() -> Option<PathBuf> {
    let application = || CHROMIUM_APPLICATIONS.iter().map(PathBuf::from).find(|path| path.is_file());
    CHROMIUM_NAMES.iter().find_map(|name| on_path(name)).or_else(application)
}

fn node() -> Option<PathBuf> {
    let node = on_path("node")?;
    version_of(&node)?.is_at_least(OLDEST_NODE).then_some(node)
}

/// Where the browser tests' own files are.
fn driver_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/tests/browser")
}

/// Whether what npm put there is not there, or older than the lock file.
fn is_stale(folder: &Path) -> bool {
    let changed = |name: &str| fs::metadata(folder.join(name)).and_then(|file| file.modified());
    let fetched = changed("node_modules/.package-lock.json").unwrap_or(SystemTime::UNIX_EPOCH);
    changed("package-lock.json").is_ok_and(|locked| fetched < locked)
}

fn fetch(npm: &Path, folder: &Path) -> Result<()> {
    let line = format!("npm {}", NPM.join(" "));
    say(&line);
    let mut command = mortal(npm);
    // What npm says belongs to the progress, not to the output of the tests.
    command.args(NPM).current_dir(folder).stdin(Stdio::null()).stdout(io::stderr());
    let status = command.status().map_err(|error| ServersError::io("run npm", error))?;
    if status.success() {
        return Ok(());
    }
    Err(ServersError::Failed { program: line, status: status.to_string(), log: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_where_the_browser_is_or_why_there_is_none() {
        let browser = Browser { chromium: "/c".into(), node: "/n".into() };
        let told = |name, value: &str| (name, value.to_owned());
        assert_eq!(Browser::environment(&Ok(browser)), [told(CHROMIUM, "/c"), told(NODE, "/n")]);
        let lacking = Err(ServersError::Missing("npm not found: install it".to_owned()));
        assert_eq!(Browser::environment(&lacking), [told(LACKS, "npm not found: install it")]);
    }

    #[test]
    fn the_driver_is_fetched_again_when_its_lock_file_is_newer() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("package-lock.json");
        let fetched = folder.path().join("node_modules/.package-lock.json");
        fs::write(&lock, "").unwrap();
        assert!(is_stale(folder.path()));
        fs::create_dir(folder.path().join("node_modules")).unwrap();
        fs::write(&fetched, "").unwrap();
        assert!(!is_stale(folder.path()));
        fs::File::open(&fetched).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(is_stale(folder.path()));
    }
}
