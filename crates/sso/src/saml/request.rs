//! Asking an identity provider to sign somebody in: `samlp:AuthnRequest` by HTTP-Redirect (core §3.4, profiles §4.1.4.1).

use time::OffsetDateTime;
use uppsala::XmlWriter;

use super::NameIdFormat;
use super::redirect::{self, Direction};
use super::{instant, urn};
use crate::{KeyFault, ServiceProviderKey};

/// The id of a message of ours, from bytes that nobody can guess.
///
/// An `xs:ID` must not begin with a digit; Entra says so too.
pub fn message_id(random: [u8; 16]) -> String {
    format!("_{}", random.iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}")))
}

/// A request for a sign-in.
///
/// It asks for no authentication context and names no subject: Entra compares contexts exactly and refuses subjects.
#[derive(Clone, Copy, Debug)]
pub struct AuthnRequest<'a> {
    /// From [`message_id`]; the caller remembers it until the response.
    pub id: &'a str,
    pub issued: OffsetDateTime,
    /// The identity provider's address for sign-ins by redirect.
    pub destination: &'a str,
    pub sp_entity_id: &'a str,
    pub acs_url: &'a str,
    /// None leaves the choice to the identity provider.
    pub name_id_format: Option<NameIdFormat>,
    /// Whether the person has to prove who they are even with a session at the identity provider.
    pub force_authn: bool,
    /// Whether the identity provider must not show anything.
    pub is_passive: bool,
}

impl AuthnRequest<'_> {
    /// The address to send the browser to. `relay_state` comes back unchanged with the response and has at most 80 bytes
    /// (bindings §3.4.3). A key signs the request.
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn address(&self, relay_state: Option<&str>, key: Option<&ServiceProviderKey>) -> Result<String, KeyFault> {
        redirect::address(self.destination, Direction::Request, &self.xml(), relay_state, key)
    }

    fn xml(&self) -> String {
        let issued = instant::write(self.issued);
        let mut attributes = vec![
            ("xmlns:samlp", urn::PROTOCOL),
            ("xmlns:saml", urn::ASSERTION),
            ("ID", self.id),
            ("Version", "2.0"),
            ("IssueInstant", &issued),
            ("Destination", self.destination),
            ("AssertionConsumerServiceURL", self.acs_url),
            ("ProtocolBinding", urn::BINDING_POST),
        ];
        if self.force_authn {
            attributes.push(("ForceAuthn", "true"));
        }
        if self.is_passive {
            attributes.push(("IsPassive", "true"));
        }
        let mut xml = XmlWriter::new();
        xml.start_element("samlp:AuthnRequest", &attributes);
        xml.start_element("saml:Issuer", &[]);
        xml.text(self.sp_entity_id);
        xml.end_element("saml:Issuer");
        if let Some(format) = self.name_id_format {
            xml.empty_element("samlp:NameIDPolicy", &[("Format", format.as_str()), ("AllowCreate", "true")]);
        }
        xml.end_element("samlp:AuthnRequest");
        xml.into_string()
    }
}
