//! Why the servers could not be had.

use std::fmt;
use std::io;

/// The result of everything that starts, finds or stops a server.
pub type Result<T, E = ServersError> = std::result::Result<T, E>;

/// Why the servers could not be had; each message is one sentence that says what to do next where
/// something can be done.
#[derive(thiserror::Error)]
pub enum ServersError {
    /// Programs are not installed, and this account or system may not install them.
    #[error("{0}")]
    Missing(String),

    /// A test asked for a server of a run that has none.
    #[error("{0} is not set: run the tests with `cargo verify`")]
    NotVerified(&'static str),

    /// An operating-system call or a program that could not be run.
    #[error("could not {what}: {source}")]
    Io {
        /// What was tried, as it follows "could not".
        what: String,
        /// What the system said.
        source: io::Error,
    },

    /// A program that ran and failed.
    #[error("{program} failed ({status}){log}")]
    Failed {
        /// The program's name.
        program: String,
        /// Its exit status, in the system's words.
        status: String,
        /// The end of its log: empty, or starting with a line break.
        log: String,
    },

    /// A server that runs and does not answer.
    #[error("{program} did not answer within {seconds} s{log}")]
    Silent {
        /// The server's name.
        program: &'static str,
        /// How long it was given.
        seconds: u64,
        /// The end of its log: empty, or starting with a line break.
        log: String,
    },

    /// Root without a way to run the servers as somebody else.
    #[error(
        "PostgreSQL refuses to run as root, and {0} is not there to change the user: \
         install it or run the tests as an ordinary user"
    )]
    OnlyRoot(&'static str),

    /// The run was told to stop.
    #[error("stopped by signal {0}")]
    Interrupted(i32),
}

impl ServersError {
    /// Wraps an [`io::Error`] with what was tried.
    pub fn io(what: impl Into<String>, source: io::Error) -> Self {
        Self::Io { what: what.into(), source }
    }
}

/// Tests unwrap these errors, and a failed `unwrap` prints this: the sentence, not the structure.
impl fmt::Debug for ServersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
