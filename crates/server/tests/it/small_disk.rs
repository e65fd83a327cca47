//! A disk that is soon full.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use testkit::servers::account::{Identity, mortal};

use crate::patience::until_blocking;

/// What takes the place that others would need.
const BALLAST: &str = "ballast";

/// Who holds the mount.
const HOLDER: &str = "mount -t tmpfs -o \"$1\" small-disk \"$2\" && exec sleep 3600";

/// A file system in memory, which only processes inside of it see, and which ends with the last of them. To be used by one
/// thread from its start to its end.
pub struct SmallDisk {
    holder: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one on a folder, as root; none where that is not allowed.
    pub fn mount(folder: &Path, megabytes: usize, owner: Option<Identity>) -> Option<Self> {
        let owner = owner.map(|Identity { user, group }| format!(",uid={user},gid={group}")).unwrap_or_default();
        let mut command = mortal("unshare");
        command.args(["--mount", "sh", "-c", HOLDER, "holder"]);
        command.arg(format!("size={megabytes}m,mode=0700{owner}")).arg(folder);
        let holder = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let mut disk = Self { holder, folder: folder.to_owned() };
        let mounts = PathBuf::from(format!("/proc/{}/mounts", disk.holder.id()));
        let is_there = until_blocking("a mount, or its refusal", || {
            let ended = disk.holder.try_wait().unwrap().is_some();
            let mounts = fs::read_to_string(&mounts).unwrap_or_default();
            let mounted = mounts.lines().any(|line| line.starts_with("small-disk "));
            (ended || mounted).then_some(mounted)
        });
        is_there.then_some(disk)
    }

    /// The same command for somebody inside.
    pub fn inside(&self, command: &Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside.args(["--mount", "--target", &self.holder.id().to_string(), "--"]);
        if let Some(folder) = command.get_current_dir() {
            inside.args(["env", "--chdir"]).arg(folder);
        }
        inside.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside
    }

    /// A file or folder on the disk, for somebody outside.
    pub fn see(&self, name: &str) -> PathBuf {
        let folder = self.folder.strip_prefix("/").unwrap();
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(folder).join(name)
    }

    /// Leaves no room.
    pub fn fill(&self) {
        let mut ballast = File::create(self.see(BALLAST)).unwrap();
        // Large pieces first, and then what is left.
        for size in [1 << 20, 1 << 12, 1] {
            let piece = vec![0; size];
            loop {
                match ballast.write_all(&piece) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// Makes room again.
    pub fn free(&self) {
        fs::remove_file(self.see(BALLAST)).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
