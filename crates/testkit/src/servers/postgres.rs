//! A throw-away PostgreSQL: quick, careless about its data, and on loopback only.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::account::Account;
use super::find::PostgresPrograms;
use super::process::{Process, on_free_port};
use super::{Interrupt, Result};

/// The superuser of the server.
pub const USER: &str = "rollcall_test";

/// Where PostgreSQL notes its process id, below the directory of the run.
pub const PID_FILE: &str = "postgres/postmaster.pid";

/// The cluster, below the directory of the run.
const DATA: &str = "postgres";

/// Nothing here has to survive a crash, and every test brings its own connections.
const SETTINGS: [&str; 6] = [
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "timezone=UTC",
];

/// How long one connection attempt may take.
const PROBE: Duration = Duration::from_secs(2);

/// A running PostgreSQL. Dropping it stops it.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    address: SocketAddr,
}

impl Postgres {
    /// Makes a cluster below `directory`, starts it and waits until it answers.
    pub fn start(
        programs: &PostgresPrograms,
        account: &Account,
        directory: &Path,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        Process::spawn("initdb", initdb(programs, account, directory), directory)?.finish(interrupt)?;
        on_free_port(|address| {
            let command = server(programs, account, directory, address);
            let mut process = Process::spawn("postgres", command, directory)?;
            process.wait_for(|| answers(address), interrupt)?;
            Ok(Self { process, address })
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for tests, as the superuser.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@{}/postgres", self.address)
    }

    /// Fails when the server has stopped by itself.
    pub fn check(&mut self) -> Result<()> {
        self.process.check()
    }
}

fn initdb(programs: &PostgresPrograms, account: &Account, directory: &Path) -> Command {
    let mut command = account.command(programs.bin.join("initdb"));
    command.arg("-D").arg(directory.join(DATA)).arg(format!("--username={USER}"));
    command.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    command
}

fn server(programs: &PostgresPrograms, account: &Account, directory: &Path, address: SocketAddr) -> Command {
    let mut command = account.command(programs.bin.join("postgres"));
    command.arg("-D").arg(directory.join(DATA)).arg("-k").arg(directory);
    command.arg("-p").arg(address.port().to_string());
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command
}

/// Whether a PostgreSQL lets our superuser in at this address.
pub fn answers(address: SocketAddr) -> bool {
    greet(address).unwrap_or(false)
}

/// Opens a session in the wire protocol, version 3.0, and closes it again.
fn greet(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PROBE)?;
    stream.set_read_timeout(Some(PROBE))?;
    stream.write_all(&startup_message())?;
    let mut kind = [0];
    stream.read_exact(&mut kind)?;
    // Terminate: a message of nothing but its length.
    stream.write_all(b"X\0\0\0\x04")?;
    // Authentication comes as `R`, an error such as "the database system is starting up" as `E`.
    Ok(kind == *b"R")
}

fn startup_message() -> Vec<u8> {
    let parameters = format!("user\0{USER}\0database\0postgres\0\0");
    let length = u32::try_from(8 + parameters.len()).unwrap_or_default();
    [&length.to_be_bytes(), &[0, 3, 0, 0], parameters.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_startup_message_counts_itself() {
        let message = startup_message();
        assert_eq!(u32::from_be_bytes(message[..4].try_into().unwrap()) as usize, message.len());
    }

    #[test]
    fn the_postgres_of_this_run_answers() {
        let url = crate::postgres_url().unwrap();
        let address = url.strip_prefix("postgres://rollcall_test@").unwrap().strip_suffix("/postgres").unwrap();
        assert!(answers(address.parse().unwrap()), "{url}");
    }

    #[test]
    fn a_closed_port_does_not_answer() {
        assert!(!answers("127.0.0.1:1".parse().unwrap()));
    }
}
