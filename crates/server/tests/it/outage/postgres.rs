//! A PostgreSQL of one test, which the test may stop and start.

use std::net::SocketAddr;
use std::os::unix::fs::chown;

use tempfile::TempDir;
use testkit::servers::Interrupt;
use testkit::servers::account::Account;
use testkit::servers::find::{self, PostgresPrograms};
use testkit::servers::guard::Guard;
use testkit::servers::postgres::{Postgres, USER, answers};
use testkit::servers::process::Process;

/// To be used by one thread from its start to its end: the server goes when the thread that started it does.
pub struct OwnPostgres {
    /// Dropping it stops it.
    running: Option<Server>,
    programs: PostgresPrograms,
    account: Account,
    address: SocketAddr,
    folder: TempDir,
    _guard: Guard,
}

enum Server {
    First(#[expect(dead_code, reason = "stopped when dropped")] Postgres),
    Again(#[expect(dead_code, reason = "stopped when dropped")] Process),
}

impl OwnPostgres {
    pub fn start() -> Self {
        let (programs, account) = (find::postgres().unwrap(), Account::for_servers().unwrap());
        let folder = tempfile::Builder::new().prefix("rollcall-outage-").tempdir().unwrap();
        let guard = Guard::watch(folder.path()).unwrap();
        if let Some(identity) = account.identity() {
            chown(folder.path(), Some(identity.user), Some(identity.group)).unwrap();
        }
        let postgres = Postgres::start(&programs, &account, folder.path(), &Interrupt::default()).unwrap();
        Self {
            address: postgres.address(),
            running: Some(Server::First(postgres)),
            programs,
            account,
            folder,
            _guard: guard,
        }
    }

    pub fn url(&self) -> String {
        format!("postgres://{USER}@{}/postgres", self.address)
    }

    /// Ends every connection and the server.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// With the same data at the same address.
    pub fn start_again(&mut self) {
        let mut command = self.account.command(self.programs.bin.join("postgres"));
        let folder = self.folder.path();
        command.arg("-D").arg(folder.join("postgres")).arg("-k").arg(folder);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
        command.args(["-p", &self.address.port().to_string()]);
        let mut process = Process::spawn("postgres-again", command, folder).unwrap();
        process.wait_for(|| answers(self.address), &Interrupt::default()).unwrap();
        self.running = Some(Server::Again(process));
    }
}
