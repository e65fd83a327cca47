//! Writing who we are, for an identity provider to read (§2.4.4).

use uppsala::XmlWriter;

use crate::Certificate;
use crate::saml::urn;

/// A service provider for one tenant's connection.
#[derive(Clone, Copy, Debug)]
pub struct ServiceProvider<'a> {
    pub entity_id: &'a str,
    /// Where responses are posted to.
    pub acs_url: &'a str,
    /// Where logout messages come to by redirect.
    pub slo_url: Option<&'a str>,
    /// Certificates of our keys, for signatures and encryption; several while one replaces another.
    pub certificates: &'a [Certificate],
    /// Whether our requests are signed.
    pub authn_requests_signed: bool,
}

impl ServiceProvider<'_> {
    /// The metadata document.
    pub fn xml(&self) -> String {
        let mut xml = XmlWriter::new();
        xml.write_declaration();
        xml.start_element(
            "md:EntityDescriptor",
            &[("xmlns:md", urn::METADATA), ("xmlns:ds", urn::DSIG), ("entityID", self.entity_id)],
        );
        xml.start_element(
            "md:SPSSODescriptor",
            &[
                ("AuthnRequestsSigned", if self.authn_requests_signed { "true" } else { "false" }),
                ("WantAssertionsSigned", "true"),
                ("protocolSupportEnumeration", urn::PROTOCOL),
            ],
        );
        for certificate in self.certificates {
            key(&mut xml, "signing", certificate);
            key(&mut xml, "encryption", certificate);
        }
        if let Some(url) = self.slo_url {
            xml.empty_element("md:SingleLogoutService", &[("Binding", urn::BINDING_REDIRECT), ("Location", url)]);
        }
        xml.empty_element(
            "md:AssertionConsumerService",
            &[("Binding", urn::BINDING_POST), ("Location", self.acs_url), ("index", "0"), ("isDefault", "true")],
        );
        xml.end_element("md:SPSSODescriptor");
        xml.end_element("md:EntityDescriptor");
        xml.into_string()
    }
}

fn key(xml: &mut XmlWriter, usage: &str, certificate: &Certificate) {
    const AROUND: [&str; 3] = ["ds:KeyInfo", "ds:X509Data", "ds:X509Certificate"];
    xml.start_element("md:KeyDescriptor", &[("use", usage)]);
    for name in AROUND {
        xml.start_element(name, &[]);
    }
    xml.text(&certificate.base64());
    for name in AROUND.iter().rev() {
        xml.end_element(name);
    }
    xml.end_element("md:KeyDescriptor");
}
