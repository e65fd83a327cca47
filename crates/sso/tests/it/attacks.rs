//! Attacks that take no key: honest responses, changed by somebody who can read and send them.

use sso::SamlFault;

use super::support::{
    OBJECT_ID, certificate, changed, check, check_as, check_fixture, element, fixture, with_certificates,
};

/// How a program writes: the prefixes of its elements.
struct Program {
    name: &'static str,
    protocol: &'static str,
    saml: &'static str,
    dsig: &'static str,
}

const PROGRAMS: [Program; 3] = [
    Program { name: "signxml", protocol: "samlp:", saml: "", dsig: "" },
    Program { name: "pysaml2", protocol: "ns0:", saml: "ns1:", dsig: "ns2:" },
    Program { name: "samlp", protocol: "samlp:", saml: "saml:", dsig: "" },
];

impl Program {
    /// An honest response, without what stands before its root.
    fn honest(&self, name: &str) -> String {
        let xml = fixture(&format!("{}/{name}.xml", self.name));
        check(&xml).unwrap();
        xml[xml.find(&format!("<{}Response", self.protocol)).unwrap()..].trim_end().to_owned()
    }

    fn assertion<'x>(&self, xml: &'x str) -> &'x str {
        element(xml, &format!("{}Assertion", self.saml))
    }

    fn signature<'x>(&self, xml: &'x str) -> &'x str {
        element(xml, &format!("{}Signature", self.dsig))
    }

    fn extensions(&self, content: &str) -> String {
        format!("<{0}Extensions>{content}</{0}Extensions>", self.protocol)
    }

    /// The same signature with an object in it.
    fn with_object(&self, signature: &str, content: &str) -> String {
        ending(signature, &format!("<{0}Object>{content}</{0}Object>", self.dsig))
    }

    /// The same message or assertion with a signature where it belongs.
    fn with_signature(&self, xml: &str, signature: &str) -> String {
        let end = format!("</{}Issuer>", self.saml);
        changed(xml, &end, &format!("{end}{signature}"))
    }
}

/// The same element with something more at its end.
fn ending(xml: &str, content: &str) -> String {
    let (before, end) = xml.split_at(xml.rfind("</").unwrap());
    format!("{before}{content}{end}")
}

/// What the attacker would like to be read: unsigned, of another name, about somebody else.
fn forge(xml: &str) -> String {
    changed(&about_somebody_else(xml), &id_of(xml), "_forged")
}

fn about_somebody_else(xml: &str) -> String {
    let changed = xml.replace("zoe@", "admin@").replace(OBJECT_ID, "00000000-0000-4000-8000-000000000000");
    assert_ne!(changed, xml);
    changed
}

/// The first ID, which is that of the outermost element.
fn id_of(xml: &str) -> String {
    let (_, rest) = xml.split_once(" ID=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn wrapped_responses_are_refused() {
    for program in &PROGRAMS {
        let honest = program.honest("assertion");
        let assertion = program.assertion(&honest);
        let signature = program.signature(assertion);
        let bare = assertion.replace(signature, "");
        let forged = forge(&bare);
        let with_signature = |inside: &str| program.with_signature(&forged, inside);
        let instead = |content: &str| honest.replace(assertion, content);
        let status = format!("</{}Status>", program.protocol);
        for (name, xml) in [
            ("XSW3: forged before the genuine", instead(&format!("{forged}{assertion}"))),
            ("forged after the genuine", instead(&format!("{assertion}{forged}"))),
            ("XSW4: genuine within forged", instead(&ending(&forged, assertion))),
            ("XSW5: signature moved to forged", instead(&format!("{}{bare}", with_signature(signature)))),
            ("XSW6: genuine within the signature of forged", instead(&with_signature(&ending(signature, &bare)))),
            ("XSW7: forged in extensions", instead(&format!("{}{assertion}", program.extensions(&forged)))),
            (
                "XSW8: genuine in an object of the signature",
                instead(&with_signature(&program.with_object(signature, &bare))),
            ),
            ("XSW2: genuine in extensions", instead(&format!("{}{forged}", program.extensions(assertion)))),
            ("genuine alone in extensions", instead(&program.extensions(assertion))),
            ("genuine in the status", {
                let detail = format!("<{0}StatusDetail>{assertion}</{0}StatusDetail>{status}", program.protocol);
                changed(&instead(""), &status, &detail)
            }),
        ] {
            let what = format!("{}: {name}", program.name);
            assert_refused(&what, &xml, &["several_assertions", "misplaced_assertion"]);
        }
    }
}

#[test]
fn wrapped_signed_responses_are_refused() {
    for program in &PROGRAMS {
        let honest = program.honest("response");
        let signature = program.signature(&honest);
        let bare = honest.replace(signature, "");
        let forged = forge(&bare);
        let with = |inside: &str| program.with_signature(&forged, inside);
        for (name, xml) in [
            ("XSW1: genuine within the signature", with(&program.with_object(signature, &bare))),
            ("genuine beside the signature", with(&format!("{signature}{bare}"))),
            ("genuine in extensions", with(&program.extensions(&honest))),
            ("forged around", ending(&forged, &honest)),
            ("assertion appended", ending(&honest, &forge(program.assertion(&honest)))),
        ] {
            assert_refused(&format!("{}: {name}", program.name), &xml, &["several_assertions"]);
        }
        let alone = format!("{}: signature alone on forged", program.name);
        assert_refused(&alone, &with(signature), &["signature_form"]);
        let same_id = program.with_signature(&about_somebody_else(&bare), signature);
        let same = format!("{}: signature on forged with the same id", program.name);
        assert_refused(&same, &same_id, &["bad_signature"]);
    }
}

#[test]
fn changed_signed_text_is_refused() {
    for program in ["signxml", "pysaml2", "samlp"] {
        for name in ["assertion", "response", "both"] {
            let xml = fixture(&format!("{program}/{name}.xml"));
            for (from, to) in [("zoe@", "admin@"), ("Zoë", "Zoe"), ("2030-01-01T13:0", "2031-01-01T13:0")] {
                if xml.contains(from) {
                    assert_refused(&format!("{program}/{name} {from}"), &xml.replace(from, to), &["bad_signature"]);
                }
            }
        }
    }
}

#[test]
fn nobody_signed_or_somebody_else_did() {
    assert_refused("unsigned", &fixture("crafted/unsigned.xml"), &["unsigned"]);
    let honest = fixture("signxml/both.xml");
    let outer = &honest[honest.find("<Signature").unwrap()..honest.find("<samlp:Status>").unwrap()];
    let stripped = honest.replace(outer, "");
    let inner = element(&stripped, "Signature");
    assert_refused("both signatures removed", &stripped.replace(inner, ""), &["unsigned"]);
    // The assertion's own signature is still there and good.
    check(&stripped).unwrap();

    let attacker = certificate("attacker").fingerprint();
    assert_eq!(check_fixture("signxml/attacker.xml"), Err(SamlFault::UnknownCertificate { fingerprint: attacker }));
    let fault = check_fixture("signxml/next-key.xml").unwrap_err();
    assert_eq!(fault, SamlFault::UnknownCertificate { fingerprint: certificate("idp-next").fingerprint() });
    assert!(fault.may_be_a_new_certificate());
    // The attacker's signature, which brings along the certificate that we know.
    let ours = format!("<X509Certificate>{}</X509Certificate>", certificate("idp").base64());
    let xml = fixture("signxml/attacker.xml");
    assert_eq!(check(&changed(&xml, element(&xml, "X509Certificate"), &ours)), Err(SamlFault::BadSignature));
    assert_eq!(check_as(&fixture("signxml/assertion.xml"), &with_certificates(&[])), Err(SamlFault::NoCertificate));
}

#[test]
fn document_types_entities_instructions_and_comments_are_refused() {
    let honest = fixture("signxml/assertion.xml");
    let name = ">zoe@acme.example<";
    let bomb =
        (1..30).fold("<!ENTITY e0 \"ha\">".to_owned(), |all, n| format!("{all}<!ENTITY e{n} \"&e{0};&e{0};\">", n - 1));
    for (what, xml, codes) in [
        ("document type", format!("<!DOCTYPE samlp:Response>{honest}"), "document_type"),
        (
            "external entity",
            format!("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", honest.replace(name, ">&x;<")),
            "document_type",
        ),
        (
            "bomb",
            format!("<?xml version=\"1.0\"?>\n<!DOCTYPE r [{bomb}]>{}", honest.replace(name, ">&e29;<")),
            "document_type",
        ),
        ("entity without a declaration", honest.replace(name, ">&admin;<"), "malformed_xml"),
        ("instruction in the name", honest.replace(name, ">admin@acme.example<?x y?><"), "processing_instruction"),
        ("instruction before", format!("<?xml-stylesheet href=\"x\"?>{honest}"), "processing_instruction"),
        ("instruction after", format!("{honest}<?x y?>"), "processing_instruction"),
        ("comment in the name", honest.replace(name, ">zoe@acme<!-- -->.example<"), "comment_in_assertion"),
        ("comment in a value", honest.replace(">group-1<", ">gr<!---->oup-1<"), "comment_in_assertion"),
        (
            "comment in the digest",
            honest.replacen("<ds:DigestValue>", "<ds:DigestValue><!---->", 1),
            "comment_in_assertion",
        ),
    ] {
        assert_ne!(xml, honest);
        assert_refused(what, &xml, &[codes]);
    }
    // The response's own signature is not within the assertion.
    let response = fixture("signxml/response.xml").replacen("<ds:DigestValue>", "<ds:DigestValue>AAAA<!---->", 1);
    assert_refused("comment in the response's digest", &response, &["signature_form"]);
    // Readers that take the first piece of text and readers that take all of it see two digests, or two signatures.
    for name in ["ds:DigestValue", "SignatureValue"] {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        for (tag, pieces) in [(&open, format!("{open}<![CDATA[AAAA]]>")), (&close, format!("<![CDATA[AAAA]]>{close}"))]
        {
            let xml = changed(&fixture("signxml/response.xml"), tag, &pieces);
            assert_refused(&format!("pieces of {name}"), &xml, &["signature_form"]);
        }
    }
}

#[test]
fn names_in_other_namespaces_and_second_ids_are_refused() {
    let honest = fixture("signxml/assertion.xml");
    let assertion = element(&honest, "Assertion");
    let signature = element(assertion, "Signature");
    let polluted = |attribute: &str| changed(&honest, "<Assertion ", &format!("<Assertion {attribute} "));
    for (what, xml, codes) in [
        ("prefixed id", polluted("x:ID=\"_other\" xmlns:x=\"urn:x\""), "signature_form"),
        ("second id", polluted("Id=\"_other\""), "signature_form"),
        ("xml:id", polluted("xml:id=\"_other\""), "signature_form"),
        ("the same id twice", honest.replace("_response-1", "_assertion-1"), "bad_signature"),
        (
            "false signature",
            changed(&honest, signature, &signature.replacen(super::attacks::DSIG, "urn:x", 1)),
            "misplaced_signature",
        ),
        (
            "false signature beside the true one",
            changed(&honest, signature, &format!("{signature}<Signature xmlns=\"urn:x\"/>")),
            "misplaced_signature",
        ),
        (
            "signature elsewhere",
            changed(&honest, "</samlp:Status>", &format!("</samlp:Status><x>{signature}</x>")),
            "misplaced_signature",
        ),
        ("signature twice", changed(&honest, signature, &signature.repeat(2)), "misplaced_signature"),
        (
            "false assertion beside the true one",
            changed(&honest, assertion, &format!("<Assertion xmlns=\"urn:x\" ID=\"_x\"/>{assertion}")),
            "several_assertions",
        ),
        (
            "assertion of another namespace alone",
            changed(
                &honest,
                "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
                "<Assertion xmlns=\"urn:x\"",
            ),
            "misplaced_assertion",
        ),
        (
            "response of another namespace",
            honest.replacen("urn:oasis:names:tc:SAML:2.0:protocol", "urn:x", 1),
            "wrong_message",
        ),
        ("another root", format!("<x>{honest}</x>"), "wrong_message"),
        ("second root", format!("{honest}<x/>"), "malformed_xml"),
        ("no assertion", honest.replace(assertion, ""), "no_assertion"),
        ("an attribute given twice", polluted("ID=\"_other\""), "malformed_xml"),
    ] {
        assert_ne!(xml, honest, "{what}");
        assert_refused(what, &xml, &[codes]);
    }
}

pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

#[test]
fn a_relative_namespace_voids_no_canonicalisation() {
    // Where a library fails on relative namespaces and hashes nothing, an old signature over nothing fits everything.
    for name in ["empty-digest", "empty-signed-info"] {
        let golden = fixture(&format!("crafted/{name}.xml"));
        assert_refused(name, &golden, &["bad_signature"]);
        let relative = changed(&golden, "<Assertion ", "<Assertion xmlns:x=\"1\" ");
        assert_refused(name, &relative.replace("zoe@", "admin@"), &["bad_signature"]);
        let used = changed(&golden, "<Subject>", "<Subject x:y=\"\" xmlns:x=\"../relative\">");
        assert_refused(name, &used, &["bad_signature"]);
    }
}

#[test]
fn nothing_is_read_from_the_signature() {
    // KeyInfo of the assertion's own signature is covered by nothing, so anybody may write into it.
    let honest = fixture("signxml/assertion.xml");
    let genuine = check(&honest).unwrap();
    let smuggled = "<KeyInfo><NameID xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">admin@acme.example</NameID>";
    assert_eq!(check(&changed(&honest, "<KeyInfo>", smuggled)), Ok(genuine));
}

fn assert_refused(what: &str, xml: &str, codes: &[&str]) {
    match check(xml) {
        Ok(verified) => panic!("{what}: accepted {}", verified.name_id.value),
        Err(fault) => assert!(codes.contains(&fault.code()), "{what}: {fault:?}"),
    }
}
