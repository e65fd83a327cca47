//! Who somebody is to the identity provider (core §2.2.3).

use uppsala::XmlWriter;

use super::urn;
use super::xml::Element;
use crate::SamlFault;

/// The formats that a request may ask for; Entra knows these four (core §8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameIdFormat {
    Unspecified,
    EmailAddress,
    Persistent,
    Transient,
}

impl NameIdFormat {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::Transient => "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
        }
    }
}

/// A name identifier as the identity provider wrote it. To log somebody out it is sent back unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameId {
    pub value: String,
    pub format: Option<String>,
    pub name_qualifier: Option<String>,
    pub sp_name_qualifier: Option<String>,
}

impl NameId {
    pub(crate) fn read(element: Element<'_>) -> Result<Self, SamlFault> {
        let attribute = |name| element.attribute(name).map(ToOwned::to_owned);
        Ok(Self {
            value: element.required_text("NameID")?,
            format: attribute("Format"),
            name_qualifier: attribute("NameQualifier"),
            sp_name_qualifier: attribute("SPNameQualifier"),
        })
    }

    pub(crate) fn write(&self, xml: &mut XmlWriter) {
        let attributes: Vec<(&str, &str)> = [
            ("Format", &self.format),
            ("NameQualifier", &self.name_qualifier),
            ("SPNameQualifier", &self.sp_name_qualifier),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.as_deref().map(|value| (name, value)))
        .collect();
        xml.start_element("saml:NameID", &attributes);
        xml.text(&self.value);
        xml.end_element("saml:NameID");
    }
}

/// The issuer of a message, which has to be a plain entity id (profiles §4.1.4.2).
pub(crate) fn issuer(element: Element<'_>) -> Result<String, SamlFault> {
    match element.attribute("Format") {
        None | Some(urn::FORMAT_ENTITY) => element.required_text("Issuer"),
        Some(format) => Err(SamlFault::invalid("the issuer's format", format)),
    }
}
