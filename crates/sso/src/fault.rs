//! What is wrong with a sign-in, a logout, a metadata document, a certificate or a key: the fact, a stable code and a
//! sentence. No fault carries a key, an assertion or an attribute of a person.

use time::{Duration, OffsetDateTime};

use crate::Fingerprint;

/// Why a text is not XML that we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlFault {
    #[error("the document is longer than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the document is not base64")]
    NotBase64,
    #[error("the document is not compressed as the redirect binding says")]
    NotDeflated,
    #[error("the document is not UTF-8")]
    NotUtf8,
    #[error("the document is not well-formed XML at line {line}, column {column}: {reason}")]
    Malformed { line: usize, column: usize, reason: String },
    /// More than any message needs, and parsers compare each with each.
    #[error("an element at line {line} has more than {limit} attributes")]
    TooManyAttributes { line: usize, limit: usize },
    /// Also what an entity would need, so bombs of entities end here.
    #[error("the document has a document type declaration (DOCTYPE)")]
    Dtd,
}

impl XmlFault {
    /// A stable name for logs, tests and translations.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::NotBase64 => "not_base64",
            Self::NotDeflated => "not_deflated",
            Self::NotUtf8 => "not_utf8",
            Self::Malformed { .. } => "malformed_xml",
            Self::TooManyAttributes { .. } => "too_many_attributes",
            Self::Dtd => "document_type",
        }
    }
}

/// Why a SAML message is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SamlFault {
    #[error(transparent)]
    Xml(#[from] XmlFault),
    #[error("expected a SAML 2.0 {expected}, got the element \"{found}\"")]
    WrongMessage { found: String, expected: &'static str },
    #[error("{what} is missing")]
    Missing { what: &'static str },
    #[error("{what} is given more than once")]
    Repeated { what: &'static str },
    #[error("{what} cannot be \"{value}\"")]
    Invalid { what: &'static str, value: String },

    // What the message is made of.
    #[error("the response contains a processing instruction")]
    ProcessingInstruction,
    #[error("the assertion contains an XML comment")]
    CommentInAssertion,
    #[error("the response contains no assertion")]
    NoAssertion,
    #[error("the response contains {count} assertions or responses; one of each is accepted")]
    SeveralAssertions { count: usize },
    #[error("the assertion is not where it belongs, directly in the response")]
    MisplacedAssertion,

    // Signatures.
    #[error("neither the response nor the assertion is signed")]
    Unsigned,
    #[error("there is a signature in another place than response and assertion, or more than one in the same place")]
    MisplacedSignature,
    #[error("a signature has a form that is not accepted: {reason}")]
    SignatureForm { reason: &'static str },
    #[error("the algorithm \"{algorithm}\" is not accepted; use RSA or ECDSA with SHA-256 or better")]
    WeakAlgorithm { algorithm: String },
    #[error("no certificate of the identity provider is known")]
    NoCertificate,
    #[error("signed with the certificate {fingerprint}, which is not one that the identity provider is known by")]
    UnknownCertificate { fingerprint: Fingerprint },
    #[error("the certificate {fingerprint} that signed expired on {}", day(*not_after))]
    CertificateExpired { fingerprint: Fingerprint, not_after: OffsetDateTime },
    #[error("the certificate {fingerprint} that signed is valid only from {}", day(*not_before))]
    CertificateNotYetValid { fingerprint: Fingerprint, not_before: OffsetDateTime },
    #[error("the signature does not fit: the message was changed, or signed with another key")]
    BadSignature,

    // Encryption.
    #[error("the assertion is encrypted, and this connection has no key to decrypt it")]
    NoDecryptionKey,
    /// One fault for everything that can go wrong until a signature over what was decrypted is verified: whoever sends
    /// variations of an intercepted message must not learn which of them decrypt to something.
    #[error(
        "the assertion cannot be decrypted with our key, or what it contains is not signed by the identity provider"
    )]
    Undecryptable,

    // What the message says.
    #[error("the identity provider refused: {status}{}{}", detail(sub_status.as_ref()), detail(message.as_ref()))]
    Refused { status: String, sub_status: Option<String>, message: Option<String> },
    #[error("issued by \"{found}\"; this connection is with \"{expected}\"")]
    WrongIssuer { found: String, expected: String },
    #[error("meant for {}; we are \"{expected}\"", list(found))]
    WrongAudience { found: Vec<String>, expected: String },
    #[error("sent to \"{found}\"; we are at \"{expected}\"")]
    WrongDestination { found: String, expected: String },
    #[error("the assertion is for the recipient \"{found}\"; we are at \"{expected}\"")]
    WrongRecipient { found: String, expected: String },
    #[error("answers the request \"{found}\", {}", expected.as_ref().map_or_else(|| "but none is open".to_owned(), |id| format!("but the open one is \"{id}\"")))]
    WrongRequest { found: String, expected: Option<String> },
    #[error("answers no request, and this connection does not let the identity provider begin a sign-in")]
    Unsolicited,
    #[error("not valid for another {} seconds by our clock; compare the clocks", ahead.whole_seconds())]
    NotYetValid { ahead: Duration },
    #[error("expired {} seconds ago by our clock", ago.whole_seconds())]
    Expired { ago: Duration },
    #[error("the identity provider's session ended {} seconds ago", ago.whole_seconds())]
    SessionEnded { ago: Duration },
    #[error("no subject confirmation of the kind \"bearer\"")]
    NoBearer,
    #[error("the condition \"{name}\" is not known, so it cannot be met")]
    UnknownCondition { name: String },
}

impl SamlFault {
    pub(crate) fn invalid(what: &'static str, value: &str) -> Self {
        Self::Invalid { what, value: quoted(value) }
    }

    /// A stable name for logs, tests and translations.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Xml(fault) => fault.code(),
            Self::WrongMessage { .. } => "wrong_message",
            Self::Missing { .. } => "missing",
            Self::Repeated { .. } => "repeated",
            Self::Invalid { .. } => "invalid",
            Self::ProcessingInstruction => "processing_instruction",
            Self::CommentInAssertion => "comment_in_assertion",
            Self::NoAssertion => "no_assertion",
            Self::SeveralAssertions { .. } => "several_assertions",
            Self::MisplacedAssertion => "misplaced_assertion",
            Self::Unsigned => "unsigned",
            Self::MisplacedSignature => "misplaced_signature",
            Self::SignatureForm { .. } => "signature_form",
            Self::WeakAlgorithm { .. } => "weak_algorithm",
            Self::NoCertificate => "no_certificate",
            Self::UnknownCertificate { .. } => "unknown_certificate",
            Self::CertificateExpired { .. } => "certificate_expired",
            Self::CertificateNotYetValid { .. } => "certificate_not_yet_valid",
            Self::BadSignature => "bad_signature",
            Self::NoDecryptionKey => "no_decryption_key",
            Self::Undecryptable => "undecryptable",
            Self::Refused { .. } => "refused",
            Self::WrongIssuer { .. } => "wrong_issuer",
            Self::WrongAudience { .. } => "wrong_audience",
            Self::WrongDestination { .. } => "wrong_destination",
            Self::WrongRecipient { .. } => "wrong_recipient",
            Self::WrongRequest { .. } => "wrong_request",
            Self::Unsolicited => "unsolicited",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
            Self::SessionEnded { .. } => "session_ended",
            Self::NoBearer => "no_bearer",
            Self::UnknownCondition { .. } => "unknown_condition",
        }
    }

    /// Whether metadata read anew may mend it: the identity provider may have changed its certificate.
    pub const fn may_be_a_new_certificate(&self) -> bool {
        matches!(
            self,
            Self::UnknownCertificate { .. }
                | Self::CertificateExpired { .. }
                | Self::NoCertificate
                | Self::BadSignature
                | Self::Undecryptable
        )
    }
}

/// Why metadata of an identity provider cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataFault {
    #[error(transparent)]
    Xml(#[from] XmlFault),
    #[error("this is not SAML 2.0 metadata but the element \"{found}\"")]
    NotMetadata { found: String },
    #[error("no identity provider is described here")]
    NoIdentityProvider,
    #[error("{} identity providers are described here; say which: {}", found.len(), list(found))]
    SeveralIdentityProviders { found: Vec<String> },
    #[error("the identity provider \"{wanted}\" is not described here; there is {}", list(found))]
    OtherIdentityProvider { wanted: String, found: Vec<String> },
    #[error("the entity id is missing")]
    NoEntityId,
    #[error("\"{entity_id}\" is metadata for all tenants; fetch the one of your tenant")]
    NotOfOneTenant { entity_id: String },
    #[error("there is no certificate to verify signatures with")]
    NoCertificate,
    #[error("a certificate cannot be read: {0}")]
    Certificate(#[from] CertificateFault),
    #[error("there is no address to sign in at, by redirect or by post")]
    NoSignOnUrl,
    #[error("\"{url}\" is not an https address")]
    NotHttps { url: String },
    #[error("the metadata was valid until {}", day(*valid_until))]
    Expired { valid_until: OffsetDateTime },
    #[error("{what} is given more than once")]
    Repeated { what: &'static str },
    #[error("validUntil cannot be \"{value}\"")]
    InvalidValidUntil { value: String },
}

impl MetadataFault {
    /// A stable name for logs, tests and translations.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Xml(fault) => fault.code(),
            Self::NotMetadata { .. } => "not_metadata",
            Self::NoIdentityProvider => "no_identity_provider",
            Self::SeveralIdentityProviders { .. } => "several_identity_providers",
            Self::OtherIdentityProvider { .. } => "other_identity_provider",
            Self::NoEntityId => "no_entity_id",
            Self::NotOfOneTenant { .. } => "not_of_one_tenant",
            Self::NoCertificate => "no_certificate",
            Self::Certificate(fault) => fault.code(),
            Self::NoSignOnUrl => "no_sign_on_url",
            Self::NotHttps { .. } => "not_https",
            Self::Expired { .. } => "metadata_expired",
            Self::Repeated { .. } => "repeated",
            Self::InvalidValidUntil { .. } => "invalid_valid_until",
        }
    }
}

/// Why a certificate cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    #[error("it is a private key; paste the certificate instead")]
    PrivateKey,
    #[error("it is neither PEM nor base64")]
    NotBase64,
    #[error("it is not an X.509 certificate")]
    NotX509,
    #[error("its key is not RSA with 2048 bits and more, or of the curves P-256, P-384 and P-521")]
    WeakKey,
}

impl CertificateFault {
    /// A stable name for logs, tests and translations.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PrivateKey => "private_key",
            Self::NotBase64 => "certificate_not_base64",
            Self::NotX509 => "not_x509",
            Self::WeakKey => "weak_key",
        }
    }
}

/// Why a key of our own cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("not an RSA key of 2048 bits and more in PKCS#8 PEM")]
    Unreadable,
    #[error("the key would not sign")]
    Unusable,
}

/// What others wrote, as far as a person should see it: on one line and not too long.
pub(crate) fn quoted(text: &str) -> String {
    one_line(text, 300)
}

/// The same with as many characters as it takes.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(longest).collect();
    if text.trim().chars().count() > longest { format!("{line}…") } else { line }
}

fn day(instant: OffsetDateTime) -> String {
    instant.date().to_string()
}

fn detail(part: Option<&String>) -> String {
    part.map(|part| format!(", {part}")).unwrap_or_default()
}

pub(crate) fn list(items: &[String]) -> String {
    if items.is_empty() {
        return "nobody".to_owned();
    }
    items.iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ")
}
