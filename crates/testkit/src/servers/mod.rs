//! A PostgreSQL and a Redis for one test run, started from the binaries on this machine and gone
//! without a trace afterwards.
//!
//! [`Servers::start`] finds the programs ([`find`]), installs them where it may ([`install`]),
//! starts both on free loopback ports with their data in one fresh directory, and waits until both
//! answer. Dropping [`Servers`] stops them and removes the directory. Nothing here needs a
//! container engine.
//!
//! Three things keep servers from outliving the run:
//!
//! | what happens | what ends the servers |
//! | --- | --- |
//! | the run ends, fails, or is told to stop (Ctrl-C, SIGTERM, SIGHUP) | `Drop` ([`process`]) |
//! | the launcher is killed (`kill -9`, out of memory) | a small shell that waits for that ([`guard`]) |
//! | its whole process group is killed | the parent-death signal set by `setpriv`, on Linux ([`account`]) |
//!
//! PostgreSQL refuses to run as root; for root both servers run as `postgres`, or as `nobody` where
//! there is no such account. A server must be started from a thread that lives as long as the
//! server does: Linux sends the parent-death signal when the *thread* that started it ends.
//!
//! Tests reach the servers with [`postgres_url`] and [`redis_url`]. Both fail, and never skip, when
//! the tests were not started with `cargo verify`.

pub mod account;
pub mod address;
pub mod debian;
pub mod error;
pub mod extras;
pub mod find;
pub mod guard;
pub mod install;
pub mod interrupt;
pub mod missing;
pub mod postgres;
pub mod process;
pub mod redis;

use std::fmt::Display;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt as _, chown};

use tempfile::TempDir;

pub use address::{POSTGRES_URL, REDIS_URL, postgres_url, redis_url};
pub use error::{Result, ServersError};
pub use interrupt::Interrupt;

use account::Account;
use find::Programs;
use guard::Guard;
use postgres::Postgres;
use redis::Redis;

/// Both servers of a test run. Dropping it stops them and removes their directory.
///
/// The order of the fields is the order of the goodbye: servers, directory, guard.
#[derive(Debug)]
pub struct Servers {
    redis: Redis,
    postgres: Postgres,
    _directory: TempDir,
    _guard: Guard,
}

impl Servers {
    /// Starts both servers, installing what is missing where that is possible.
    pub fn start(interrupt: &Interrupt) -> Result<Self> {
        let programs = install::find_or_install(interrupt)?;
        let account = Account::for_servers()?;
        let (directory, guard) = workspace(&account)?;
        let postgres = start_postgres(&programs, &account, &directory, interrupt)?;
        let redis = Redis::start(&programs.redis, &account, directory.path(), interrupt)?;
        say(format_args!("Redis {} on {}", programs.redis.version, redis.address()));
        Ok(Self { redis, postgres, _directory: directory, _guard: guard })
    }

    /// What tests find in their environment: names and values.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![(POSTGRES_URL, self.postgres.url()), (REDIS_URL, self.redis.url())]
    }

    /// Fails when one of the servers has stopped by itself.
    pub fn check(&mut self) -> Result<()> {
        self.postgres.check()?;
        self.redis.check()
    }
}

/// Tells on standard error what is being done: standard output belongs to the tests.
pub fn say(message: impl Display) {
    // A closed standard error is no reason to stop a test run.
    let _ = writeln!(io::stderr(), "verify: {message}");
}

fn start_postgres(
    programs: &Programs,
    account: &Account,
    directory: &TempDir,
    interrupt: &Interrupt,
) -> Result<Postgres> {
    let program = &programs.postgres;
    say(format_args!("starting PostgreSQL {} from {}", program.version, program.bin.display()));
    let postgres = Postgres::start(program, account, directory.path(), interrupt)?;
    say(format_args!("PostgreSQL on {}", postgres.address()));
    Ok(postgres)
}

/// The directory of one run, owned by the account that the servers run as, and its guard.
fn workspace(account: &Account) -> Result<(TempDir, Guard)> {
    let directory = tempfile::Builder::new()
        .prefix("rollcall-test-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(|error| ServersError::io("create a temporary directory", error))?;
    let guard = Guard::watch(directory.path())?;
    if let Some(identity) = account.identity() {
        chown(directory.path(), Some(identity.user), Some(identity.group))
            .map_err(|error| ServersError::io("hand the temporary directory to the servers' account", error))?;
    }
    Ok((directory, guard))
}
