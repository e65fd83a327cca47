//! A PgBouncer of one test.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::Path;

use storage::Target;
use tempfile::TempDir;
use testkit::servers::Interrupt;
use testkit::servers::account::Account;
use testkit::servers::extras;
use testkit::servers::postgres::{USER, answers};
use testkit::servers::process::{Process, on_free_port};
use url::Url;

/// When a connection of the server's is another client's.
#[derive(Clone, Copy)]
pub enum Mode {
    /// When the client before has gone.
    Session,
    /// When its transaction has ended. There are few, so that they are.
    Transaction,
}

/// To be used by one thread from its start to its end.
pub struct Bouncer {
    address: SocketAddr,
    // In this order: it stops, and then its files go.
    _process: Process,
    _folder: TempDir,
}

impl Bouncer {
    /// In front of the server of this database, for these users.
    pub fn start(database: &Target, mode: Mode, users: &[&str]) -> Self {
        let (program, account) = (extras::pgbouncer().unwrap(), Account::for_servers().unwrap());
        let folder = tempfile::Builder::new().prefix("rollcall-bouncer-").tempdir().unwrap();
        let server = parsed(database);
        let mut known = String::new();
        for user in [USER].iter().chain(users) {
            writeln!(known, "\"{user}\" \"\"").unwrap();
        }
        fs::write(folder.path().join("users"), known).unwrap();
        let started = on_free_port(|address| {
            let file = folder.path().join("pgbouncer.ini");
            fs::write(&file, settings(&server, mode, program.version.reaches("1.21"), address, folder.path())).unwrap();
            if let Some(identity) = account.identity() {
                for path in [folder.path(), &file, &folder.path().join("users")] {
                    chown(path, Some(identity.user), Some(identity.group)).unwrap();
                }
            }
            let mut command = account.command(&program.path);
            command.arg(&file);
            let mut process = Process::spawn("pgbouncer", command, folder.path())?;
            process.wait_for(|| answers(address), &Interrupt::default())?;
            Ok((process, address))
        });
        let (process, address) = started.unwrap();
        Self { address, _process: process, _folder: folder }
    }

    /// The same database by way of this.
    pub fn url(&self, database: &Target) -> String {
        let mut url = parsed(database);
        url.set_port(Some(self.address.port())).unwrap();
        url.into()
    }
}

fn parsed(database: &Target) -> Url {
    let Target::Postgres { url } = database else { panic!("PostgreSQL only") };
    url.parse().unwrap()
}

/// What docs/guides/scale-out.md says, and nothing besides but where to listen.
fn settings(server: &Url, mode: Mode, keeps_statements: bool, address: SocketAddr, folder: &Path) -> String {
    let (host, port) = (server.host_str().unwrap(), server.port().unwrap());
    let mode = match mode {
        Mode::Session => "pool_mode = session\ndefault_pool_size = 60",
        Mode::Transaction => "pool_mode = transaction\ndefault_pool_size = 4",
    };
    // Older ones end when they meet what they do not know.
    let statements = if keeps_statements { "max_prepared_statements = 200\n" } else { "" };
    format!(
        "[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = {1}\nlisten_port = {2}\n\
         unix_socket_dir = {0}\nauth_type = trust\nauth_file = {0}/users\nmax_client_conn = 500\n{mode}\n{statements}",
        folder.display(),
        address.ip(),
        address.port(),
    )
}
