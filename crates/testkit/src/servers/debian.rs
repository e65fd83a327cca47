//! Installing packages, for root on Debian.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::is_root;
use super::find;
use super::{Interrupt, Result, ServersError, say};

/// Debian asks this program whether a service may start; 101 means no.
const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_SAYS_NO: &str = "#!/bin/sh\nexit 101\n";

/// Debian makes a cluster of its own with each PostgreSQL, unless this file says otherwise.
const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";
const NO_CLUSTER: &str = "create_main_cluster = false";

/// The package that brings [`CLUSTER_SETTINGS`], and the one that makes a cluster by them.
const POSTGRES_COMMON: &str = "postgresql-common";
const POSTGRES: &str = "postgresql";

/// Whether packages can be installed here.
pub fn can_install() -> bool {
    is_root() && Path::new("/etc/debian_version").exists() && find::on_path("apt-get").is_some()
}

/// Installs packages; no service is started and no cluster is made.
pub fn install(packages: &[&str], interrupt: &Interrupt) -> Result<()> {
    let _policy = NoServices::declare()?;
    apt_get(&["update"], interrupt)?;
    if packages.contains(&POSTGRES) {
        apt_get(&["install", POSTGRES_COMMON], interrupt)?;
        forbid_clusters(Path::new(CLUSTER_SETTINGS))?;
    }
    apt_get(&[&["install"], packages].concat(), interrupt)
}

fn apt_get(arguments: &[&str], interrupt: &Interrupt) -> Result<()> {
    let line = format!("apt-get {}", arguments.join(" "));
    say(&line);
    // Not tied to our life: half an installation is worse than one too many.
    let mut command = Command::new("apt-get");
    command.args(["--quiet=2", "--yes", "--no-install-recommends"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    // What apt-get says belongs to the progress, not to the output of the tests.
    command.stdout(io::stderr());
    let status = command.status().map_err(|error| ServersError::io("run apt-get", error))?;
    interrupt.check()?;
    if status.success() {
        return Ok(());
    }
    Err(ServersError::Failed { program: line, status: status.to_string(), log: String::new() })
}

/// Tells Debian to make no cluster when it installs PostgreSQL.
fn forbid_clusters(settings: &Path) -> Result<()> {
    let old = fs::read_to_string(settings).unwrap_or_default();
    if old.lines().any(|line| line.trim() == NO_CLUSTER) {
        return Ok(());
    }
    // The last word counts.
    fs::write(settings, format!("{}\n{NO_CLUSTER}\n", old.trim_end()))
        .map_err(|error| ServersError::io(format!("write {}", settings.display()), error))
}

/// While this lives, the packages that are installed start no service.
struct NoServices(Option<PathBuf>);

impl NoServices {
    /// Leaves alone a policy that the machine already has.
    fn declare() -> Result<Self> {
        Self::declare_at(Path::new(POLICY))
    }

    fn declare_at(path: &Path) -> Result<Self> {
        if path.exists() {
            return Ok(Self(None));
        }
        let what = || format!("write {}", path.display());
        let policy = Self(Some(path.to_owned()));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(path)
            .map_err(|error| ServersError::io(what(), error))?;
        file.write_all(POLICY_SAYS_NO.as_bytes()).map_err(|error| ServersError::io(what(), error))?;
        // Whatever the umask was.
        file.set_permissions(Permissions::from_mode(0o755)).map_err(|error| ServersError::io(what(), error))?;
        Ok(policy)
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_forbidden_once() {
        let directory = tempfile::tempdir().unwrap();
        let settings = directory.path().join("createcluster.conf");
        fs::write(&settings, "#create_main_cluster = true\n").unwrap();
        forbid_clusters(&settings).unwrap();
        forbid_clusters(&settings).unwrap();
        let text = fs::read_to_string(&settings).unwrap();
        assert_eq!(text, "#create_main_cluster = true\ncreate_main_cluster = false\n");
    }

    #[test]
    fn the_policy_goes_when_the_installation_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy-rc.d");
        let policy = NoServices::declare_at(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
        drop(policy);
        assert!(!path.exists());
    }

    #[test]
    fn a_policy_of_the_machine_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy-rc.d");
        fs::write(&path, "theirs").unwrap();
        drop(NoServices::declare_at(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }
}
