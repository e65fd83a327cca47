//! A Redis that a test may kill.

use std::net::SocketAddr;
use std::os::unix::fs::chown;

use tempfile::TempDir;
use testkit::servers::account::Account;
use testkit::servers::find;
use testkit::servers::guard::Guard;
use testkit::servers::process::{Process, on_free_port};
use testkit::servers::redis::{PID_FILE, answers};
use testkit::servers::{Interrupt, Result};

/// To be used by one thread from its start to its end: the server goes when the thread that started it does.
pub struct MortalRedis {
    /// Dropping it stops it.
    process: Process,
    account: Account,
    address: SocketAddr,
    folder: TempDir,
    _guard: Guard,
}

impl MortalRedis {
    pub fn start() -> Self {
        let account = Account::for_servers().unwrap();
        let folder = tempfile::Builder::new().prefix("rollcall-fleet-").tempdir().unwrap();
        let guard = Guard::watch(folder.path()).unwrap();
        if let Some(identity) = account.identity() {
            chown(folder.path(), Some(identity.user), Some(identity.group)).unwrap();
        }
        let started = on_free_port(|address| Ok((launch(&account, &folder, address)?, address)));
        let (process, address) = started.unwrap();
        Self { process, account, address, folder, _guard: guard }
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    /// At the same address, with nothing of what it had.
    pub fn start_again(&mut self) {
        self.process = launch(&self.account, &self.folder, self.address).unwrap();
    }
}

fn launch(account: &Account, folder: &TempDir, address: SocketAddr) -> Result<Process> {
    let mut command = account.command(find::redis().unwrap().path);
    command.arg("--bind").arg(address.ip().to_string()).arg("--port").arg(address.port().to_string());
    command.arg("--dir").arg(folder.path()).arg("--pidfile").arg(folder.path().join(PID_FILE));
    command.args(["--save", "", "--appendonly", "no"]);
    let mut process = Process::spawn("redis-server", command, folder.path())?;
    process.wait_for(|| answers(address), &Interrupt::default())?;
    Ok(process)
}
