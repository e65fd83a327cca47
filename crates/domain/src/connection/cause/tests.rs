use std::collections::BTreeSet;

use sso::oidc::ErrorResponse;
use sso::{Certificate, JsonFault, XmlFault};
use time::{Duration, OffsetDateTime};

use super::SignInCause as Cause;
use super::*;

#[test]
fn causes_have_names_of_their_own_and_are_found_by_them() {
    let codes: BTreeSet<_> = SignInCause::ALL.iter().map(|cause| cause.code()).collect();
    assert_eq!(codes.len(), SignInCause::ALL.len());
    assert!(SignInCause::ALL.iter().all(|cause| SignInCause::named(cause.code()) == Some(*cause)));
    assert_eq!(SignInCause::named("nothing"), None);
}

fn text() -> String {
    "x".to_owned()
}

/// Every fault of SAML, and what it is called in the log.
fn saml_faults() -> Vec<(SamlFault, Cause)> {
    let pem = include_str!("../../../../sso/tests/fixtures/keys/idp.crt");
    let fingerprint = Certificate::read(pem).unwrap().fingerprint();
    let (what, moment, span) = ("it", OffsetDateTime::UNIX_EPOCH, Duration::seconds(1));
    vec![
        (XmlFault::TooLarge { limit: 1 }.into(), Cause::TooLarge),
        (XmlFault::NotBase64.into(), Cause::Unreadable),
        (XmlFault::NotDeflated.into(), Cause::Unreadable),
        (XmlFault::NotUtf8.into(), Cause::Unreadable),
        (XmlFault::Malformed { line: 1, column: 1, reason: text() }.into(), Cause::Unreadable),
        (XmlFault::TooManyAttributes { line: 1, limit: 1 }.into(), Cause::Unreadable),
        (XmlFault::Dtd.into(), Cause::Unreadable),
        (SamlFault::WrongMessage { found: text(), expected: what }, Cause::Unreadable),
        (SamlFault::Missing { what }, Cause::Unreadable),
        (SamlFault::Repeated { what }, Cause::Unreadable),
        (SamlFault::Invalid { what, value: text() }, Cause::Unreadable),
        (SamlFault::ProcessingInstruction, Cause::SignatureWrong),
        (SamlFault::CommentInAssertion, Cause::SignatureWrong),
        (SamlFault::NoAssertion, Cause::Unreadable),
        (SamlFault::SeveralAssertions { count: 2 }, Cause::SignatureWrong),
        (SamlFault::MisplacedAssertion, Cause::SignatureWrong),
        (SamlFault::Unsigned, Cause::Unsigned),
        (SamlFault::MisplacedSignature, Cause::SignatureWrong),
        (SamlFault::SignatureForm { reason: what }, Cause::SignatureWrong),
        (SamlFault::WeakAlgorithm { algorithm: text() }, Cause::WeakAlgorithm),
        (SamlFault::NoCertificate, Cause::UnknownCertificate),
        (SamlFault::UnknownCertificate { fingerprint }, Cause::UnknownCertificate),
        (SamlFault::CertificateExpired { fingerprint, not_after: moment }, Cause::CertificateExpired),
        (SamlFault::CertificateNotYetValid { fingerprint, not_before: moment }, Cause::CertificateExpired),
        (SamlFault::BadSignature, Cause::SignatureWrong),
        (SamlFault::NoDecryptionKey, Cause::Undecryptable),
        (SamlFault::Undecryptable, Cause::Undecryptable),
        (SamlFault::Refused { status: text(), sub_status: None, message: None }, Cause::ProviderRefused),
        (SamlFault::WrongIssuer { found: text(), expected: text() }, Cause::WrongIssuer),
        (SamlFault::WrongAudience { found: vec![text()], expected: text() }, Cause::WrongAudience),
        (SamlFault::WrongDestination { found: text(), expected: text() }, Cause::WrongAddress),
        (SamlFault::WrongRecipient { found: text(), expected: text() }, Cause::WrongAddress),
        (SamlFault::WrongRequest { found: text(), expected: None }, Cause::RequestUnknown),
        (SamlFault::Unsolicited, Cause::Unsolicited),
        (SamlFault::NotYetValid { ahead: span }, Cause::Clock),
        (SamlFault::Expired { ago: span }, Cause::Expired),
        (SamlFault::SessionEnded { ago: span }, Cause::Expired),
        (SamlFault::NoBearer, Cause::Unreadable),
        (SamlFault::UnknownCondition { name: text() }, Cause::Unreadable),
    ]
}

fn refused(error: &str) -> OidcFault {
    OidcFault::Refused(ErrorResponse { error: error.to_owned(), description: Some(text()) })
}

/// Every fault of OpenID Connect, likewise.
fn oidc_faults() -> Vec<(OidcFault, Cause)> {
    let (what, kid, span) = ("it", text, Duration::seconds(1));
    vec![
        (JsonFault::TooLarge { limit: 1 }.into(), Cause::TooLarge),
        (JsonFault::Malformed { line: 1, column: 1 }.into(), Cause::Unreadable),
        (JsonFault::RepeatedName { line: 1, column: 1 }.into(), Cause::Unreadable),
        (JsonFault::NotAnObject.into(), Cause::Unreadable),
        (OidcFault::TooLarge { what, limit: 1 }, Cause::TooLarge),
        (OidcFault::Missing { what }, Cause::Unreadable),
        (OidcFault::Repeated { what }, Cause::Unreadable),
        (OidcFault::Invalid { what }, Cause::Unreadable),
        (refused("access_denied"), Cause::ProviderRefused),
        (refused("invalid_grant"), Cause::ProviderRefused),
        (refused("invalid_client"), Cause::ClientRefused),
        (refused("unauthorized_client"), Cause::ClientRefused),
        (OidcFault::UnknownState, Cause::RequestUnknown),
        (OidcFault::NoTokens { status: 500 }, Cause::ProviderDown),
        (OidcFault::Encrypted, Cause::Unreadable),
        (OidcFault::NotAToken, Cause::Unreadable),
        (OidcFault::WrongType { found: text() }, Cause::Unreadable),
        (OidcFault::AlgorithmRefused { algorithm: text(), accepted: vec![text()] }, Cause::WeakAlgorithm),
        (OidcFault::CriticalHeader { names: vec![text()] }, Cause::Unreadable),
        (OidcFault::UnknownKey { kid: kid() }, Cause::SignatureWrong),
        (OidcFault::NoKeyId { count: 2 }, Cause::SignatureWrong),
        (OidcFault::AmbiguousKey { kid: kid(), count: 2 }, Cause::SignatureWrong),
        (OidcFault::UnusableKey { kid: kid(), why: what }, Cause::SignatureWrong),
        (OidcFault::KeyOfOtherAlgorithm { kid: kid(), algorithm: what }, Cause::SignatureWrong),
        (OidcFault::BadSignature, Cause::SignatureWrong),
        (OidcFault::WrongIssuer { found: text(), expected: text() }, Cause::WrongIssuer),
        (OidcFault::WrongAudience { found: vec![text()], expected: text() }, Cause::WrongAudience),
        (OidcFault::ForeignAudience { found: vec![text()], expected: text() }, Cause::WrongAudience),
        (OidcFault::WrongAuthorizedParty { found: text(), expected: text() }, Cause::WrongAudience),
        (OidcFault::Expired { ago: span }, Cause::Expired),
        (OidcFault::NotYetValid { ahead: span }, Cause::Clock),
        (OidcFault::WrongNonce, Cause::SignatureWrong),
        (OidcFault::WrongTenant { found: text(), expected: text() }, Cause::WrongTenant),
        (OidcFault::WrongAccessToken, Cause::SignatureWrong),
    ]
}

fn fetch_errors() -> [(FetchError, Cause); 6] {
    [
        (FetchError::NotAnAddress, Cause::ProviderForbidden),
        (FetchError::Forbidden(text()), Cause::ProviderForbidden),
        (FetchError::Redirected, Cause::ProviderDown),
        (FetchError::TooLarge(1), Cause::TooLarge),
        (FetchError::TooSlow(5), Cause::ProviderSlow),
        (FetchError::Unreachable(text()), Cause::ProviderDown),
    ]
}

#[test]
fn every_fault_has_a_cause_and_says_the_rest_itself() {
    for (fault, cause) in saml_faults() {
        let said = fault.to_string();
        assert_eq!(Refused::from(fault), Refused::new(cause, said));
    }
    for (fault, cause) in oidc_faults() {
        let said = fault.to_string();
        assert_eq!(Refused::from(fault), Refused::new(cause, said));
    }
    for (error, cause) in fetch_errors() {
        let said = error.to_string();
        assert_eq!(Refused::from(error), Refused::new(cause, said));
    }
    let fault = DiscoveryFault::NoPkce { offered: vec![text()] };
    let said = fault.to_string();
    assert_eq!(Refused::from(fault), Refused::new(Cause::ProviderUnusable, said));
}

#[test]
fn the_tables_of_faults_have_each_fault_once() {
    let saml: BTreeSet<_> = saml_faults().iter().map(|(fault, _)| fault.code()).collect();
    assert_eq!(saml.len(), saml_faults().len());
    let oidc: BTreeSet<_> = oidc_faults().iter().map(|(fault, _)| fault.code()).collect();
    // What is refused is there four times, and what is too large twice.
    assert_eq!(oidc.len(), oidc_faults().len() - 4);
}
