//! What stands around the assertion. It may be unsigned, so it is only ever a reason to refuse.

use super::{Expected, MAX_BYTES};
use crate::SamlFault;
use crate::fault::quoted;
use crate::saml::protocol::{Status, version};
use crate::saml::xml::{self, Element};
use crate::saml::{name_id, urn};

/// The attributes of a response, as whoever sent it wrote them (core §3.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub id: String,
    pub issuer: Option<String>,
    pub destination: Option<String>,
    /// The request it claims to answer: by this the caller finds the open request, and [`verify`](super::verify) then
    /// holds the signed part to it.
    pub in_response_to: Option<String>,
    status: Status,
}

impl Envelope {
    /// Reads the outside of a response.
    ///
    /// # Errors
    ///
    /// Other XML than a SAML 2.0 response.
    pub fn read(response: &str) -> Result<Self, SamlFault> {
        let document = xml::parse(response, MAX_BYTES)?;
        let root = Element::root(&document)?;
        if !root.is(urn::PROTOCOL, "Response") {
            return Err(SamlFault::WrongMessage { found: quoted(root.local_name()), expected: "Response" });
        }
        version(root)?;
        let attribute = |name| root.attribute(name).map(ToOwned::to_owned);
        Ok(Self {
            id: root.required_attribute("ID")?.to_owned(),
            issuer: root.child(urn::ASSERTION, "Issuer")?.map(name_id::issuer).transpose()?,
            destination: attribute("Destination"),
            in_response_to: attribute("InResponseTo"),
            status: Status::read(root)?,
        })
    }

    /// Refuses what the outside alone shows to be wrong. It comes before the signature because it explains more.
    pub(super) fn check(&self, expected: &Expected<'_>) -> Result<(), SamlFault> {
        if let Some(issuer) = &self.issuer {
            issued_by(issuer, expected)?;
        }
        if let Some(destination) = self.destination.as_deref().filter(|url| *url != expected.acs_url) {
            return Err(SamlFault::WrongDestination {
                found: quoted(destination),
                expected: expected.acs_url.to_owned(),
            });
        }
        answers(self.in_response_to.as_deref(), expected)?;
        self.status.check()
    }
}

pub(super) fn issued_by(issuer: &str, expected: &Expected<'_>) -> Result<(), SamlFault> {
    match issuer == expected.idp_entity_id {
        true => Ok(()),
        false => Err(SamlFault::WrongIssuer { found: quoted(issuer), expected: expected.idp_entity_id.to_owned() }),
    }
}

/// Holds `InResponseTo` to the open request (profiles §4.1.4.3). Without one it has to be absent, and allowed to be.
pub(super) fn answers(in_response_to: Option<&str>, expected: &Expected<'_>) -> Result<(), SamlFault> {
    match in_response_to {
        None if expected.unsolicited_allowed => Ok(()),
        None => Err(SamlFault::Unsolicited),
        Some(id) if Some(id) == expected.request_id => Ok(()),
        Some(id) => {
            Err(SamlFault::WrongRequest { found: quoted(id), expected: expected.request_id.map(ToOwned::to_owned) })
        }
    }
}
