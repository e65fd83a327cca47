//! Genuine responses, for somebody else, another time or another question.

use sso::SamlFault;
use sso::saml::response::Expected;
use time::Duration;
use time::macros::datetime;

use super::support::{
    ACS, IDP, NOW, REQUEST, SP, certificate, changed, check, check_as, check_fixture, expected, fixture,
    with_certificates,
};

fn both() -> String {
    fixture("signxml/both.xml")
}

#[test]
fn a_response_for_another_tenant_is_refused() {
    let audience = check_as(&both(), &Expected { sp_entity_id: "https://app.example/t/globex/sso/saml", ..expected() });
    assert_eq!(
        audience,
        Err(SamlFault::WrongAudience {
            found: vec![SP.to_owned()],
            expected: "https://app.example/t/globex/sso/saml".to_owned()
        })
    );
    let elsewhere = "https://app.example/t/globex/sso/saml/acs";
    assert_eq!(
        check_as(&both(), &Expected { acs_url: elsewhere, ..expected() }),
        Err(SamlFault::WrongDestination { found: ACS.to_owned(), expected: elsewhere.to_owned() })
    );
    // The address outside the signature may be changed by anybody; the one inside says the same.
    let readdressed = fixture("signxml/assertion.xml").replacen(ACS, elsewhere, 1);
    assert_eq!(
        check_as(&readdressed, &Expected { acs_url: elsewhere, ..expected() }),
        Err(SamlFault::WrongRecipient { found: ACS.to_owned(), expected: elsewhere.to_owned() })
    );
}

#[test]
fn a_response_of_another_identity_provider_is_refused() {
    let other = "https://sts.windows.net/other/";
    let fault = SamlFault::WrongIssuer { found: IDP.to_owned(), expected: other.to_owned() };
    assert_eq!(check_as(&both(), &Expected { idp_entity_id: other, ..expected() }), Err(fault.clone()));
    let renamed = fixture("signxml/assertion.xml").replacen(IDP, other, 1);
    assert_eq!(check_as(&renamed, &Expected { idp_entity_id: other, ..expected() }), Err(fault));
    assert_eq!(
        check_fixture("crafted/other-issuer-inside.xml"),
        Err(SamlFault::WrongIssuer { found: other.to_owned(), expected: IDP.to_owned() })
    );
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let wrong = |expected: Option<&str>| SamlFault::WrongRequest {
        found: REQUEST.to_owned(),
        expected: expected.map(ToOwned::to_owned),
    };
    assert_eq!(check_as(&both(), &Expected { request_id: Some("_mine"), ..expected() }), Err(wrong(Some("_mine"))));
    for unsolicited_allowed in [false, true] {
        let nothing_open = Expected { request_id: None, unsolicited_allowed, ..expected() };
        assert_eq!(check_as(&both(), &nothing_open), Err(wrong(None)));
    }
    // Outside the signature another id is written, or none.
    let outside = format!(" InResponseTo=\"{REQUEST}\"");
    let renamed = changed(&fixture("signxml/assertion.xml"), &outside, " InResponseTo=\"_mine\"");
    assert_eq!(check_as(&renamed, &Expected { request_id: Some("_mine"), ..expected() }), Err(wrong(Some("_mine"))));
    let removed = changed(&fixture("signxml/assertion.xml"), &outside, "");
    assert_eq!(
        check_as(&removed, &Expected { request_id: None, unsolicited_allowed: true, ..expected() }),
        Err(wrong(None))
    );
    assert_eq!(check(&removed), Err(SamlFault::Unsolicited));
    assert_eq!(check_fixture("crafted/unsolicited-inside.xml"), Err(SamlFault::Unsolicited));
    assert_eq!(check_fixture("crafted/other-request-inside.xml").unwrap_err().code(), "wrong_request");
}

#[test]
fn five_minutes_of_skew_are_allowed_and_no_more() {
    // Issued at 12:00:00.123, valid from 11:55:00.123, confirmed until 13:00:00.123.
    let at = |now| check_as(&both(), &Expected { now, ..expected() });
    at(datetime!(2030-01-01 11:55:00.123 UTC)).unwrap();
    at(datetime!(2030-01-01 13:05:00.122 UTC)).unwrap();
    assert_eq!(
        at(datetime!(2030-01-01 11:55:00.122 UTC)),
        Err(SamlFault::NotYetValid { ahead: Duration::minutes(5) + Duration::milliseconds(1) })
    );
    assert_eq!(at(datetime!(2030-01-01 13:05:00.123 UTC)), Err(SamlFault::Expired { ago: Duration::minutes(5) }));
    assert_eq!(at(datetime!(2030-01-01 13:05:00.123 UTC) + Duration::days(1)).unwrap_err().code(), "expired");
    assert_eq!(at(NOW - Duration::days(30)).unwrap_err().code(), "not_yet_valid");
    let skew = |now| at(now).unwrap().clock_skew;
    assert_eq!(skew(datetime!(2030-01-01 11:58:00.123 UTC)), Duration::minutes(2));
    assert_eq!(skew(datetime!(2030-01-01 12:03:00.123 UTC)), Duration::minutes(-3));
}

#[test]
fn an_assertion_is_refused_as_expired_from_the_moment_it_need_not_be_remembered() {
    let until = check(&both()).unwrap().valid_until;
    check_as(&both(), &Expected { now: until - Duration::MICROSECOND, ..expected() }).unwrap();
    assert_eq!(check_as(&both(), &Expected { now: until, ..expected() }).unwrap_err().code(), "expired");
}

#[test]
fn a_certificate_out_of_its_time_is_refused_by_name() {
    let (expired, future) = (certificate("idp-expired"), certificate("idp-future"));
    let only = |certificate| check_as(&both(), &with_certificates(&[certificate])).unwrap_err();
    assert_eq!(
        only(expired.clone()),
        SamlFault::CertificateExpired { fingerprint: expired.fingerprint(), not_after: expired.not_after() }
    );
    assert_eq!(
        only(future.clone()),
        SamlFault::CertificateNotYetValid { fingerprint: future.fingerprint(), not_before: future.not_before() }
    );
    // Renewed for the same key: whichever the verifier names, one of them is valid.
    for renewed in [[expired.clone(), certificate("idp")], [certificate("idp"), expired]] {
        check_as(&both(), &with_certificates(&renewed)).unwrap();
    }
}

#[test]
fn what_an_assertion_must_say_is_missed_when_it_is_missing() {
    for (name, code) in [
        ("two-name-ids", "repeated"),
        ("no-name-id", "missing"),
        ("empty-name-id", "missing"),
        ("no-audience", "missing"),
        ("two-restrictions", "wrong_audience"),
        ("unknown-condition", "unknown_condition"),
        ("no-authn-statement", "missing"),
        ("session-ended", "session_ended"),
        ("holder-of-key", "no_bearer"),
        ("no-recipient", "missing"),
        ("endless-confirmation", "missing"),
        ("version-1", "invalid"),
        ("no-destination", "missing"),
    ] {
        let fault = check_fixture(&format!("crafted/{name}.xml")).unwrap_err();
        assert_eq!(fault.code(), code, "{name}: {fault}");
    }
}

#[test]
fn what_an_assertion_may_say_besides_is_accepted() {
    for name in ["one-of-two-audiences", "one-time-use", "second-confirmation", "no-destination-assertion"] {
        check_fixture(&format!("crafted/{name}.xml")).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
    let ends = check_fixture("crafted/session-ends.xml").unwrap().session_not_on_or_after;
    assert_eq!(ends, Some(datetime!(2030-01-01 20:00 UTC)));
}

#[test]
fn a_refusal_is_told_in_the_identity_providers_words() {
    let fault = check_fixture("crafted/refused.xml").unwrap_err();
    assert_eq!(fault.code(), "refused");
    assert_eq!(
        fault.to_string(),
        "the identity provider refused: urn:oasis:names:tc:SAML:2.0:status:Responder, \
         urn:oasis:names:tc:SAML:2.0:status:RequestDenied, AADSTS50105: Your administrator has configured the \
         application to block users."
    );
    // A refusal to another question is not an answer to this one.
    let other = Expected { request_id: Some("_mine"), ..expected() };
    assert_eq!(check_as(&fixture("crafted/refused.xml"), &other).unwrap_err().code(), "wrong_request");
    let flood = changed(&fixture("crafted/refused.xml"), "AADSTS50105", &format!("\n{}", "x".repeat(100_000)));
    assert!(check(&flood).unwrap_err().to_string().len() < 700);
}

#[test]
fn faults_tell_facts_in_words_an_admin_can_act_on() {
    let told = |expected: &Expected<'_>| check_as(&both(), expected).unwrap_err().to_string();
    assert_eq!(
        told(&Expected { sp_entity_id: "https://other.example", ..expected() }),
        format!("meant for \"{SP}\"; we are \"https://other.example\"")
    );
    let ahead = Expected { now: NOW - Duration::minutes(20), ..expected() };
    assert_eq!(told(&ahead), "not valid for another 1200 seconds by our clock; compare the clocks");
    let certificates = [certificate("idp-expired")];
    let fingerprint = certificates[0].fingerprint();
    assert_eq!(
        told(&with_certificates(&certificates)),
        format!("the certificate {fingerprint} that signed expired on 2029-01-01")
    );
    let nothing_open = Expected { request_id: None, ..expected() };
    assert_eq!(told(&nothing_open), format!("answers the request \"{REQUEST}\", but none is open"));
}
