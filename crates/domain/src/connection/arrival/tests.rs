use serde_json::json;
use sso::oidc::discovery::ProviderMetadata;
use sso::oidc::jwks::KeySet;
use sso::oidc::{Algorithm, Issuer, id_token};
use sso::saml::response;
use sso::saml::signature::StrictProfile;
use sso::{Certificate, ServiceProviderKey};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;

/// What the fixtures of `sso` say, all of them at this moment.
const NOW: OffsetDateTime = datetime!(2030-01-01 12:00 UTC);
const TENANT: &str = "5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90";
const OBJECT_ID: &str = "0b5d9c3a-1e2f-4a6b-8c7d-9e0f1a2b3c4d";

fn assertion(document: &str) -> VerifiedAssertion {
    let certificate = Certificate::read(include_str!("../../../../sso/tests/fixtures/keys/idp.crt")).unwrap();
    let key = ServiceProviderKey::from_pkcs8_pem(include_str!("../../../../sso/tests/fixtures/keys/sp.key")).unwrap();
    let expected = response::Expected {
        idp_entity_id: &format!("https://sts.windows.net/{TENANT}/"),
        sp_entity_id: "https://app.example/t/acme/sso/saml",
        acs_url: "https://app.example/t/acme/sso/saml/acs",
        request_id: Some("_8c1f0b7a9d3e4f52a6b7c8d9e0f1a2b3"),
        unsolicited_allowed: false,
        certificates: &[certificate],
        keys: &[key],
        now: NOW,
    };
    response::verify(document, &expected, &StrictProfile).unwrap()
}

fn token(kind: &str, name: &str) -> VerifiedIdToken {
    let entra = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let (issuer, discovery, keys) = match kind {
        "entra" => (
            entra.as_str(),
            include_str!("../../../../sso/tests/fixtures/discovery/entra.json"),
            include_str!("../../../../sso/tests/fixtures/jose/entra-keys.json"),
        ),
        _ => (
            "https://id.example/realms/acme",
            include_str!("../../../../sso/tests/fixtures/discovery/other.json"),
            include_str!("../../../../sso/tests/fixtures/jose/other-keys.json"),
        ),
    };
    let issuer = Issuer::read(issuer, false).unwrap();
    let tokens: Value = serde_json::from_str(include_str!("../../../../sso/tests/fixtures/jose/tokens.json")).unwrap();
    let expected = id_token::Expected {
        provider: &ProviderMetadata::read(discovery.as_bytes(), &issuer).unwrap(),
        client_id: "6f0d1c2b-3a49-4e58-8c67-d7e6f5a4b3c2",
        nonce: "nonce-1",
        keys: &KeySet::read(keys.as_bytes(), &issuer).unwrap(),
        access_token: None,
        now: NOW,
    };
    id_token::verify(tokens[kind][name].as_str().unwrap(), &expected).unwrap()
}

#[test]
fn an_assertion_of_entras_says_who_it_is_and_how_it_was_signed() {
    let arrival = Arrival::of_assertion(assertion(include_str!("../../../../sso/tests/fixtures/signxml/both.xml")));
    assert_eq!(arrival.issuer, format!("https://sts.windows.net/{TENANT}/"));
    assert_eq!(arrival.key(IdentityClaim::ObjectId), Some(OBJECT_ID));
    assert_eq!(arrival.name_id.as_ref().unwrap().value, "zoe@acme.example");
    assert_eq!(arrival.key(IdentityClaim::NameId), None, "an address may be somebody else's tomorrow");
    assert_eq!(arrival.key(IdentityClaim::Subject), None);
    assert_eq!((arrival.display_name.as_deref(), arrival.shown_name()), (Some("Zoë & Søn"), "Zoë & Søn"));
    assert_eq!((arrival.signed.as_str(), arrival.is_encrypted), ("response and assertion", false));
    assert!(arrival.is_solicited);
    assert_eq!(arrival.certificate.unwrap().len(), 64);
    let found = arrival.claims.iter().find(|(name, _)| name.ends_with("/groups"));
    assert_eq!(found.unwrap().1, ["group-1", "group-2", "group-3"]);
    assert!(arrival.session.is_some() && arrival.authenticated_us.is_some());
}

#[test]
fn what_was_encrypted_and_what_was_signed_is_told() {
    for (document, signed, is_encrypted) in [
        (include_str!("../../../../sso/tests/fixtures/signxml/response.xml"), "response", false),
        (include_str!("../../../../sso/tests/fixtures/signxml/assertion.xml"), "assertion", false),
        (include_str!("../../../../sso/tests/fixtures/pysaml2/encrypted.xml"), "assertion", true),
    ] {
        let arrival = Arrival::of_assertion(assertion(document));
        assert_eq!((arrival.signed.as_str(), arrival.is_encrypted), (signed, is_encrypted));
    }
}

#[test]
fn a_token_of_entras_says_who_it_is_by_its_object() {
    let arrival = Arrival::of_token(token("entra", "honest"));
    assert_eq!(arrival.key(IdentityClaim::ObjectId), Some(OBJECT_ID));
    assert_eq!(arrival.key(IdentityClaim::Subject), Some("AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"));
    assert_eq!(arrival.key(IdentityClaim::NameId), None);
    assert_eq!(arrival.user_name.as_deref(), Some("zoe@acme.example"));
    assert_eq!((arrival.email.as_deref(), arrival.shown_name()), (Some("zoe@acme.example"), "Zoë Søn"));
    assert_eq!((arrival.signed.as_str(), arrival.certificate), ("ID token, RS256", None));
    assert_eq!(arrival.session.as_deref(), Some("0071b8cf-5b5e-4d0a-8c55-2d5a2f8cfa10"));
    let tid = arrival.claims.iter().find(|(name, _)| name == "tid");
    assert_eq!(tid.unwrap().1, [TENANT]);
}

#[test]
fn a_token_of_anothers_has_its_subject_alone() {
    let arrival = Arrival::of_token(token("other", "rs256"));
    assert_eq!(arrival.object_id, None);
    assert!(arrival.key(IdentityClaim::Subject).is_some());
}

/// A token with these claims beside what is always there.
fn made(subject: &str, claims: Value) -> VerifiedIdToken {
    let Value::Object(claims) = claims else { panic!("no object") };
    let shown = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    VerifiedIdToken {
        issuer: "https://id.example".to_owned(),
        subject: subject.to_owned(),
        tenant: None,
        object_id: None,
        key: subject.to_owned(),
        name: shown("name"),
        preferred_username: shown("preferred_username"),
        email: shown("email"),
        session_id: shown("sid"),
        auth_time: Some(NOW - Duration::seconds(9)),
        algorithm: Algorithm::Es256,
        clock_skew: Duration::milliseconds(-1_500),
        claims,
    }
}

#[test]
fn times_and_skews_are_numbers() {
    let arrival = Arrival::of_token(made("ada", json!({})));
    assert_eq!(arrival.authenticated_us, Some((NOW.unix_timestamp() - 9) * 1_000_000));
    assert_eq!((arrival.skew_ms, arrival.until_us), (-1_500, None));
    assert_eq!((arrival.user_name.as_deref(), arrival.shown_name()), (None, "somebody without a name"));
}

#[test]
fn what_people_are_called_is_one_short_line() {
    let claims = json!({
        "preferred_username": "", "email": "ada\u{0}@example.com", "name": "é".repeat(LONGEST_CLAIM + 1),
        "given_name": "A\nda", "family_name": 7, "sid": "s\u{0}1",
    });
    let arrival = Arrival::of_token(made("ada", claims));
    assert_eq!(arrival.user_name.as_deref(), Some("ada@example.com"), "for want of a name that says something");
    assert_eq!(arrival.display_name.unwrap().chars().count(), LONGEST_CLAIM);
    assert_eq!((arrival.given_name.as_deref(), arrival.family_name), (Some("Ada"), None));
    assert_eq!(arrival.session.as_deref(), Some("s1"));
}

#[test]
fn what_could_be_nobodys_id_joins_nobody() {
    let longest = "x".repeat(LONGEST_CLAIM);
    for (subject, key) in [
        ("ada", Some("ada")),
        (" ada ", Some(" ada ")),
        (longest.as_str(), Some(longest.as_str())),
        ("", None),
        ("a\u{0}da", None),
        ("a\nda", None),
        (&format!("{longest}x"), None),
    ] {
        assert_eq!(Arrival::of_token(made(subject, json!({}))).key(IdentityClaim::Subject), key);
    }
}

#[test]
fn claims_are_kept_as_far_as_a_page_shows_them() {
    let mut claims = serde_json::Map::new();
    for number in 0..=MOST_CLAIMS {
        claims.insert(format!("claim {number}"), json!([number, "text"]));
    }
    claims.insert("claim 1".to_owned(), json!("é".repeat(LONGEST_CLAIM + 1)));
    let arrival = Arrival::of_token(made("ada", claims.into()));
    assert_eq!(arrival.claims.len(), MOST_CLAIMS);
    let of = |wanted: &str| &arrival.claims.iter().find(|(name, _)| name == wanted).unwrap().1[0];
    assert_eq!(of("claim 0"), "[0,\"text\"]");
    assert!(of("claim 1").chars().count() == LONGEST_CLAIM + 1 && of("claim 1").ends_with('…'));
    let read: Arrival = serde_json::from_value(serde_json::to_value(&arrival).unwrap()).unwrap();
    assert_eq!(read, arrival, "as it is kept until it is picked up");
}

#[test]
fn a_name_joins_that_stays_the_same_persons() {
    let mut arrival = Arrival::of_assertion(assertion(include_str!("../../../../sso/tests/fixtures/signxml/both.xml")));
    for (format, is_kept) in [
        (None, true),
        (Some("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"), true),
        (Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"), true),
        (Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient"), false),
        (Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"), false),
    ] {
        arrival.name_id.as_mut().unwrap().format = format.map(str::to_owned);
        assert_eq!(arrival.key(IdentityClaim::NameId).is_some(), is_kept, "{format:?}");
    }
}
