//! Why a replay could not be carried out at all; a server that answers wrongly is not an error but a failed step.

/// What stops a replay before or at its first request.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The base URL cannot have SCIM paths appended to it.
    #[error("the base URL {reason}")]
    BaseUrl {
        /// What is wrong with it, as the rest of a sentence.
        reason: &'static str,
    },
    /// The token is empty or has characters that no HTTP header can carry.
    #[error("the token {reason}")]
    Token {
        /// What is wrong with it, as the rest of a sentence; never the token itself.
        reason: &'static str,
    },
    /// `--only` chose nothing.
    #[error("no scenario matches {only:?}; there are:\n{available}")]
    NoMatch {
        /// The text that was looked for.
        only: String,
        /// All scenarios, one a line.
        available: String,
    },
    /// An embedded fixture does not have the fixture format.
    #[error("the fixture {file} is not valid")]
    Fixture {
        /// The file's name.
        file: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The index names a file that is not embedded.
    #[error("the fixture {file} is in the index but not in the binary")]
    NotEmbedded {
        /// The file's name.
        file: String,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
    /// The very first request found nobody to talk to.
    #[error("cannot connect to {base_url}: {reason}")]
    Unreachable {
        /// The base URL as it was used.
        base_url: String,
        /// The innermost cause.
        reason: String,
    },
}
