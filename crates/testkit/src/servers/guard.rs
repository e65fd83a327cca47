//! A small shell that tidies up after a launcher that was killed.
//!
//! It waits for the end of its standard input, whose other end only the launcher holds. However the
//! launcher dies, the system closes that end; the shell then stops the servers by their process-id
//! files and removes the directory. After an orderly goodbye the directory is gone, and so is the
//! guard's work.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::postgres::PID_FILE as POSTGRES_PID;
use super::redis::PID_FILE as REDIS_PID;
use super::{Result, ServersError};

/// `$1` is the directory, the others are process-id files: the first line is the number, and a server
/// that stops removes its file.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
directory=$1
shift
[ -d "$directory" ] || exit 0
for file; do
    pid=$(head -n 1 "$file" 2>/dev/null) && [ -n "$pid" ] || continue
    kill -INT "$pid"
    tries=100
    while [ -e "$file" ] && kill -0 "$pid" && [ "$tries" -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.1
    done
done
rm -rf "$directory"
"#;

/// The shell that watches over one directory.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Watches from now on.
    pub fn watch(directory: &Path) -> Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "guard"]).arg(directory);
        command.arg(directory.join(POSTGRES_PID)).arg(directory.join(REDIS_PID));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A group of its own: what ends the launcher's group must not end the guard.
        command.process_group(0);
        command.spawn().map(Self).map_err(|error| ServersError::io("start `sh`", error))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Closes the pipe, and with it the shell's wait.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    #[test]
    fn a_directory_left_behind_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        drop(Guard::watch(directory.path()).unwrap());
        assert!(!directory.path().exists());
    }

    #[test]
    fn a_server_left_behind_is_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let guard = Guard::watch(directory.path()).unwrap();
        let mut server = Command::new("sleep").arg("60").spawn().unwrap();
        fs::write(directory.path().join(REDIS_PID), format!("{}\n", server.id())).unwrap();
        // Waited for beside the guard: a process nobody waits for would seem to run on.
        let end = thread::spawn(move || server.wait());
        drop(guard);
        assert!(!end.join().unwrap().unwrap().success());
    }
}
