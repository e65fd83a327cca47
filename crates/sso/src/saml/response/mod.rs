//! The answer of an identity provider to a sign-in: `samlp:Response` by HTTP-POST (profiles §4.1.4, bindings §3.5).
//!
//! [`decode`] takes the form field, [`Envelope`] says which request it claims to answer, and [`verify`] says who signed
//! in or what is wrong. Nothing that is not signed ever reaches a [`VerifiedAssertion`]; what stands outside the signature
//! is only compared, and can only refuse.

mod assertion;
mod attributes;
mod conditions;
mod envelope;

use time::{Duration, OffsetDateTime};

pub use self::attributes::{Attribute, Attributes};
pub use self::envelope::Envelope;
use super::signature::{Signed, XmlSignatureVerifier};
use super::{NameId, redirect, xml};
use crate::{Certificate, Fingerprint, SamlFault, ServiceProviderKey, XmlFault};

/// The longest message that is read. Responses with a hundred groups have a twentieth of it.
pub const MAX_BYTES: usize = 512 * 1024;

/// What a response is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The entity id of the connection's identity provider.
    pub idp_entity_id: &'a str,
    /// Our entity id, which the assertion has to be meant for.
    pub sp_entity_id: &'a str,
    /// The address the response was posted to.
    pub acs_url: &'a str,
    /// The id of the request that this browser was sent out with and that has not been answered.
    pub request_id: Option<&'a str>,
    /// Whether the identity provider may begin a sign-in, without a request.
    pub unsolicited_allowed: bool,
    /// All certificates the identity provider is known by.
    pub certificates: &'a [Certificate],
    /// Our keys for encrypted assertions.
    pub keys: &'a [ServiceProviderKey],
    pub now: OffsetDateTime,
}

/// Who signed in, as the identity provider signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// To be remembered until [`valid_until`](Self::valid_until), so that it is used once (profiles §4.1.4.5).
    pub id: String,
    pub issuer: String,
    pub name_id: NameId,
    pub attributes: Attributes,
    /// To log this session out again.
    pub session_index: Option<String>,
    /// When the person proved to the identity provider who they are.
    pub authn_instant: OffsetDateTime,
    /// When the identity provider wants the session to end.
    pub session_not_on_or_after: Option<OffsetDateTime>,
    /// After this moment, allowance for clocks included, the same assertion is refused as expired.
    pub valid_until: OffsetDateTime,
    /// Whether it answers a request of ours.
    pub solicited: bool,
    pub signed: Signed,
    pub encrypted: bool,
    /// How far the identity provider's clock is ahead of ours, as far as one message can tell; behind if negative.
    pub clock_skew: Duration,
    /// The certificate that verified the signature.
    pub certificate: Fingerprint,
}

/// The XML in the form field `SAMLResponse`.
///
/// # Errors
///
/// What is too long (before it is decoded), not base64 or not UTF-8.
pub fn decode(field: &str) -> Result<String, XmlFault> {
    redirect::decode_base64(field, MAX_BYTES).and_then(|bytes| String::from_utf8(bytes).map_err(|_| XmlFault::NotUtf8))
}

/// Checks everything about a response but whether its assertion was used before, which takes a memory.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn verify(
    response: &str,
    expected: &Expected<'_>,
    verifier: &dyn XmlSignatureVerifier,
) -> Result<VerifiedAssertion, SamlFault> {
    let envelope = Envelope::read(response)?;
    envelope.check(expected)?;
    let signed = verifier.signed_assertion(response, expected.certificates, expected.keys)?;
    if signed.signed != Signed::Assertion && envelope.destination.is_none() {
        // A signed message says where it is going, or it could be posted elsewhere (bindings §3.5.5.2).
        return Err(SamlFault::Missing { what: "Destination" });
    }
    certificate_is_valid(signed.certificate, expected)?;
    let document = xml::parse(&signed.xml, MAX_BYTES)?;
    assertion::read(xml::Element::root(&document)?, expected, &signed)
}

/// A certificate that was renewed for the same key is as good as the one that is named by the verifier.
fn certificate_is_valid(fingerprint: Fingerprint, expected: &Expected<'_>) -> Result<(), SamlFault> {
    let known = expected.certificates;
    let named = known.iter().find(|one| one.fingerprint() == fingerprint).ok_or(SamlFault::BadSignature)?;
    let valid = |one: &Certificate| one.is_for_the_key_of(named) && one.valid_at(expected.now).is_ok();
    match known.iter().any(valid) {
        true => Ok(()),
        false => named.valid_at(expected.now),
    }
}
