//! Assertions that are encrypted for us.

use sso::saml::response::Expected;
use sso::saml::signature::Signed;
use sso::{SamlFault, ServiceProviderKey};

use super::support::{
    OBJECT_ID, certificate, changed, check, check_as, check_fixture, element, expected, fixture, key,
};

fn with_keys(keys: &[ServiceProviderKey]) -> Expected<'_> {
    Expected { keys, ..expected() }
}

#[test]
fn encrypted_assertions_of_two_programs_are_read() {
    for (name, signed) in [
        ("pysaml2/encrypted", Signed::Assertion),
        ("pysaml2/encrypted-both", Signed::Both),
        ("pysaml2/encrypted-response", Signed::Response),
        ("samlp/encrypted", Signed::Assertion),
        ("samlp/encrypted-cbc", Signed::Assertion),
        ("samlp/encrypted-both", Signed::Both),
    ] {
        let verified = check_fixture(&format!("{name}.xml")).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(verified.encrypted);
        assert_eq!(verified.signed, signed, "{name}");
        assert_eq!(verified.name_id.value, OBJECT_ID, "{name}");
        assert_eq!(verified.certificate, certificate("idp").fingerprint());
        assert!(verified.attributes.iter().any(|attribute| attribute.values == ["Zoë & Søn"]), "{name}");
    }
}

#[test]
fn while_our_key_is_replaced_both_open() {
    let xml = fixture("samlp/encrypted.xml");
    check_as(&xml, &with_keys(&[key("sp-old"), key("sp")])).unwrap();
    assert_eq!(check_as(&xml, &with_keys(&[key("sp-old")])), Err(SamlFault::Undecryptable));
    assert_eq!(check_as(&xml, &with_keys(&[])), Err(SamlFault::NoDecryptionKey));
}

#[test]
fn the_cipher_has_to_be_a_good_one() {
    // Nobody signed around it, so no more is told.
    assert_eq!(check_fixture("pysaml2/encrypted-3des.xml"), Err(SamlFault::Undecryptable));
}

#[test]
fn an_encrypted_assertion_that_nobody_signed_is_refused() {
    assert_eq!(check_fixture("pysaml2/encrypted-unsigned.xml"), Err(SamlFault::Undecryptable));
}

#[test]
fn variations_of_a_ciphertext_all_look_the_same() {
    for name in ["samlp/encrypted", "samlp/encrypted-cbc", "pysaml2/encrypted"] {
        let xml = fixture(&format!("{name}.xml"));
        let value = xml.rfind("CipherValue>").map(|end| &xml[..end]).unwrap();
        let end = value.rfind("</").unwrap();
        let start = value[..end].rfind('>').unwrap() + 1;
        let mut seen = 0;
        for at in (start..end).step_by(((end - start) / 60).max(1)) {
            let old = xml[at..].chars().next().filter(char::is_ascii_alphanumeric);
            let Some(old) = old else { continue };
            let new = if old == 'A' { "B" } else { "A" };
            let varied = format!("{}{new}{}", &xml[..at], &xml[at + 1..]);
            assert_eq!(check(&varied), Err(SamlFault::Undecryptable), "{name} at {at}");
            seen += 1;
        }
        assert!(seen > 30, "{name}");
    }
}

#[test]
fn a_signed_response_is_verified_before_anything_is_decrypted() {
    for name in ["pysaml2/encrypted-both", "pysaml2/encrypted-response"] {
        let xml = fixture(&format!("{name}.xml"));
        let at = xml.rfind("CipherValue>").unwrap() - 40;
        let old = xml[at..].chars().next().unwrap();
        let varied = format!("{}{}{}", &xml[..at], if old == 'A' { 'B' } else { 'A' }, &xml[at + 1..]);
        assert_eq!(check(&varied), Err(SamlFault::BadSignature), "{name}");
    }
}

#[test]
fn the_ciphertext_of_one_response_is_worth_nothing_in_another() {
    // Moved into a response that an attacker writes: the signature within still names its own.
    let honest = fixture("samlp/encrypted.xml");
    let encrypted = element(&honest, "saml:EncryptedAssertion");
    let twice = changed(&honest, encrypted, &encrypted.repeat(2));
    assert_eq!(check(&twice), Err(SamlFault::SeveralAssertions { count: 2 }));
    let with_plain = fixture("signxml/assertion.xml");
    let assertion = element(&with_plain, "Assertion");
    let beside = changed(&with_plain, assertion, &format!("{encrypted}{assertion}"));
    assert_eq!(check(&beside), Err(SamlFault::SeveralAssertions { count: 2 }));
    let extended = changed(&honest, encrypted, &format!("<samlp:Extensions>{encrypted}</samlp:Extensions>"));
    assert_eq!(check(&extended), Err(SamlFault::MisplacedAssertion));
    // Taken out of a signed response whose assertion is not signed itself.
    let response_only = fixture("pysaml2/encrypted-response.xml");
    let unsigned = response_only.replace(element(&response_only, "ns2:Signature"), "");
    assert_eq!(check(&unsigned), Err(SamlFault::Undecryptable));
}

#[test]
fn what_points_elsewhere_is_not_followed() {
    let xml = fixture("samlp/encrypted.xml");
    let value = element(&xml, "e:CipherValue");
    let reference = changed(&xml, value, "<e:CipherReference URI=\"file:///etc/passwd\"/>");
    assert_eq!(check(&reference), Err(SamlFault::Undecryptable));
    let wrapped = xml.replace("rsa-oaep-mgf1p", "rsa-1_5");
    assert_ne!(wrapped, xml);
    assert_eq!(check(&wrapped), Err(SamlFault::Undecryptable));
}
