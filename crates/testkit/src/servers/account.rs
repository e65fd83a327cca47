//! Whom the servers run as, and how they are tied to the life of the launcher.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::str;

use super::{Result, ServersError};

/// The accounts that root hands the servers to: the first that exists.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// A user and its group, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: u32,
    /// The user's own group.
    pub group: u32,
}

/// Whom the servers run as.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    identity: Option<Identity>,
    has_setpriv: bool,
}

impl Account {
    /// Oneself, or somebody with fewer rights where oneself is root.
    pub fn for_servers() -> Result<Self> {
        let has_setpriv = has_setpriv();
        if !is_root() {
            return Ok(Self { identity: None, has_setpriv });
        }
        if !has_setpriv {
            return Err(ServersError::OnlyRoot("setpriv (of util-linux)"));
        }
        let identity = UNPRIVILEGED.into_iter().find_map(Identity::of);
        match identity {
            Some(_) => Ok(Self { identity, has_setpriv }),
            None => Err(ServersError::OnlyRoot("an account named `postgres` or `nobody`")),
        }
    }

    /// Somebody else's numbers; nothing where the servers run as oneself.
    pub fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// A server as this account, told to stop when the thread that starts it ends.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(Identity { user, group }) = self.identity else {
            return tied(self.has_setpriv, "INT", program);
        };
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
        command.args(["--pdeathsig", "INT"]).arg(program);
        command
    }
}

/// A program as oneself, told to stop when the thread that starts it ends.
pub fn mortal(program: impl AsRef<OsStr>) -> Command {
    tied(has_setpriv(), "TERM", program)
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn tied(has_setpriv: bool, signal: &str, program: impl AsRef<OsStr>) -> Command {
    if !has_setpriv {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal]).arg(program);
    command
}

/// Whether there is a `setpriv` that knows parent-death signals; the one of Busybox does not.
fn has_setpriv() -> bool {
    let mut probe = Command::new("setpriv");
    probe.args(["--pdeathsig", "TERM", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

impl Identity {
    /// The numbers of a named account, when there is one.
    fn of(name: &str) -> Option<Self> {
        Some(Self { user: id("-u", name)?, group: id("-g", name)? })
    }
}

fn id(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([which, name]).stderr(Stdio::null()).output().ok()?;
    str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_number_nought_and_strangers_are_nobody() {
        assert_eq!(Identity::of("root"), Some(Identity { user: 0, group: 0 }));
        assert_eq!(Identity::of("surely-no-such-account"), None);
    }

    #[test]
    fn servers_never_run_as_root() {
        let output = Account::for_servers().unwrap().command("id").arg("-u").output().unwrap();
        let user: u32 = str::from_utf8(&output.stdout).unwrap().trim().parse().unwrap();
        assert_ne!(user, 0);
    }
}
