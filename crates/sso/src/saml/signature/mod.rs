//! Finding out what an identity provider signed.

mod bergshamra;
mod decrypt;
mod form;
mod shape;

pub use self::bergshamra::StrictProfile;
use crate::{Certificate, Fingerprint, SamlFault, ServiceProviderKey};

/// What of a response bore a signature. Each is verified, and each covers the assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    Assertion,
    Response,
    Both,
}

/// The assertion that an identity provider signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAssertion {
    /// The canonical XML of the assertion without its signature: exactly what was signed, and all that may be read.
    pub xml: String,
    pub signed: Signed,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// The certificate whose key made the signature (the assertion's, where both are signed).
    pub certificate: Fingerprint,
}

/// Turns a response, which anybody may have written, into the assertion that the identity provider signed.
///
/// It is a trait so that an operator whose rules demand a certain library can put it here.
pub trait XmlSignatureVerifier {
    /// Takes the XML of a response, all certificates the identity provider is known by (several during a rollover) and
    /// our keys for encrypted assertions, newest first.
    ///
    /// # Errors
    ///
    /// Everything but a response with exactly one assertion, signed by one of the certificates.
    fn signed_assertion(
        &self,
        response: &str,
        certificates: &[Certificate],
        keys: &[ServiceProviderKey],
    ) -> Result<SignedAssertion, SamlFault>;
}
