//! Reading the assertion, from nothing but the bytes that were signed (core §2.3.3).

use time::OffsetDateTime;

use super::envelope::issued_by;
use super::{Attributes, Expected, VerifiedAssertion, conditions};
use crate::SKEW;
use crate::SamlFault;
use crate::saml::instant::{self, not_before};
use crate::saml::protocol::version;
use crate::saml::signature::SignedAssertion;
use crate::saml::xml::Element;
use crate::saml::{NameId, name_id, urn};

/// Reads and checks `assertion`, the root of what was signed.
pub(super) fn read(
    assertion: Element<'_>,
    expected: &Expected<'_>,
    signed: &SignedAssertion,
) -> Result<VerifiedAssertion, SamlFault> {
    if !assertion.is(urn::ASSERTION, "Assertion") {
        return Err(SamlFault::NoAssertion);
    }
    version(assertion)?;
    let issuer = name_id::issuer(assertion.required(urn::ASSERTION, "Issuer")?)?;
    issued_by(&issuer, expected)?;
    let issue_instant = instant::read("IssueInstant", assertion.required_attribute("IssueInstant")?)?;
    not_before(issue_instant, expected.now)?;
    let end = conditions::conditions(assertion, expected)?;
    let subject = assertion.required(urn::ASSERTION, "Subject")?;
    let confirmation = conditions::confirmation(subject, expected)?;
    let session = Session::read(assertion, expected.now)?;
    Ok(VerifiedAssertion {
        id: assertion.required_attribute("ID")?.to_owned(),
        issuer,
        name_id: NameId::read(subject.required(urn::ASSERTION, "NameID")?)?,
        attributes: Attributes::read(assertion)?,
        session_index: session.index,
        authn_instant: session.authn_instant,
        session_not_on_or_after: session.not_on_or_after,
        valid_until: end.map_or(confirmation.until, |end| end.min(confirmation.until)).saturating_add(SKEW),
        solicited: confirmation.solicited,
        signed: signed.signed,
        encrypted: signed.encrypted,
        clock_skew: issue_instant - expected.now,
        certificate: signed.certificate,
    })
}

/// `AuthnStatement` (core §2.7.2). A sign-in has to have one (profiles §4.1.4.2); of several the first counts.
struct Session {
    index: Option<String>,
    authn_instant: OffsetDateTime,
    not_on_or_after: Option<OffsetDateTime>,
}

impl Session {
    fn read(assertion: Element<'_>, now: OffsetDateTime) -> Result<Self, SamlFault> {
        let statement = assertion
            .all(urn::ASSERTION, "AuthnStatement")
            .next()
            .ok_or(SamlFault::Missing { what: "AuthnStatement" })?;
        let authn_instant = instant::read("AuthnInstant", statement.required_attribute("AuthnInstant")?)?;
        not_before(authn_instant, now)?;
        let not_on_or_after = statement
            .attribute("SessionNotOnOrAfter")
            .map(|text| instant::read("SessionNotOnOrAfter", text))
            .transpose()?;
        if let Some(end) = not_on_or_after.filter(|end| now - SKEW >= *end) {
            return Err(SamlFault::SessionEnded { ago: now - end });
        }
        Ok(Self { index: statement.attribute("SessionIndex").map(ToOwned::to_owned), authn_instant, not_on_or_after })
    }
}
