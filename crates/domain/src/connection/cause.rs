//! Why a sign-in was refused: one cause a reason, whose job it is, and the sentence that says it in numbers.

use sso::oidc::OidcFault;
use sso::{DiscoveryFault, SamlFault};

use crate::catalogue::Job;
use crate::fetch::FetchError;

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $job:ident;)+) => {
        /// Why somebody could not sign in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum SignInCause { $($(#[$doc])* $variant),+ }

        impl SignInCause {
            /// All that there are, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in the log, in exports and in links. It never changes.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The cause of that code; none when there is no such code.
            pub fn named(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// Whose job it is.
            pub const fn whose(self) -> Job {
                match self { $(Self::$variant => Job::$job),+ }
            }
        }
    };
}

causes!(
    Unsigned = "unsigned", IdpAdmins;
    UnknownCertificate = "unknown_certificate", Yours;
    CertificateExpired = "certificate_expired", IdpAdmins;
    WeakAlgorithm = "weak_algorithm", IdpAdmins;
    /// Changed on the way, signed with another key, or put together from pieces.
    SignatureWrong = "signature_wrong", IdpAdmins;
    Undecryptable = "undecryptable", IdpAdmins;
    WrongIssuer = "wrong_issuer", Yours;
    WrongAudience = "wrong_audience", IdpAdmins;
    /// Destination or recipient.
    WrongAddress = "wrong_address", IdpAdmins;
    /// Of Entra, another tenant's person.
    WrongTenant = "wrong_tenant", IdpAdmins;
    /// The identity provider began, and may not.
    Unsolicited = "unsolicited", Yours;
    /// No request of ours, or one that was answered or has run out.
    RequestUnknown = "request_unknown", IdpAdmins;
    Replayed = "replayed", IdpAdmins;
    /// Begun in one browser and ended in another.
    OtherBrowser = "other_browser", IdpAdmins;
    Clock = "clock", IdpAdmins;
    Expired = "expired", IdpAdmins;
    /// The identity provider says no.
    ProviderRefused = "provider_refused", IdpAdmins;
    Unreadable = "unreadable", IdpAdmins;
    TooLarge = "too_large", IdpAdmins;
    ReturnAddress = "return_address", Yours;

    ProviderDown = "provider_down", IdpAdmins;
    ProviderSlow = "provider_slow", IdpAdmins;
    /// Our server does not ask that address.
    ProviderForbidden = "provider_forbidden", Ours;
    /// What the identity provider publishes cannot be used.
    ProviderUnusable = "provider_unusable", IdpAdmins;
    /// The client's secret, or the code.
    ClientRefused = "client_refused", Yours;

    ClaimMissing = "claim_missing", IdpAdmins;
    PersonUnknown = "person_unknown", IdpAdmins;
    PersonAmbiguous = "person_ambiguous", IdpAdmins;
    PersonInactive = "person_inactive", IdpAdmins;
    DomainOutside = "domain_outside", Yours;
    /// The person's domain is led to another connection.
    OtherConnection = "other_connection", Yours;
    AdminUnknown = "admin_unknown", Yours;
    ConnectionOff = "connection_off", Yours;
    ConnectionIncomplete = "connection_incomplete", Yours;
    KeyMissing = "key_missing", Ours;
    Suspended = "suspended", Ours;
);

/// A refusal: the cause, and what exactly was found. Neither has a secret or more of a person than a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub cause: SignInCause,
    /// A sentence's middle, as the faults of `sso` say it; may be empty.
    pub detail: String,
}

impl Refused {
    pub fn new(cause: SignInCause, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into() }
    }

    /// The same, which happened because of something else.
    #[must_use]
    pub fn after(self, first: &impl std::fmt::Display) -> Self {
        Self { detail: format!("{first}; {}", self.detail), ..self }
    }
}

impl From<SignInCause> for Refused {
    fn from(cause: SignInCause) -> Self {
        Self::new(cause, "")
    }
}

impl From<SamlFault> for Refused {
    fn from(fault: SamlFault) -> Self {
        use SignInCause as Cause;
        let cause = match &fault {
            SamlFault::Xml(sso::XmlFault::TooLarge { .. }) => Cause::TooLarge,
            SamlFault::Unsigned => Cause::Unsigned,
            SamlFault::UnknownCertificate { .. } | SamlFault::NoCertificate => Cause::UnknownCertificate,
            SamlFault::CertificateExpired { .. } | SamlFault::CertificateNotYetValid { .. } => {
                Cause::CertificateExpired
            }
            SamlFault::WeakAlgorithm { .. } => Cause::WeakAlgorithm,
            SamlFault::BadSignature
            | SamlFault::MisplacedSignature
            | SamlFault::SignatureForm { .. }
            | SamlFault::SeveralAssertions { .. }
            | SamlFault::MisplacedAssertion
            | SamlFault::ProcessingInstruction
            | SamlFault::CommentInAssertion => Cause::SignatureWrong,
            SamlFault::NoDecryptionKey | SamlFault::Undecryptable => Cause::Undecryptable,
            SamlFault::WrongIssuer { .. } => Cause::WrongIssuer,
            SamlFault::WrongAudience { .. } => Cause::WrongAudience,
            SamlFault::WrongDestination { .. } | SamlFault::WrongRecipient { .. } => Cause::WrongAddress,
            SamlFault::WrongRequest { .. } => Cause::RequestUnknown,
            SamlFault::Unsolicited => Cause::Unsolicited,
            SamlFault::NotYetValid { .. } => Cause::Clock,
            SamlFault::Expired { .. } | SamlFault::SessionEnded { .. } => Cause::Expired,
            SamlFault::Refused { .. } => Cause::ProviderRefused,
            SamlFault::Xml(_)
            | SamlFault::WrongMessage { .. }
            | SamlFault::Missing { .. }
            | SamlFault::Repeated { .. }
            | SamlFault::Invalid { .. }
            | SamlFault::NoAssertion
            | SamlFault::NoBearer
            | SamlFault::UnknownCondition { .. } => Cause::Unreadable,
        };
        Self::new(cause, fault.to_string())
    }
}

impl From<OidcFault> for Refused {
    fn from(fault: OidcFault) -> Self {
        use SignInCause as Cause;
        let cause = match &fault {
            OidcFault::TooLarge { .. } | OidcFault::Json(sso::JsonFault::TooLarge { .. }) => Cause::TooLarge,
            OidcFault::Refused(answer) if matches!(answer.error.as_str(), "invalid_client" | "unauthorized_client") => {
                Cause::ClientRefused
            }
            OidcFault::Refused(_) => Cause::ProviderRefused,
            OidcFault::UnknownState => Cause::RequestUnknown,
            OidcFault::AlgorithmRefused { .. } => Cause::WeakAlgorithm,
            OidcFault::BadSignature
            | OidcFault::UnknownKey { .. }
            | OidcFault::NoKeyId { .. }
            | OidcFault::AmbiguousKey { .. }
            | OidcFault::UnusableKey { .. }
            | OidcFault::KeyOfOtherAlgorithm { .. }
            | OidcFault::WrongNonce
            | OidcFault::WrongAccessToken => Cause::SignatureWrong,
            OidcFault::WrongIssuer { .. } => Cause::WrongIssuer,
            OidcFault::WrongAudience { .. }
            | OidcFault::ForeignAudience { .. }
            | OidcFault::WrongAuthorizedParty { .. } => Cause::WrongAudience,
            OidcFault::Expired { .. } => Cause::Expired,
            OidcFault::NotYetValid { .. } => Cause::Clock,
            OidcFault::WrongTenant { .. } => Cause::WrongTenant,
            OidcFault::NoTokens { .. } => Cause::ProviderDown,
            // Entra leaves it out where `profile` was not granted.
            OidcFault::Missing { what: "oid" } => Cause::ClaimMissing,
            OidcFault::Json(_)
            | OidcFault::Missing { .. }
            | OidcFault::Repeated { .. }
            | OidcFault::Invalid { .. }
            | OidcFault::Encrypted
            | OidcFault::NotAToken
            | OidcFault::WrongType { .. }
            | OidcFault::CriticalHeader { .. } => Cause::Unreadable,
        };
        Self::new(cause, fault.to_string())
    }
}

impl From<FetchError> for Refused {
    fn from(error: FetchError) -> Self {
        let cause = match &error {
            FetchError::TooSlow(_) => SignInCause::ProviderSlow,
            FetchError::Forbidden(_) | FetchError::NotAnAddress => SignInCause::ProviderForbidden,
            FetchError::TooLarge(_) => SignInCause::TooLarge,
            FetchError::Redirected | FetchError::Unreachable(_) => SignInCause::ProviderDown,
        };
        Self::new(cause, error.to_string())
    }
}

impl From<DiscoveryFault> for Refused {
    fn from(fault: DiscoveryFault) -> Self {
        Self::new(SignInCause::ProviderUnusable, fault.to_string())
    }
}

#[cfg(test)]
mod tests;
