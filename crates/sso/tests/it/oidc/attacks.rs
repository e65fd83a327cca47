//! Attacks on ID tokens: those that take no key, and tokens that the provider signed for somebody or something else.

use std::collections::BTreeSet;

use sso::OidcFault;
use sso::oidc::discovery::ProviderMetadata;
use sso::oidc::id_token::{Expected, MAX_BYTES, verify};
use time::Duration;

use super::support::{CLIENT, ENTRA, ENTRA_PROVIDER, OTHER_PROVIDER, Provider, TENANT, token, tokens};

const ON_ENTRA: &[(&str, &[&str])] = &[
    (
        "algorithm_refused",
        &[
            "none",
            "none with a key id",
            "none in capitals",
            "none with a signature",
            "algorithm in small letters",
            "HS256 with the key as PEM",
            "HS256 with the key as DER",
            "HS256 with the key as PKCS#1",
            "HS256 with the certificate",
            "HS256 with the modulus",
            "HS256 with the JWK",
            "HS256 with nothing",
            "algorithm of ours that is not offered",
            "stronger algorithm that is not offered",
        ],
    ),
    (
        "bad_signature",
        &[
            "no signature",
            "key of the attacker",
            "key of the attacker in jwk",
            "key of the attacker in jku",
            "key of the attacker in x5c",
            "key of the attacker in x5u",
        ],
    ),
    ("unknown_key", &["key id is unknown", "key id is a path", "key of the attacker in jwk alone"]),
    ("unusable_key", &["key of another issuer"]),
    ("no_key_id", &["no key id and two keys"]),
    ("critical_header", &["critical header"]),
    ("wrong_type", &["access token", "logout token"]),
    ("encrypted", &["encrypted"]),
    ("repeated_name", &["audience twice", "tenant twice", "a name within twice", "algorithm twice"]),
    ("malformed_json", &["payload is no JSON", "payload is empty"]),
    ("not_an_object", &["payload is a list"]),
    (
        "wrong_audience",
        &[
            "audience of another",
            "audience of others only",
            "audience of nobody",
            "audience without end",
            "audience in capitals",
        ],
    ),
    ("foreign_audience", &["audience of others too"]),
    ("wrong_authorized_party", &["authorized party is another"]),
    ("wrong_issuer", &["issuer is another tenant", "issuer is version 1", "issuer with a slash", "issuer as template"]),
    ("wrong_nonce", &["nonce of another", "nonce begins the same"]),
    ("wrong_tenant", &["tenant is another"]),
    ("expired", &["expired", "expired long ago"]),
    ("not_yet_valid", &["from the future", "not yet valid"]),
    ("wrong_access_token", &["another access token", "half of the hash"]),
    (
        "missing",
        &[
            "no algorithm",
            "no audience",
            "no issuer",
            "no nonce",
            "nonce is empty",
            "no tenant",
            "no object",
            "no subject",
            "subject is empty",
            "no end",
            "no time of issue",
        ],
    ),
    (
        "invalid",
        &[
            "algorithm as list",
            "key id as number",
            "critical of no form",
            "type as number",
            "audience as number",
            "audience as object",
            "audience of mixed kinds",
            "authorized party as list",
            "issuer in a list",
            "object is an address",
            "object as number",
            "subject is too long",
            "subject as number",
            "end as text",
            "end beyond all times",
            "time of issue as null",
            "hash as number",
        ],
    ),
];

const ON_OTHER: &[(&str, &[&str])] = &[
    (
        "unusable_key",
        &[
            "key for encryption",
            "key for wrapping",
            "key of an algorithm that is not accepted",
            "key that is too short",
            "key whose secret is published",
        ],
    ),
    (
        "key_of_other_algorithm",
        &["key of another algorithm", "RS256 with the key for PS256", "PS256 with the key for RS256"],
    ),
    ("bad_signature", &["ES256 as DER", "ES256 of zeros"]),
    ("algorithm_refused", &["HS256 with the published secret"]),
    ("invalid", &["authentication time as text"]),
];

#[test]
fn every_attack_is_refused_for_its_own_reason() {
    for (kind, provider, table) in
        [("attacks on entra", &*ENTRA_PROVIDER, ON_ENTRA), ("attacks on other", &*OTHER_PROVIDER, ON_OTHER)]
    {
        let mut tried = BTreeSet::new();
        for (code, names) in table {
            for name in *names {
                assert_refused(name, provider, token(kind, name), code);
                tried.insert(*name);
            }
        }
        let made: BTreeSet<&str> = tokens(kind).keys().map(String::as_str).collect();
        assert_eq!(tried, made, "{kind}");
    }
}

#[test]
fn a_token_of_another_provider_is_refused() {
    assert_refused("foreign", &ENTRA_PROVIDER, token("other", "rs256"), "unknown_key");
    assert_refused("foreign", &OTHER_PROVIDER, token("entra", "honest"), "unknown_key");
    // The same keys under another name, as a provider of several issuers has them.
    let keys = &ENTRA_PROVIDER.keys;
    let expected = Expected { keys, ..OTHER_PROVIDER.expected() };
    assert_eq!(verify(token("entra", "honest"), &expected).unwrap_err().code(), "wrong_issuer");
}

#[test]
fn parts_of_tokens_do_not_fit_each_other() {
    let parts = |name| token("entra", name).split('.').collect::<Vec<_>>();
    let (one, two) = (parts("honest"), parts("guest of many groups"));
    for (name, forged, code) in [
        ("payload of another", format!("{}.{}.{}", one[0], two[1], one[2]), "bad_signature"),
        ("signature of another", format!("{}.{}.{}", one[0], one[1], two[2]), "bad_signature"),
        ("header of another", format!("{}.{}.{}", parts("next key")[0], one[1], one[2]), "bad_signature"),
        ("two parts", format!("{}.{}", one[0], one[1]), "not_a_token"),
        ("four parts", format!("{}.{}.{}.{}", one[0], one[1], one[2], one[2]), "not_a_token"),
        ("six parts", [one.clone(), two].concat().join("."), "not_a_token"),
        ("spaces around", format!(" {} ", one.join(".")), "not_a_token"),
        ("padded", format!("{}=.{}.{}", one[0], one[1], one[2]), "not_a_token"),
        ("padded signature", format!("{}==", one.join(".")), "bad_signature"),
        ("nothing", String::new(), "not_a_token"),
        ("dots", "..".to_owned(), "malformed_json"),
    ] {
        assert_refused(name, &ENTRA_PROVIDER, &forged, code);
    }
}

#[test]
fn a_huge_token_is_refused_before_it_is_read() {
    let huge = format!("{}.{}.{}", "a".repeat(10), "b".repeat(10 * 1024 * 1024), "c".repeat(10));
    let fault = OidcFault::TooLarge { what: "the ID token", limit: MAX_BYTES };
    assert_eq!(ENTRA_PROVIDER.check(&huge), Err(fault));
    // The longest that is read at all has its own fault.
    assert_refused("longest", &ENTRA_PROVIDER, &".".repeat(MAX_BYTES), "not_a_token");
}

#[test]
fn another_sign_in_and_another_client_are_refused() {
    let honest = token("entra", "honest");
    let expected = ENTRA_PROVIDER.expected();
    assert_eq!(verify(honest, &Expected { nonce: "nonce-2", ..expected }).unwrap_err(), OidcFault::WrongNonce);
    let fault = verify(honest, &Expected { client_id: "c", ..expected }).unwrap_err();
    assert_eq!(fault, OidcFault::WrongAudience { found: vec![CLIENT.to_owned()], expected: "c".to_owned() });
    // Without any algorithm nothing is accepted, whoever signed.
    let provider = &ProviderMetadata { algorithms: vec![], ..ENTRA_PROVIDER.metadata.clone() };
    assert_eq!(verify(honest, &Expected { provider, ..expected }).unwrap_err().code(), "algorithm_refused");
}

#[test]
fn faults_tell_an_admin_both_sides() {
    let fault = |name| ENTRA_PROVIDER.check(token("attacks on entra", name)).unwrap_err();
    for (name, words) in [
        ("audience of another", format!("meant for \"another-client\"; we are \"{CLIENT}\"")),
        ("audience of nobody", format!("meant for nobody; we are \"{CLIENT}\"")),
        ("audience of others too", format!("meant for others than \"{CLIENT}\" too: \"{CLIENT}\", \"another-client\"")),
        ("issuer with a slash", format!("issued by \"{ENTRA}/\"; this connection is with \"{ENTRA}\"")),
        (
            "tenant is another",
            format!(
                "the person is of the tenant \"9188040d-6c67-4c5b-b112-36a304b66dad\"; this connection is with \"{TENANT}\""
            ),
        ),
        ("expired", "expired 300 seconds ago by our clock".to_owned()),
        ("from the future", "not valid for another 301 seconds by our clock; compare the clocks".to_owned()),
        ("key id is unknown", "signed with the key \"idp-3\", which the provider does not publish".to_owned()),
        ("key of another issuer", "the key \"sp\" is not accepted: it is of another issuer".to_owned()),
        ("no key id and two keys", "the token does not say which key signed it, and 2 keys would do".to_owned()),
        ("none", "the algorithm \"none\" is refused; this connection takes \"RS256\"".to_owned()),
        ("critical header", "the token demands what is not understood: \"exp\"".to_owned()),
    ] {
        assert_eq!(fault(name).to_string(), words);
    }
    assert_eq!(fault("expired"), OidcFault::Expired { ago: Duration::minutes(5) });
}

#[test]
fn faults_carry_nothing_of_the_token() {
    for (kind, provider) in [("attacks on entra", &*ENTRA_PROVIDER), ("attacks on other", &*OTHER_PROVIDER)] {
        for name in tokens(kind).keys() {
            let fault = provider.check(token(kind, name)).unwrap_err();
            let words = format!("{fault} {fault:?}");
            for secret in ["zoe", "Zoë", "nonce-", "248289761001", token(kind, name)] {
                assert!(!words.contains(secret), "{name}: {words}");
            }
        }
    }
}

#[test]
fn only_faults_of_keys_call_for_new_keys() {
    for (name, anew) in [
        ("key id is unknown", true),
        ("no key id and two keys", true),
        ("key of the attacker", true),
        ("none", false),
        ("audience of another", false),
        ("expired", false),
        ("encrypted", false),
    ] {
        let fault = ENTRA_PROVIDER.check(token("attacks on entra", name)).unwrap_err();
        assert_eq!(fault.may_be_a_new_key(), anew, "{name}");
    }
}

fn assert_refused(what: &str, provider: &Provider, token: &str, code: &str) {
    match provider.check(token) {
        Ok(verified) => panic!("{what}: accepted {}", verified.key),
        Err(fault) => assert_eq!(fault.code(), code, "{what}: {fault:?}"),
    }
}
