//! What honest identity providers send is accepted, with what they said.

use sso::saml::response::Envelope;
use sso::saml::signature::Signed;
use time::Duration;
use time::macros::datetime;

use super::support::{
    ACS, IDP, OBJECT_ID, REQUEST, SP, certificate, check, check_as, check_fixture, expected, fixture,
};

#[test]
fn signed_assertions_responses_and_both_of_three_programs_are_accepted() {
    for (program, name_id) in [("signxml", "zoe@acme.example"), ("pysaml2", OBJECT_ID), ("samlp", OBJECT_ID)] {
        for (name, signed) in [("assertion", Signed::Assertion), ("response", Signed::Response), ("both", Signed::Both)]
        {
            let verified = check_fixture(&format!("{program}/{name}.xml"))
                .unwrap_or_else(|fault| panic!("{program}/{name}: {fault}"));
            assert_eq!(verified.signed, signed, "{program}/{name}");
            assert_eq!(verified.name_id.value, name_id, "{program}/{name}");
            assert_eq!(verified.issuer, IDP);
            assert_eq!(verified.certificate, certificate("idp").fingerprint());
            assert!(verified.solicited);
            assert!(!verified.encrypted);
        }
    }
}

#[test]
fn prefixes_lists_of_prefixes_longer_digests_and_pss_are_accepted() {
    for name in ["samlp/prefixed", "crafted/prefix-list", "signxml/sha512", "signxml/pss", "crafted/honest"] {
        check_fixture(&format!("{name}.xml")).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
    check_fixture("crafted/honest-response.xml").unwrap();
    check_fixture("crafted/no-key-info.xml").unwrap();
}

#[test]
fn everything_said_is_there_and_in_order() {
    let verified = check_fixture("signxml/assertion.xml").unwrap();
    assert_eq!(verified.id, "_assertion-1");
    assert_eq!(verified.name_id.format.as_deref(), Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"));
    assert_eq!(verified.session_index.as_deref(), Some("_session-1"));
    assert_eq!(verified.authn_instant, datetime!(2030-01-01 11:30 UTC));
    assert_eq!(verified.session_not_on_or_after, None);
    assert_eq!(verified.valid_until, datetime!(2030-01-01 13:05:00.123 UTC));
    assert_eq!(verified.clock_skew, Duration::milliseconds(123));
    let said: Vec<(&str, Vec<&str>)> = verified
        .attributes
        .iter()
        .map(|attribute| {
            let name = attribute.name.rsplit('/').next().unwrap();
            (name, attribute.values.iter().map(String::as_str).collect())
        })
        .collect();
    assert_eq!(
        said,
        [
            ("tenantid", vec!["5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90"]),
            ("objectidentifier", vec![OBJECT_ID]),
            ("displayname", vec!["Zoë & Søn"]),
            ("groups", vec!["group-1", "group-2", "group-3"]),
            ("emailaddress", vec!["zoe@acme.example"]),
        ]
    );
    let claim = |name: &str| format!("http://schemas.microsoft.com/{name}");
    assert_eq!(verified.attributes.single(&claim("identity/claims/objectidentifier")), Some(OBJECT_ID));
    assert_eq!(verified.attributes.single(&claim("ws/2008/06/identity/claims/groups")), None, "there are three");
    assert_eq!(verified.attributes.single("nothing"), None);
    assert!(verified.attributes.values("nothing").is_empty());
}

#[test]
fn a_name_id_keeps_its_qualifiers_for_the_logout() {
    let name_id = check_fixture("pysaml2/assertion.xml").unwrap().name_id;
    assert_eq!(name_id.format.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"));
    assert_eq!((name_id.name_qualifier.as_deref(), name_id.sp_name_qualifier.as_deref()), (Some(IDP), Some(SP)));
}

#[test]
fn structured_values_and_names_given_twice_are_read_as_one_list() {
    let attributes = check_fixture("crafted/structured-value.xml").unwrap().attributes;
    assert_eq!(attributes.values("urn:oid:1.3.6.1.4.1.5923.1.1.1.10"), ["abc"]);
    assert_eq!(attributes.values("twice"), ["1", "2"]);
    assert_eq!(attributes.iter().next().unwrap().friendly_name.as_deref(), Some("eduPersonTargetedID"));
}

#[test]
fn during_a_rollover_both_certificates_are_accepted_and_the_one_that_signed_is_named() {
    let both = [certificate("idp"), certificate("idp-next")];
    for (name, signer) in [("assertion", "idp"), ("next-key", "idp-next")] {
        let verified =
            check_as(&fixture(&format!("signxml/{name}.xml")), &super::support::with_certificates(&both)).unwrap();
        assert_eq!(verified.certificate, certificate(signer).fingerprint(), "{name}");
    }
}

#[test]
fn an_elliptic_curve_is_accepted() {
    let certificates = [certificate("idp-ec")];
    check_as(&fixture("signxml/ecdsa.xml"), &super::support::with_certificates(&certificates)).unwrap();
}

#[test]
fn harmless_differences_change_nothing_about_who_signed_in() {
    let honest = fixture("signxml/assertion.xml");
    let genuine = check(&honest).unwrap();
    let status = "<samlp:Status>";
    for (what, xml) in [
        ("byte order mark", format!("\u{feff}{honest}")),
        ("declaration", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n{honest}")),
        ("CDATA in the text", honest.replace(">zoe@acme.example<", "><![CDATA[zoe]]>@acme.example<")),
        ("character reference in the text", honest.replace(">zoe@acme.example<", ">z&#x6f;e@acme.example<")),
        ("line ends outside the signed part", honest.replace(status, &format!("\r\n  {status}"))),
        ("comment outside the signed part", honest.replace(status, &format!("<!-- hello -->{status}"))),
        ("unused relative namespace", honest.replacen("<samlp:Response ", "<samlp:Response xmlns:x=\"1\" ", 1)),
        ("space around", format!("{honest}\n")),
    ] {
        assert_ne!(xml, honest, "{what}");
        assert_eq!(check(&xml).as_ref(), Ok(&genuine), "{what}");
    }
}

#[test]
fn a_response_tells_which_request_it_claims_to_answer() {
    let envelope = Envelope::read(&fixture("signxml/assertion.xml")).unwrap();
    assert_eq!(envelope.id, "_response-1");
    assert_eq!(envelope.in_response_to.as_deref(), Some(REQUEST));
    assert_eq!(envelope.issuer.as_deref(), Some(IDP));
    assert_eq!(envelope.destination.as_deref(), Some(ACS));
}

#[test]
fn without_a_request_a_sign_in_is_accepted_where_the_connection_allows_it() {
    let xml = fixture("signxml/unsolicited.xml");
    let allowed = sso::saml::response::Expected { unsolicited_allowed: true, request_id: None, ..expected() };
    assert!(!check_as(&xml, &allowed).unwrap().solicited);
    assert_eq!(check_as(&xml, &expected()).unwrap_err().code(), "unsolicited");
}
