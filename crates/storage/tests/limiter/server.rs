//! A Redis of a test's own.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;
use testkit::servers::Interrupt;
use testkit::servers::account::Account;
use testkit::servers::find;
use testkit::servers::process::{Process, on_free_port};
use testkit::servers::redis::answers;

/// A running Redis. Dropping it stops it. It has to be started by the thread of the test itself.
pub struct Server {
    process: Process,
    address: SocketAddr,
    arguments: Vec<String>,
    directory: TempDir,
}

impl Server {
    pub fn start() -> Self {
        Self::with(directory(), |_| Vec::new())
    }

    /// With arguments that may depend on its directory.
    pub fn with(directory: TempDir, arguments: impl Fn(&Path) -> Vec<String>) -> Self {
        let arguments = arguments(directory.path());
        let started = on_free_port(|address| Ok((launch(directory.path(), address, &arguments)?, address)));
        let (process, address) = started.unwrap();
        Self { process, address, arguments, directory }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn freeze(&mut self) {
        self.process.freeze().unwrap();
    }

    pub fn thaw(&mut self) {
        self.process.thaw().unwrap();
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    /// Starts what was killed at the same place, with what its directory holds.
    pub fn revive(&mut self) {
        self.process = launch(self.directory.path(), self.address, &self.arguments).unwrap();
    }

    /// A connection of the test's own.
    pub async fn admin(&self) -> MultiplexedConnection {
        redis::Client::open(self.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// Sends a command, which has to succeed.
    pub async fn tell(&self, words: &str) -> redis::Value {
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        command.arg(words.collect::<Vec<_>>());
        command.query_async(&mut self.admin().await).await.unwrap()
    }
}

fn launch(directory: &Path, address: SocketAddr, arguments: &[String]) -> testkit::servers::Result<Process> {
    let mut command = Account::for_servers()?.command(find::redis().unwrap().path);
    command.arg("--bind").arg(address.ip().to_string()).arg("--port").arg(address.port().to_string());
    command.arg("--dir").arg(directory).args(["--save", "", "--appendonly", "no"]).args(arguments);
    let mut process = Process::spawn("redis-server", command, directory)?;
    process.wait_for(|| answers(address), &Interrupt::default())?;
    Ok(process)
}

/// A directory that the servers' account may write to.
pub fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    if let Some(identity) = Account::for_servers().unwrap().identity() {
        std::os::unix::fs::chown(directory.path(), Some(identity.user), Some(identity.group)).unwrap();
    }
    directory
}

/// A port of 127.0.0.1 that nobody listens at.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
