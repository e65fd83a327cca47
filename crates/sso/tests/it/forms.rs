//! Signatures that the identity provider's own key made, in a form that is not accepted.

use super::support::check_fixture;

#[test]
fn every_other_form_of_signature_is_refused() {
    for (name, code) in [
        ("rsa-sha1", "weak_algorithm"),
        ("sha1-digest", "weak_algorithm"),
        ("hmac", "weak_algorithm"),
        ("inclusive", "signature_form"),
        ("inclusive-signed-info", "signature_form"),
        ("with-comments", "signature_form"),
        ("xpath", "signature_form"),
        ("xslt", "signature_form"),
        ("no-transforms", "signature_form"),
        ("enveloped-only", "signature_form"),
        ("uri-empty", "signature_form"),
        ("uri-missing", "signature_form"),
        ("uri-external", "signature_form"),
        ("uri-xpointer", "signature_form"),
        ("uri-response", "signature_form"),
        ("two-references", "signature_form"),
        ("no-references", "signature_form"),
        ("object", "signature_form"),
        ("empty-digest", "bad_signature"),
        ("empty-signed-info", "bad_signature"),
    ] {
        let fault = check_fixture(&format!("crafted/{name}.xml")).unwrap_err();
        assert_eq!(fault.code(), code, "{name}: {fault}");
    }
}
