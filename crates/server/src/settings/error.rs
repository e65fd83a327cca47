//! Why the settings cannot be used: one sentence that names the key and what was expected.

use std::fmt;

/// Why the settings cannot be used. Its text never holds the value of a secret key or of an unknown one.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is missing or may not be read.
    #[error("cannot read the settings file {path}: {reason}")]
    Unreadable {
        /// The file, as it was named.
        path: String,
        /// What the operating system said.
        reason: String,
    },
    /// The file is not TOML.
    #[error("the settings file {path} is not valid TOML at line {line}: {reason}")]
    Malformed {
        /// The file, as it was named.
        path: String,
        /// The first line that cannot be read, counted from 1.
        line: usize,
        /// What the parser said, without the text of the line.
        reason: String,
    },
    /// There is no such key.
    #[error("unknown settings key {key} in {origin}: {hint}")]
    Unknown {
        /// The full dotted name that was given.
        key: String,
        /// Where it was given.
        origin: Origin,
        /// What it may have meant.
        hint: String,
    },
    /// A key has a value it does not take.
    #[error("settings key {key} from {origin} is {given}: expected {expected}")]
    Invalid {
        /// The full dotted name.
        key: &'static str,
        /// Where the value came from.
        origin: Origin,
        /// The value, or `***` for a secret key.
        given: String,
        /// What a good value looks like.
        expected: String,
    },
    /// Tables and structs disagree: a mistake in this program, not in the settings.
    #[error("the settings cannot be assembled: {0}")]
    Unassembled(String),
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the settings file.
    File {
        /// The file, as it was named.
        path: String,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "file {path} line {line}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}
