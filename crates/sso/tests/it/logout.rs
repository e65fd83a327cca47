//! Logout by redirect, in both directions.

use sso::saml::NameId;
use sso::saml::logout::{LogoutExpected, LogoutMessage, LogoutRequest, LogoutResponse, read};
use sso::{Certificate, SamlFault};
use time::Duration;

use super::support::{IDP, NOW, OBJECT_ID, REQUEST, SLO, SP, certificate, changed, fixture, key};

fn expected(certificates: &[Certificate]) -> LogoutExpected<'_> {
    LogoutExpected { issuers: &[IDP], slo_url: SLO, certificates, unsigned_allowed: false, now: NOW }
}

fn check(query: &str) -> Result<LogoutMessage, SamlFault> {
    read(query, &expected(&[certificate("idp")]))
}

fn name_id() -> NameId {
    NameId {
        value: OBJECT_ID.to_owned(),
        format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
        name_qualifier: Some(IDP.to_owned()),
        sp_name_qualifier: Some(SP.to_owned()),
    }
}

/// A query of the identity provider, written by us with its key.
fn asked(change: impl FnOnce(&mut LogoutRequest<'_>), signed: bool) -> String {
    let name_id = name_id();
    let mut request = LogoutRequest {
        id: "_logout",
        issued: NOW,
        destination: SLO,
        sp_entity_id: IDP,
        name_id: &name_id,
        session_index: Some("_session-1"),
    };
    change(&mut request);
    let address = request.address(Some("state"), signed.then(|| key("idp")).as_ref()).unwrap();
    address.split_once('?').unwrap().1.to_owned()
}

#[test]
fn a_logout_that_pysaml2_asks_for_is_read() {
    let LogoutMessage::Request { id, name_id: who, session_indexes, relay_state } =
        check(&fixture("pysaml2/logout-request.query")).unwrap()
    else {
        panic!("a request was sent")
    };
    assert!(id.starts_with("id-"));
    assert_eq!(who, name_id());
    assert_eq!(session_indexes, ["_session-1"]);
    assert_eq!(relay_state.as_deref(), Some("state & more"));
}

#[test]
fn a_logout_that_pysaml2_answers_is_read() {
    assert_eq!(
        check(&fixture("pysaml2/logout-response.query")),
        Ok(LogoutMessage::Response {
            in_response_to: REQUEST.to_owned(),
            relay_state: Some("state & more".to_owned())
        })
    );
}

#[test]
fn what_we_write_is_read_by_the_same_rules() {
    let query = asked(|_| {}, true);
    let LogoutMessage::Request { id, name_id: who, session_indexes, .. } = check(&query).unwrap() else {
        panic!("a request was sent")
    };
    assert_eq!((id.as_str(), who, session_indexes), ("_logout", name_id(), vec!["_session-1".to_owned()]));
    let everywhere = asked(|request| request.session_index = None, true);
    assert!(
        matches!(check(&everywhere), Ok(LogoutMessage::Request { session_indexes, .. }) if session_indexes.is_empty())
    );

    let answer =
        LogoutResponse { id: "_answer", issued: NOW, destination: SLO, sp_entity_id: IDP, in_response_to: REQUEST };
    let address = answer.address(None, Some(&key("idp"))).unwrap();
    assert_eq!(
        check(address.split_once('?').unwrap().1),
        Ok(LogoutMessage::Response { in_response_to: REQUEST.to_owned(), relay_state: None })
    );
}

#[test]
fn another_name_of_the_issuer_is_accepted_when_it_is_known() {
    let login = "https://login.microsoftonline.com/5f8a2c3e/";
    let query = asked(|request| request.sp_entity_id = login, true);
    assert_eq!(check(&query).unwrap_err().code(), "wrong_issuer");
    let certificates = [certificate("idp")];
    read(&query, &LogoutExpected { issuers: &[IDP, login], ..expected(&certificates) }).unwrap();
}

#[test]
fn messages_for_others_and_of_other_times_are_refused() {
    for (what, query, code) in [
        (
            "destination",
            asked(|request| request.destination = "https://app.example/t/globex/logout", true),
            "wrong_destination",
        ),
        ("future", asked(|request| request.issued = NOW + Duration::minutes(6), true), "not_yet_valid"),
        ("old", asked(|request| request.issued = NOW - Duration::minutes(15), true), "expired"),
        ("unsigned", asked(|_| {}, false), "unsigned"),
    ] {
        assert_eq!(check(&query).unwrap_err().code(), code, "{what}");
    }
    let certificates = [certificate("idp")];
    read(&asked(|_| {}, false), &LogoutExpected { unsigned_allowed: true, ..expected(&certificates) }).unwrap();
}

#[test]
fn a_query_that_was_changed_is_refused() {
    let query = fixture("pysaml2/logout-request.query");
    let certificates = [certificate("idp")];
    let lenient = LogoutExpected { unsigned_allowed: true, ..expected(&certificates) };
    for (what, changed) in [
        ("relay state", changed(&query, "state+%26+more", "https%3A%2F%2Fevil.example")),
        ("relay state removed", changed(&query, "&RelayState=state+%26+more", "")),
        ("escaped another way", changed(&query, "state+%26+more", "state%20%26%20more")),
        ("signature", changed(&query, "&Signature=", "&Signature=AAAA")),
        ("algorithm", changed(&query, "rsa-sha256", "rsa-sha512")),
        ("no algorithm", changed(&query, "&SigAlg=", "&Other=")),
        ("SHA-1", changed(&query, "2001%2F04%2Fxmldsig-more%23rsa-sha256", "2000%2F09%2Fxmldsig%23rsa-sha1")),
    ] {
        let fault = read(&changed, &lenient).unwrap_err();
        assert!(["bad_signature", "unsigned", "weak_algorithm"].contains(&fault.code()), "{what}: {fault:?}");
    }
    let others = [certificate("attacker"), certificate("idp-ec")];
    assert_eq!(read(&query, &expected(&others)), Err(SamlFault::BadSignature));
    assert_eq!(read(&query, &expected(&[])), Err(SamlFault::NoCertificate));
    assert_eq!(read(&query, &expected(&[certificate("idp-expired")])).unwrap_err().code(), "certificate_expired");
}

#[test]
fn what_is_no_logout_is_refused() {
    let query = asked(|_| {}, true);
    let message = query.split('&').next().unwrap();
    for (what, query, code) in [
        ("nothing", String::new(), "missing"),
        ("request twice", format!("{query}&{message}"), "repeated"),
        ("relay state twice", format!("{query}&RelayState=x"), "repeated"),
        ("request and response", format!("{query}&SAMLResponse=x"), "repeated"),
        ("a response named as a request", query.replace("SAMLRequest", "SAMLResponse"), "wrong_message"),
        ("no base64", "SAMLRequest=%%%".to_owned(), "not_base64"),
        ("not compressed", "SAMLRequest=aGVsbG8%3D".to_owned(), "not_deflated"),
        ("too long", format!("SAMLRequest={}", "A".repeat(70_000)), "too_large"),
    ] {
        assert_eq!(check(&query).unwrap_err().code(), code, "{what}");
    }
}

#[test]
fn what_unpacks_to_very_much_is_refused() {
    let bytes = miniz_oxide::deflate::compress_to_vec(&vec![b' '; 40_000_000], 9);
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
    assert!(text.len() < 60_000, "{}", text.len());
    let query =
        format!("SAMLRequest={}", percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC));
    assert_eq!(check(&query).unwrap_err().code(), "too_large");
}
