//! Honest tokens, signed by jose.

use serde_json::json;
use sso::OidcFault;
use sso::oidc::Algorithm;
use sso::oidc::id_token::{Expected, verify};
use time::Duration;
use time::macros::datetime;

use super::support::{ENTRA, ENTRA_PROVIDER, NOW, OBJECT_ID, OTHER, OTHER_PROVIDER, TENANT, token, tokens};

#[test]
fn entra_says_who_signed_in() {
    let verified = ENTRA_PROVIDER.check(token("entra", "honest")).unwrap();
    assert_eq!(verified.issuer, ENTRA);
    assert_eq!(verified.tenant.as_deref(), Some(TENANT));
    assert_eq!(verified.object_id.as_deref(), Some(OBJECT_ID));
    assert_eq!(verified.key, format!("{TENANT}/{OBJECT_ID}"));
    assert_eq!(verified.subject, "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ");
    assert_eq!(verified.name.as_deref(), Some("Zoë Søn"));
    assert_eq!(verified.preferred_username.as_deref(), Some("zoe@acme.example"));
    assert_eq!(verified.email.as_deref(), Some("zoe@acme.example"));
    assert_eq!(verified.session_id.as_deref(), Some("0071b8cf-5b5e-4d0a-8c55-2d5a2f8cfa10"));
    assert_eq!((verified.auth_time, verified.algorithm), (None, Algorithm::Rs256));
    assert_eq!(verified.clock_skew, Duration::seconds(-300));
    let order: Vec<&String> = verified.claims.keys().take(4).collect();
    assert_eq!(order, ["aud", "iss", "iat", "nbf"]);
}

#[test]
fn other_providers_say_it_by_subject() {
    let verified = OTHER_PROVIDER.check(token("other", "rs256")).unwrap();
    assert_eq!((verified.issuer.as_str(), verified.key.as_str()), (OTHER, "248289761001"));
    assert_eq!(verified.subject, verified.key);
    assert_eq!((verified.tenant, verified.object_id), (None, None));
    assert_eq!(verified.auth_time, Some(datetime!(2030-01-01 11:59 UTC)));
    assert_eq!((verified.name, verified.session_id), (None, None));
    // Names of Entra's claims mean nothing with others.
    let verified = OTHER_PROVIDER.check(token("other", "objects of a tenant")).unwrap();
    assert_eq!((verified.key.as_str(), verified.tenant, verified.object_id), ("248289761001", None, None));
    assert_eq!(verified.claims["oid"], json!(OBJECT_ID));
}

#[test]
fn every_honest_token_is_accepted() {
    for (kind, provider) in [("entra", &*ENTRA_PROVIDER), ("other", &*OTHER_PROVIDER)] {
        for name in tokens(kind).keys() {
            provider.check(token(kind, name)).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        }
    }
    for (name, algorithm) in [("rs256", "RS256"), ("ps256", "PS256"), ("es256", "ES256"), ("eddsa", "EdDSA")] {
        assert_eq!(OTHER_PROVIDER.check(token("other", name)).unwrap().algorithm.name(), algorithm);
    }
}

#[test]
fn the_key_is_the_same_however_it_is_written() {
    let key = |name| ENTRA_PROVIDER.check(token("entra", name)).unwrap().key;
    assert_eq!(key("capital letters"), key("honest"));
    assert_eq!(key("names of another form"), key("honest"));
    assert_eq!(key("next key"), key("honest"));
}

#[test]
fn what_is_only_shown_is_left_out_if_it_is_no_text() {
    let verified = ENTRA_PROVIDER.check(token("entra", "names of another form")).unwrap();
    assert_eq!((verified.name, verified.email, verified.preferred_username), (None, None, None));
    assert_eq!(verified.claims["email"], json!(["zoe@acme.example"]));
}

#[test]
fn the_access_token_is_held_to_its_hash_in_every_algorithm() {
    for name in ["rs256", "ps256", "es256", "eddsa"] {
        let with = |access_token| {
            verify(token("other", name), &Expected { access_token, ..OTHER_PROVIDER.expected() }).map(|v| v.key)
        };
        assert_eq!(with(Some("another")), Err(OidcFault::WrongAccessToken), "{name}");
        with(None).unwrap();
    }
}

#[test]
fn a_token_is_valid_from_its_issue_to_its_end_with_five_minutes_for_clocks() {
    // Issued five minutes before noon, valid until an hour after it.
    let at =
        |now| verify(token("entra", "honest"), &Expected { now, ..ENTRA_PROVIDER.expected() }).map(|v| v.clock_skew);
    let (first, last) = (datetime!(2030-01-01 11:50 UTC), datetime!(2030-01-01 13:04:59 UTC));
    assert_eq!(at(first), Ok(Duration::minutes(5)));
    assert_eq!(at(last), Ok(Duration::seconds(-4199)));
    assert_eq!(at(NOW), Ok(Duration::minutes(-5)));
    assert_eq!(at(first - Duration::SECOND), Err(OidcFault::NotYetValid { ahead: Duration::seconds(301) }));
    assert_eq!(at(last + Duration::SECOND), Err(OidcFault::Expired { ago: Duration::seconds(300) }));
}
