//! Metadata of identity providers, read; and ours, written.

use sso::MetadataFault;
use sso::saml::metadata::{IdentityProvider, ServiceProvider, Wanted};
use time::macros::datetime;

use super::support::{ACS, IDP, NOW, SLO, SP, certificate, changed, fixture};

const WANTED: Wanted<'_> = Wanted { entity_id: None, loopback_http_allowed: false, now: NOW };

fn read(text: &str) -> Result<IdentityProvider, MetadataFault> {
    IdentityProvider::read(text, &WANTED)
}

fn code(text: &str) -> &'static str {
    read(text).unwrap_err().code()
}

/// In the shape of Entra's: a signature, descriptors of WS-Federation, two certificates for signing.
fn entra() -> String {
    let key = |name: &str| {
        format!(
            "<KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data>\
             <X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
            certificate(name).base64()
        )
    };
    let endpoint = |service: &str, binding: &str| {
        format!(
            "<{service} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" \
             Location=\"https://login.microsoftonline.com/5f8a2c3e/saml2\"/>"
        )
    };
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><!-- comment --><EntityDescriptor ID=\"_1\" entityID=\"{IDP}\" \
         xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>\
         <RoleDescriptor xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"fed:SecurityTokenServiceType\" \
         xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\" protocolSupportEnumeration=\
         \"http://docs.oasis-open.org/wsfed/federation/200706\">{}</RoleDescriptor>\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{}{}{}{}{}</IDPSSODescriptor>\
         </EntityDescriptor>",
        key("attacker"),
        key("idp"),
        key("idp-next"),
        endpoint("SingleLogoutService", "HTTP-Redirect"),
        endpoint("SingleSignOnService", "HTTP-Redirect"),
        endpoint("SingleSignOnService", "HTTP-POST"),
    )
}

#[test]
fn entras_metadata_gives_addresses_and_all_certificates_of_saml() {
    let provider = read(&entra()).unwrap();
    let address = Some("https://login.microsoftonline.com/5f8a2c3e/saml2");
    assert_eq!(provider.entity_id, IDP);
    assert_eq!(provider.sso_redirect_url.as_deref(), address);
    assert_eq!(provider.sso_post_url.as_deref(), address);
    assert_eq!(provider.slo_url.as_deref(), address);
    assert_eq!(provider.slo_response_url, None);
    assert_eq!(provider.certificates, [certificate("idp"), certificate("idp-next")]);
    assert!(!provider.want_authn_requests_signed);
    assert_eq!(provider.valid_until, None);
}

#[test]
fn pysaml2s_metadata_is_read() {
    let provider = read(&fixture("pysaml2/metadata.xml")).unwrap();
    assert_eq!(provider.entity_id, IDP);
    assert_eq!(provider.sso_redirect_url.as_deref(), Some("https://idp.example/sso"));
    assert_eq!(provider.slo_url.as_deref(), Some("https://idp.example/slo"));
    assert_eq!(provider.certificates, [certificate("idp")]);
}

#[test]
fn a_key_without_a_use_is_for_signing_and_one_for_encryption_is_not() {
    let first = entra().replacen("<KeyDescriptor use=\"signing\"><KeyInfo xmlns", "<KeyDescriptor><KeyInfo xmlns", 2);
    assert_eq!(read(&first).unwrap().certificates.len(), 2);
    let encryption = entra().replace("use=\"signing\"", "use=\"encryption\"");
    assert_eq!(code(&encryption), "no_certificate");
    let same = entra().replace(&certificate("idp-next").base64(), &certificate("idp").base64());
    assert_eq!(read(&same).unwrap().certificates, [certificate("idp")]);
}

#[test]
fn what_cannot_be_used_is_refused_with_the_reason() {
    let https = "Location=\"https://login.microsoftonline.com/5f8a2c3e/saml2\"";
    let at = |url: &str| entra().replace(https, &format!("Location=\"{url}\""));
    for (what, xml, expected) in [
        ("no certificate", entra().replace("X509Certificate", "X509Other"), "no_certificate"),
        ("broken certificate", entra().replace(&certificate("idp").base64(), "AAAA"), "not_x509"),
        ("weak certificate", entra().replace(&certificate("idp").base64(), &bare("short")), "weak_key"),
        ("http", at("http://login.example/saml2"), "not_https"),
        ("no host", at("https://"), "not_https"),
        ("script", at("javascript:alert(1)"), "not_https"),
        ("relative", at("/saml2"), "not_https"),
        ("loopback", at("http://127.0.0.1:8080/saml2"), "not_https"),
        ("no address", entra().replace("SingleSignOnService", "SingleSignOffService"), "no_sign_on_url"),
        ("common", entra().replace(IDP, "https://sts.windows.net/{tenantid}/"), "not_of_one_tenant"),
        ("no entity id", entra().replace("entityID=", "name="), "no_entity_id"),
        ("empty entity id", entra().replace(&format!("entityID=\"{IDP}\""), "entityID=\"\""), "no_entity_id"),
        ("no identity provider", entra().replace("IDPSSODescriptor", "SPSSODescriptor"), "no_identity_provider"),
        ("SAML 1.1 alone", entra().replace("SAML:2.0:protocol", "SAML:1.1:protocol"), "no_identity_provider"),
        ("another document", "<html/>".to_owned(), "not_metadata"),
        ("no document", "not found".to_owned(), "malformed_xml"),
        ("document type", entra().replacen("<EntityDescriptor", "<!DOCTYPE x><EntityDescriptor", 1), "document_type"),
        ("too long", format!("{}{}", entra(), " ".repeat(5 * 1024 * 1024)), "too_large"),
        ("over", changed(&entra(), "ID=\"_1\"", "validUntil=\"2030-01-01T12:00:00Z\""), "metadata_expired"),
        ("no time", changed(&entra(), "ID=\"_1\"", "validUntil=\"tomorrow\""), "invalid_valid_until"),
    ] {
        assert_eq!(code(&xml), expected, "{what}");
    }
}

fn bare(name: &str) -> String {
    fixture(&format!("keys/{name}.crt")).lines().filter(|line| !line.starts_with('-')).collect()
}

#[test]
fn this_machine_may_be_without_tls_where_that_is_allowed() {
    let allowed = Wanted { loopback_http_allowed: true, ..WANTED };
    let at = |url: &str| entra().replace("https://login.microsoftonline.com/5f8a2c3e/saml2", url);
    for url in ["http://localhost:7000/saml", "http://127.0.0.1/", "http://[::1]:80/"] {
        assert_eq!(IdentityProvider::read(&at(url), &allowed).unwrap().slo_url.as_deref(), Some(url));
    }
    for url in
        ["http://localhost.evil.example/", "http://10.0.0.1/", "http://127.0.0.1.evil.example/", "ftp://localhost/"]
    {
        assert_eq!(IdentityProvider::read(&at(url), &allowed).unwrap_err().code(), "not_https", "{url}");
    }
}

#[test]
fn one_is_chosen_of_several() {
    let body = |xml: String| xml[xml.find("<EntityDescriptor").unwrap()..].to_owned();
    let other = "https://idp.other.example";
    let service = body(entra().replace(IDP, SP)).replace("IDPSSODescriptor", "SPSSODescriptor");
    let federation = |entities: &[String]| {
        format!(
            "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2030-02-01T00:00:00Z\">\
             <EntitiesDescriptor>{}</EntitiesDescriptor></EntitiesDescriptor>",
            entities.join("")
        )
    };
    let alone = federation(&[service.clone(), body(entra())]);
    assert_eq!(read(&alone).unwrap().entity_id, IDP);
    assert_eq!(read(&alone).unwrap().valid_until, Some(datetime!(2030-02-01 0:00 UTC)));

    let two = federation(&[service, body(entra()), body(entra().replace(IDP, other))]);
    let found = vec![IDP.to_owned(), other.to_owned()];
    assert_eq!(read(&two), Err(MetadataFault::SeveralIdentityProviders { found: found.clone() }));
    let choose = |id| IdentityProvider::read(&two, &Wanted { entity_id: Some(id), ..WANTED });
    assert_eq!(choose(other).unwrap().entity_id, other);
    assert_eq!(choose(SP), Err(MetadataFault::OtherIdentityProvider { wanted: SP.to_owned(), found }));
    let changed_hands = IdentityProvider::read(&entra(), &Wanted { entity_id: Some(other), ..WANTED });
    assert_eq!(changed_hands.unwrap_err().code(), "other_identity_provider");
}

#[test]
fn by_hand_the_same_rules_hold() {
    let by_hand = |id: &str, url: &str, certificates| IdentityProvider::by_hand(id, url, certificates, &WANTED);
    let (url, ours) = ("https://idp.example/sso", || vec![certificate("idp")]);
    let provider = by_hand(&format!(" {IDP}\n"), " https://idp.example/sso", ours()).unwrap();
    assert_eq!((provider.entity_id.as_str(), provider.sso_redirect_url.as_deref()), (IDP, Some(url)));
    for (fault, code) in [
        (by_hand(" ", url, ours()), "no_entity_id"),
        (by_hand("https://sts.windows.net/{tenantid}/", url, ours()), "not_of_one_tenant"),
        (by_hand(IDP, "http://idp.example/sso", ours()), "not_https"),
        (by_hand(IDP, "", ours()), "not_https"),
        (by_hand(IDP, url, Vec::new()), "no_certificate"),
    ] {
        assert_eq!(fault.unwrap_err().code(), code);
    }
}

#[test]
fn our_metadata_says_what_an_identity_provider_has_to_know() {
    let certificates = [certificate("sp")];
    let ours = ServiceProvider {
        entity_id: SP,
        acs_url: ACS,
        slo_url: Some(SLO),
        certificates: &certificates,
        authn_requests_signed: true,
    };
    insta::assert_snapshot!(ours.xml().replace('>', ">\n").replace(&certificates[0].base64(), "(certificate)"));
    let least = ServiceProvider { slo_url: None, certificates: &[], authn_requests_signed: false, ..ours };
    insta::assert_snapshot!(least.xml().replace('>', ">\n"));
    let odd = ServiceProvider { entity_id: "a\"&<b", ..least };
    assert!(odd.xml().contains("entityID=\"a&quot;&amp;&lt;b\""), "{}", odd.xml());
}
