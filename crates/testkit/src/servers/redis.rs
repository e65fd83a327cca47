//! A throw-away Redis: nothing on disk, and on loopback only.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::account::Account;
use super::find::RedisProgram;
use super::process::{Process, on_free_port};
use super::{Interrupt, Result};

/// Where Redis notes its process id, below the directory of the run.
pub const PID_FILE: &str = "redis.pid";

/// How long one connection attempt may take.
const PROBE: Duration = Duration::from_secs(2);

/// A running Redis. Dropping it stops it.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    address: SocketAddr,
}

impl Redis {
    /// Starts a Redis and waits until it answers.
    pub fn start(program: &RedisProgram, account: &Account, directory: &Path, interrupt: &Interrupt) -> Result<Self> {
        on_free_port(|address| {
            let command = server(program, account, directory, address);
            let mut process = Process::spawn("redis-server", command, directory)?;
            process.wait_for(|| answers(address), interrupt)?;
            Ok(Self { process, address })
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for tests.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Fails when the server has stopped by itself.
    pub fn check(&mut self) -> Result<()> {
        self.process.check()
    }
}

fn server(program: &RedisProgram, account: &Account, directory: &Path, address: SocketAddr) -> Command {
    let mut command = account.command(&program.path);
    command.arg("--bind").arg(address.ip().to_string()).arg("--port").arg(address.port().to_string());
    command.arg("--dir").arg(directory).arg("--pidfile").arg(directory.join(PID_FILE));
    command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
    command
}

/// Whether a Redis answers at this address.
pub fn answers(address: SocketAddr) -> bool {
    ping(address).unwrap_or(false)
}

fn ping(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PROBE)?;
    stream.set_read_timeout(Some(PROBE))?;
    stream.write_all(b"*1\r\n$4\r\nPING\r\n")?;
    let mut reply = [0; 7];
    stream.read_exact(&mut reply)?;
    Ok(reply == *b"+PONG\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::find;

    #[test]
    fn the_redis_of_this_run_answers() {
        let url = crate::redis_url().unwrap();
        assert!(answers(url.strip_prefix("redis://").unwrap().parse().unwrap()), "{url}");
    }

    #[test]
    fn a_redis_of_our_own_starts_and_stops() {
        let directory = directory();
        let account = Account::for_servers().unwrap();
        let program = find::redis().unwrap();
        let redis = Redis::start(&program, &account, directory.path(), &Interrupt::default()).unwrap();
        let address = redis.address();
        assert!(answers(address));
        drop(redis);
        assert!(!answers(address));
    }

    /// A directory that the servers' account may write to.
    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        if let Some(identity) = Account::for_servers().unwrap().identity() {
            std::os::unix::fs::chown(directory.path(), Some(identity.user), Some(identity.group)).unwrap();
        }
        directory
    }
}
