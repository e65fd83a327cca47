//! A PostgreSQL that a test may kill: careless about the machine, as those for tests are, but not about its own end.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::process::Command;

use tempfile::TempDir;
use testkit::servers::account::Account;
use testkit::servers::find::{self, PostgresPrograms};
use testkit::servers::guard::Guard;
use testkit::servers::postgres::{PID_FILE, USER, answers};
use testkit::servers::process::{Process, on_free_port};
use testkit::servers::{Interrupt, Result};

use crate::patience::until_blocking;

/// To be used by one thread from its start to its end: the server goes when the thread that started it does.
pub struct MortalPostgres {
    /// Dropping it stops it.
    running: Option<Process>,
    programs: PostgresPrograms,
    account: Account,
    address: SocketAddr,
    folder: TempDir,
    _guard: Guard,
}

impl MortalPostgres {
    pub fn start() -> Self {
        let (programs, account) = (find::postgres().unwrap(), Account::for_servers().unwrap());
        let folder = tempfile::Builder::new().prefix("rollcall-crash-").tempdir().unwrap();
        let guard = Guard::watch(folder.path()).unwrap();
        if let Some(identity) = account.identity() {
            chown(folder.path(), Some(identity.user), Some(identity.group)).unwrap();
        }
        make_cluster(&programs, &account, &folder);
        let start = |address| Ok((launch(&programs, &account, &folder, address)?, address));
        let (running, address) = on_free_port(start).unwrap();
        Self { running: Some(running), programs, account, address, folder, _guard: guard }
    }

    pub fn url(&self) -> String {
        format!("postgres://{USER}@{}/postgres", self.address)
    }

    /// Kills all of its processes at once.
    pub fn kill(&mut self) {
        let file = fs::read_to_string(self.folder.path().join(PID_FILE)).unwrap();
        let first = file.lines().next().unwrap().to_owned();
        // So that it starts no more of them.
        signal("STOP", &[&first]);
        let children = children(&first);
        let all: Vec<&str> = children.iter().chain([&first]).map(String::as_str).collect();
        signal("KILL", &all);
        self.running = None;
        // A new one does not start as long as one of the old holds their memory.
        until_blocking("the processes to end", || all.iter().all(|pid| !is_alive(pid)).then_some(()));
    }

    /// With the same data at the same address.
    pub fn start_again(&mut self) {
        self.running = Some(launch(&self.programs, &self.account, &self.folder, self.address).unwrap());
    }
}

fn make_cluster(programs: &PostgresPrograms, account: &Account, folder: &TempDir) {
    let mut command = account.command(programs.bin.join("initdb"));
    command.arg("-D").arg(folder.path().join("postgres")).arg(format!("--username={USER}"));
    command.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    Process::spawn("initdb", command, folder.path()).unwrap().finish(&Interrupt::default()).unwrap();
}

/// What is committed is out of its hands: the system keeps it, which nobody kills here. So `synchronous_commit` stays on,
/// and `fsync` need not.
fn launch(programs: &PostgresPrograms, account: &Account, folder: &TempDir, address: SocketAddr) -> Result<Process> {
    let mut command = account.command(programs.bin.join("postgres"));
    command.arg("-D").arg(folder.path().join("postgres")).arg("-k").arg(folder.path());
    command.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", &address.port().to_string()]);
    let mut process = Process::spawn("postgres", command, folder.path())?;
    process.wait_for(|| answers(address), &Interrupt::default())?;
    Ok(process)
}

fn signal(name: &str, pids: &[&str]) {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -s \"$@\"", "kill", name]).args(pids);
    assert!(kill.status().unwrap().success(), "{name} {pids:?}");
}

fn children(parent: &str) -> Vec<String> {
    let of_parent = |columns: &Vec<String>| columns[1] == parent;
    processes().into_iter().filter(of_parent).map(|columns| columns[0].clone()).collect()
}

/// Nobody may have asked yet for what became of a process that has ended.
fn is_alive(pid: &str) -> bool {
    processes().iter().any(|columns| columns[0] == pid && !columns[2].starts_with('Z'))
}

/// Id, parent and state of every process.
fn processes() -> Vec<Vec<String>> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat="]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}
