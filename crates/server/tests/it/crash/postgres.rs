//! A PostgreSQL that a test may kill: careless about the machine, as those for tests are, but not about its own end.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use storage::Target;
use tempfile::TempDir;
use testkit::servers::account::Account;
use testkit::servers::find::{self, PostgresPrograms};
use testkit::servers::guard::Guard;
use testkit::servers::postgres::{PID_FILE, USER, answers};
use testkit::servers::process::{Process, on_free_port};
use testkit::servers::{Interrupt, Result};

use crate::patience::until_blocking;
use crate::small_disk::SmallDisk;

/// To be used by one thread from its start to its end: the server goes when the thread that started it does.
pub struct MortalPostgres {
    /// Dropping it stops it.
    running: Option<Process>,
    place: Place,
    settings: Vec<String>,
    address: SocketAddr,
}

/// Where a cluster is, and who runs it.
struct Place {
    programs: PostgresPrograms,
    account: Account,
    /// When the cluster is not on the machine's own disk.
    disk: Option<SmallDisk>,
    folder: TempDir,
    _guard: Guard,
}

impl MortalPostgres {
    pub fn start() -> Self {
        Self::start_with(&[], |_| {})
    }

    /// With settings such as `ssl=on`, and files that are made in the cluster's folder before it starts.
    pub fn start_with(settings: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let place = Place::new(None);
        place.make_cluster(&[]);
        prepare(&place.cluster());
        for file in fs::read_dir(place.cluster()).unwrap() {
            place.hand_over(&file.unwrap().path());
        }
        Self::launch_at_free_port(place, settings)
    }

    /// With a disk of its own that is soon full; none where no disk can be had.
    pub fn on_small_disk(megabytes: usize) -> Option<Self> {
        let place = Place::new(Some(megabytes));
        place.disk.as_ref()?;
        // Small segments, of which there are many to be made.
        place.make_cluster(&["--wal-segsize=1"]);
        Some(Self::launch_at_free_port(place, &["max_wal_size=8MB", "min_wal_size=2MB", "wal_recycle=off"]))
    }

    /// One that follows this one, which must not be gone before that.
    pub fn standby(&self) -> Self {
        let place = Place::new(None);
        // The search path may lead to some of the programs by links.
        let real = fs::canonicalize(place.programs.bin.join("postgres")).unwrap();
        let mut command = place.account.command(real.with_file_name("pg_basebackup"));
        command.arg("-D").arg(place.cluster()).args(["-h", "127.0.0.1", "-p", &self.address.port().to_string()]);
        command.args(["-U", USER, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        Process::spawn("basebackup", command, place.folder.path()).unwrap().finish(&Interrupt::default()).unwrap();
        Self::launch_at_free_port(place, &[])
    }

    fn launch_at_free_port(place: Place, settings: &[&str]) -> Self {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let start = |address| Ok((place.launch(&settings, address)?, address));
        let (running, address) = on_free_port(start).unwrap();
        Self { running: Some(running), place, settings, address }
    }

    pub fn url(&self) -> String {
        format!("postgres://{USER}@{}/postgres", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn target(&self) -> Target {
        Target::Postgres { url: self.url() }
    }

    /// The disk that the cluster has for itself.
    pub fn disk(&self) -> &SmallDisk {
        self.place.disk.as_ref().unwrap()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.running.as_mut().is_none_or(|running| running.check().is_err())
    }

    /// Kills all of its processes at once.
    pub fn kill(&mut self) {
        let file = fs::read_to_string(self.place.folder.path().join(PID_FILE)).unwrap();
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
        self.running = Some(self.place.launch(&self.settings, self.address).unwrap());
    }
}

impl Place {
    fn new(megabytes: Option<usize>) -> Self {
        let (programs, account) = (find::postgres().unwrap(), Account::for_servers().unwrap());
        let folder = tempfile::Builder::new().prefix("rollcall-crash-").tempdir().unwrap();
        let guard = Guard::watch(folder.path()).unwrap();
        let disk = megabytes.and_then(|megabytes| SmallDisk::mount(folder.path(), megabytes, account.identity()));
        let place = Self { programs, account, disk, folder, _guard: guard };
        place.hand_over(place.folder.path());
        place
    }

    fn cluster(&self) -> PathBuf {
        self.folder.path().join("postgres")
    }

    fn hand_over(&self, file: &Path) {
        if let Some(identity) = self.account.identity() {
            chown(file, Some(identity.user), Some(identity.group)).unwrap();
        }
    }

    fn command(&self, program: &str) -> Command {
        let command = self.account.command(self.programs.bin.join(program));
        match &self.disk {
            Some(disk) => disk.inside(&command),
            None => command,
        }
    }

    fn make_cluster(&self, options: &[&str]) {
        let mut command = self.command("initdb");
        command.arg("-D").arg(self.cluster()).arg(format!("--username={USER}"));
        command.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]).args(options);
        Process::spawn("initdb", command, self.folder.path()).unwrap().finish(&Interrupt::default()).unwrap();
    }

    /// What is committed is out of its hands: the system keeps it, which nobody kills here. So `synchronous_commit` stays on,
    /// and `fsync` need not.
    fn launch(&self, settings: &[String], address: SocketAddr) -> Result<Process> {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.cluster()).arg("-k").arg(self.folder.path());
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", &address.port().to_string()]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        let mut process = Process::spawn("postgres", command, self.folder.path())?;
        process.wait_for(|| answers(address), &Interrupt::default())?;
        Ok(process)
    }
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
