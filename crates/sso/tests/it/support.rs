//! The parties of the fixtures, and a short way to verify one.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use sso::saml::response::{Expected, VerifiedAssertion, verify};
use sso::saml::signature::StrictProfile;
use sso::{Certificate, SamlFault, ServiceProviderKey};
use time::OffsetDateTime;
use time::macros::datetime;

pub const NOW: OffsetDateTime = datetime!(2030-01-01 12:00 UTC);
pub const IDP: &str = "https://sts.windows.net/5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90/";
pub const SP: &str = "https://app.example/t/acme/sso/saml";
pub const ACS: &str = "https://app.example/t/acme/sso/saml/acs";
pub const SLO: &str = "https://app.example/t/acme/sso/saml/logout";
pub const REQUEST: &str = "_8c1f0b7a9d3e4f52a6b7c8d9e0f1a2b3";
pub const OBJECT_ID: &str = "0b5d9c3a-1e2f-4a6b-8c7d-9e0f1a2b3c4d";

pub fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

pub fn certificate(name: &str) -> Certificate {
    Certificate::read(&fixture(&format!("keys/{name}.crt"))).unwrap()
}

pub fn key(name: &str) -> ServiceProviderKey {
    ServiceProviderKey::from_pkcs8_pem(&fixture(&format!("keys/{name}.key"))).unwrap()
}

static CERTIFICATES: LazyLock<Vec<Certificate>> = LazyLock::new(|| vec![certificate("idp")]);
static KEYS: LazyLock<Vec<ServiceProviderKey>> = LazyLock::new(|| vec![key("sp")]);

/// The connection that the fixtures are for, with an open request.
pub fn expected() -> Expected<'static> {
    Expected {
        idp_entity_id: IDP,
        sp_entity_id: SP,
        acs_url: ACS,
        request_id: Some(REQUEST),
        unsolicited_allowed: false,
        certificates: &CERTIFICATES,
        keys: &KEYS,
        now: NOW,
    }
}

pub fn check(xml: &str) -> Result<VerifiedAssertion, SamlFault> {
    check_as(xml, &expected())
}

pub fn check_as(xml: &str, expected: &Expected<'_>) -> Result<VerifiedAssertion, SamlFault> {
    verify(xml, expected, &StrictProfile)
}

/// Checks a fixture as it is.
pub fn check_fixture(name: &str) -> Result<VerifiedAssertion, SamlFault> {
    check(&fixture(name))
}

/// The element from its opening tag to its end, where there is only one of that name.
pub fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let start = xml.find(&format!("<{name} ")).or_else(|| xml.find(&format!("<{name}>"))).unwrap();
    let end = format!("</{name}>");
    &xml[start..xml.rfind(&end).unwrap() + end.len()]
}

/// The text with a change that has to be one.
pub fn changed(text: &str, from: &str, to: &str) -> String {
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text, "{from} is not there");
    changed
}

/// The same connection with other certificates.
pub fn with_certificates(certificates: &[Certificate]) -> Expected<'_> {
    Expected { certificates, ..expected() }
}
