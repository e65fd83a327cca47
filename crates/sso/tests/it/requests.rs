//! Requests for a sign-in.

use sso::saml::NameIdFormat;
use sso::saml::request::{AuthnRequest, message_id};

use super::support::{ACS, NOW, REQUEST, SP, key};

const LEAST: AuthnRequest<'_> = AuthnRequest {
    id: REQUEST,
    issued: NOW,
    destination: "https://login.microsoftonline.com/5f8a2c3e/saml2",
    sp_entity_id: SP,
    acs_url: ACS,
    name_id_format: None,
    force_authn: false,
    is_passive: false,
};

/// The message in an address, by other means than the crate's own.
fn message(address: &str) -> String {
    let query = url::Url::parse(address).unwrap();
    let (_, value) = query.query_pairs().find(|(name, _)| name == "SAMLRequest").unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, value.as_bytes()).unwrap();
    String::from_utf8(miniz_oxide::inflate::decompress_to_vec(&bytes).unwrap()).unwrap()
}

fn names(address: &str) -> Vec<String> {
    url::Url::parse(address).unwrap().query_pairs().map(|(name, _)| name.into_owned()).collect()
}

#[test]
fn an_id_never_begins_with_a_digit() {
    assert_eq!(message_id([0; 16]), "_00000000000000000000000000000000");
    assert_eq!(message_id([0xAB; 16]), "_abababababababababababababababab");
}

#[test]
fn a_request_says_what_entra_understands() {
    insta::assert_snapshot!(message(&LEAST.address(None, None).unwrap()).replace('>', ">\n"));
    let most =
        AuthnRequest { name_id_format: Some(NameIdFormat::Persistent), force_authn: true, is_passive: true, ..LEAST };
    insta::assert_snapshot!(message(&most.address(None, None).unwrap()).replace('>', ">\n"));
}

#[test]
fn the_address_keeps_what_the_identity_providers_had() {
    let address = LEAST.address(None, None).unwrap();
    assert!(address.starts_with("https://login.microsoftonline.com/5f8a2c3e/saml2?SAMLRequest="));
    assert_eq!(names(&address), ["SAMLRequest"]);
    let with_query = AuthnRequest { destination: "https://idp.example/sso?tenant=1#here", ..LEAST };
    let address = with_query.address(Some("a b&c=d"), None).unwrap();
    assert_eq!(names(&address), ["tenant", "SAMLRequest", "RelayState"]);
    assert!(address.ends_with("&RelayState=a+b%26c%3Dd#here"), "{address}");
}

#[test]
fn a_signed_request_ends_with_algorithm_and_signature() {
    let address = LEAST.address(Some("state"), Some(&key("sp"))).unwrap();
    assert_eq!(names(&address), ["SAMLRequest", "RelayState", "SigAlg", "Signature"]);
    assert_eq!(address, LEAST.address(Some("state"), Some(&key("sp"))).unwrap(), "the same for the same arguments");
    // Verified by aws-lc-rs, over exactly the text before the signature.
    let (signed, signature) = address.split_once('?').unwrap().1.split_once("&Signature=").unwrap();
    let signature = percent_encoding::percent_decode_str(signature).decode_utf8().unwrap();
    let signature = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, signature.as_bytes()).unwrap();
    let certificate = super::support::certificate("sp");
    let parsed = <x509_cert::Certificate as x509_cert::der::Decode>::from_der(certificate.der()).unwrap();
    let public = parsed.tbs_certificate.subject_public_key_info.subject_public_key;
    let algorithm = &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(algorithm, public.raw_bytes());
    key.verify(signed.as_bytes(), &signature).unwrap();
}
