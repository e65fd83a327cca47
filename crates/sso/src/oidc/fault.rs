//! What is wrong with a provider's documents or with a sign-in: the fact, a stable code and a sentence. No fault carries
//! a secret, a code, a token, or a claim about a person.

use time::Duration;

use super::ErrorResponse;
use crate::fault::list;

/// Why a text is not JSON that we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    #[error("the document is longer than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the document is not JSON at line {line}, column {column}")]
    Malformed { line: usize, column: usize },
    #[error("the document gives a name twice, at line {line}, column {column}")]
    RepeatedName { line: usize, column: usize },
    #[error("the document is JSON, but no object")]
    NotAnObject,
}

impl JsonFault {
    /// A stable name for logs, tests and translations.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Malformed { .. } => "malformed_json",
            Self::RepeatedName { .. } => "repeated_name",
            Self::NotAnObject => "not_an_object",
        }
    }
}

/// Why an issuer, a discovery document or a key set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryFault {
    #[error(transparent)]
    Json(#[from] JsonFault),
    #[error("\"{issuer}\" is not an issuer: an https address without query and fragment")]
    InvalidIssuer { issuer: String },
    #[error(
        "\"{issuer}\" is the issuer of all tenants; use the tenant-specific one, https://login.microsoftonline.com/<tenant id>/v2.0"
    )]
    NotOfOneTenant { issuer: String },
    #[error("\"{issuer}\" is Entra's first version; use https://login.microsoftonline.com/<tenant id>/v2.0")]
    NotVersion2 { issuer: String },
    #[error("the document is of the issuer \"{found}\"; this connection is with \"{expected}\"")]
    WrongIssuer { found: String, expected: String },
    #[error("{what} is missing")]
    Missing { what: &'static str },
    #[error("{what} has a form that is not accepted")]
    Invalid { what: &'static str },
    #[error("{what} is not an https address: \"{url}\"")]
    NotHttps { what: &'static str, url: String },
    #[error("the provider does not offer the authorization code flow, only {}", list(offered))]
    NoCodeFlow { offered: Vec<String> },
    #[error("the provider does not answer in the query, only by {}", list(offered))]
    NoQueryMode { offered: Vec<String> },
    #[error("the provider does not offer PKCE with S256, only {}", list(offered))]
    NoPkce { offered: Vec<String> },
    #[error("the provider signs with {}; RS256, PS256, ES256 and EdDSA are accepted", list(offered))]
    NoAlgorithm { offered: Vec<String> },
    #[error(
        "the provider takes neither a client secret, by post or basic, nor a public client, only {}",
        list(offered)
    )]
    NoClientAuthentication { offered: Vec<String> },
    #[error("no key of the provider can be used{}", ignored.first().map(|why| format!(": {why}")).unwrap_or_default())]
    NoKey { ignored: Vec<String> },
}

impl DiscoveryFault {
    /// A stable name for logs, tests and translations.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(fault) => fault.code(),
            Self::InvalidIssuer { .. } => "invalid_issuer",
            Self::NotOfOneTenant { .. } => "not_of_one_tenant",
            Self::NotVersion2 { .. } => "not_version_2",
            Self::WrongIssuer { .. } => "wrong_issuer",
            Self::Missing { .. } => "missing",
            Self::Invalid { .. } => "invalid",
            Self::NotHttps { .. } => "not_https",
            Self::NoCodeFlow { .. } => "no_code_flow",
            Self::NoQueryMode { .. } => "no_query_mode",
            Self::NoPkce { .. } => "no_pkce",
            Self::NoAlgorithm { .. } => "no_algorithm",
            Self::NoClientAuthentication { .. } => "no_client_authentication",
            Self::NoKey { .. } => "no_key",
        }
    }
}

/// Why a sign-in is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcFault {
    #[error(transparent)]
    Json(#[from] JsonFault),
    #[error("{what} is longer than {limit} bytes")]
    TooLarge { what: &'static str, limit: usize },
    #[error("{what} is missing")]
    Missing { what: &'static str },
    #[error("{what} is given more than once")]
    Repeated { what: &'static str },
    #[error("{what} has a form that is not accepted")]
    Invalid { what: &'static str },

    // What comes back with the browser, and for the code.
    #[error("the provider refused: {0}")]
    Refused(ErrorResponse),
    #[error("the answer is not to a sign-in that was begun here: its state is unknown")]
    UnknownState,
    #[error("the provider answered with status {status} and no tokens")]
    NoTokens { status: u16 },

    // What the ID token is made of.
    #[error("the ID token is encrypted; have it signed only")]
    Encrypted,
    #[error("the ID token is not a signed token of three parts in base64url")]
    NotAToken,
    #[error("the token is of the type \"{found}\", not an ID token")]
    WrongType { found: String },
    #[error("the algorithm \"{algorithm}\" is refused; this connection takes {}", list(accepted))]
    AlgorithmRefused { algorithm: String, accepted: Vec<String> },
    #[error("the token demands what is not understood: {}", list(names))]
    CriticalHeader { names: Vec<String> },
    #[error("signed with the key \"{kid}\", which the provider does not publish")]
    UnknownKey { kid: String },
    #[error("the token does not say which key signed it, and {count} keys would do")]
    NoKeyId { count: usize },
    #[error("the provider publishes {count} different keys named \"{kid}\"")]
    AmbiguousKey { kid: String, count: usize },
    #[error("the key \"{kid}\" is not accepted: {why}")]
    UnusableKey { kid: String, why: &'static str },
    #[error("the key \"{kid}\" is not for the algorithm {algorithm}")]
    KeyOfOtherAlgorithm { kid: String, algorithm: &'static str },
    #[error("the signature does not fit: the token was changed, or signed with another key")]
    BadSignature,

    // What the ID token says.
    #[error("issued by \"{found}\"; this connection is with \"{expected}\"")]
    WrongIssuer { found: String, expected: String },
    #[error("meant for {}; we are \"{expected}\"", list(found))]
    WrongAudience { found: Vec<String>, expected: String },
    #[error("meant for others than \"{expected}\" too: {}", list(found))]
    ForeignAudience { found: Vec<String>, expected: String },
    #[error("issued to \"{found}\"; we are \"{expected}\"")]
    WrongAuthorizedParty { found: String, expected: String },
    #[error("expired {} seconds ago by our clock", ago.whole_seconds())]
    Expired { ago: Duration },
    #[error("not valid for another {} seconds by our clock; compare the clocks", ahead.whole_seconds())]
    NotYetValid { ahead: Duration },
    #[error("the nonce is not the one of this sign-in")]
    WrongNonce,
    #[error("the person is of the tenant \"{found}\"; this connection is with \"{expected}\"")]
    WrongTenant { found: String, expected: String },
    #[error("the access token is not the one that the ID token was issued with")]
    WrongAccessToken,
}

impl OidcFault {
    /// A stable name for logs, tests and translations.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(fault) => fault.code(),
            Self::TooLarge { .. } => "too_large",
            Self::Missing { .. } => "missing",
            Self::Repeated { .. } => "repeated",
            Self::Invalid { .. } => "invalid",
            Self::Refused(_) => "refused",
            Self::UnknownState => "unknown_state",
            Self::NoTokens { .. } => "no_tokens",
            Self::Encrypted => "encrypted",
            Self::NotAToken => "not_a_token",
            Self::WrongType { .. } => "wrong_type",
            Self::AlgorithmRefused { .. } => "algorithm_refused",
            Self::CriticalHeader { .. } => "critical_header",
            Self::UnknownKey { .. } => "unknown_key",
            Self::NoKeyId { .. } => "no_key_id",
            Self::AmbiguousKey { .. } => "ambiguous_key",
            Self::UnusableKey { .. } => "unusable_key",
            Self::KeyOfOtherAlgorithm { .. } => "key_of_other_algorithm",
            Self::BadSignature => "bad_signature",
            Self::WrongIssuer { .. } => "wrong_issuer",
            Self::WrongAudience { .. } => "wrong_audience",
            Self::ForeignAudience { .. } => "foreign_audience",
            Self::WrongAuthorizedParty { .. } => "wrong_authorized_party",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::WrongNonce => "wrong_nonce",
            Self::WrongTenant { .. } => "wrong_tenant",
            Self::WrongAccessToken => "wrong_access_token",
        }
    }

    /// Whether keys read anew may mend it: the provider may have changed its keys.
    pub const fn may_be_a_new_key(&self) -> bool {
        matches!(
            self,
            Self::UnknownKey { .. }
                | Self::NoKeyId { .. }
                | Self::AmbiguousKey { .. }
                | Self::UnusableKey { .. }
                | Self::KeyOfOtherAlgorithm { .. }
                | Self::BadSignature
        )
    }
}
