//! Key sets.

use serde_json::{Value, json};
use sso::DiscoveryFault;
use sso::oidc::id_token::{Expected, verify};
use sso::oidc::jwks::{KeySet, MAX_BYTES};

use super::support::{ENTRA_PROVIDER, OTHER_PROVIDER, entra, fixture, token};

fn set(keys: &Value) -> Result<KeySet, DiscoveryFault> {
    KeySet::read(json!({ "keys": keys }).to_string().as_bytes(), &entra())
}

fn published(name: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&fixture(&format!("jose/{name}-keys.json"))).unwrap();
    document["keys"].as_array().unwrap().clone()
}

#[test]
fn entras_keys_are_those_of_its_tenant() {
    let keys = &ENTRA_PROVIDER.keys;
    assert_eq!(keys.ids().collect::<Vec<_>>(), ["idp", "idp-next"]);
    let ignored: Vec<_> = keys.ignored().iter().map(|key| (key.id.as_deref(), key.why)).collect();
    assert_eq!(ignored, [(Some("sp"), "it is of another issuer")]);
}

#[test]
fn a_bad_key_does_not_spoil_the_others() {
    let keys = &OTHER_PROVIDER.keys;
    assert_eq!(keys.ids().collect::<Vec<_>>(), ["rsa", "pss", "ec", "ed"]);
    let ignored: Vec<_> = keys.ignored().iter().map(|key| (key.id.as_deref(), key.why)).collect();
    assert_eq!(
        ignored,
        [
            (Some("enc"), "it is for another use than signatures"),
            (Some("wrap"), "it is for another use than signatures"),
            (Some("rs384"), "it is for an algorithm that is not accepted"),
            (Some("short"), "it is RSA with less than 2048 bits"),
            (Some("private"), "its secret part is published"),
            (Some("shared"), "its secret part is published"),
            (Some("p384"), "it is of a type that is not accepted"),
            (Some("point"), "it is no point of its curve"),
            (Some("short point"), "it is no point of its curve"),
            (Some("other type"), "it is for an algorithm that is not accepted"),
            (Some("exponent"), "it is RSA of a form that is not accepted"),
            (Some("numbers"), "its numbers cannot be read"),
            (None, "it has a form that is not accepted"),
            (None, "it is no key"),
        ]
    );
}

#[test]
fn zeros_before_a_short_modulus_make_it_no_longer() {
    let mut short = published("other").into_iter().find(|key| key["kid"] == "short").unwrap();
    let n = short["n"].as_str().unwrap().to_owned();
    // Four letters are three bytes.
    short["n"] = json!(format!("{}{n}", "AAAA".repeat(60)));
    assert_eq!(
        set(&json!([short])).unwrap_err().to_string(),
        "no key of the provider can be used: it is RSA with less than 2048 bits"
    );
    short["n"] = json!("_".repeat(11_000));
    assert_eq!(set(&json!([short])).unwrap_err().code(), "no_key");
}

#[test]
fn a_set_without_a_key_is_refused() {
    assert_eq!(set(&json!([])), Err(DiscoveryFault::NoKey { ignored: vec![] }));
    for (document, code) in [
        ("{}", "missing"),
        (r#"{"keys":{}}"#, "invalid"),
        (r#"{"keys":[],"keys":[]}"#, "repeated_name"),
        ("[]", "not_an_object"),
        ("<html>", "malformed_json"),
        (r#"{"keys":[null]}"#, "no_key"),
    ] {
        assert_eq!(KeySet::read(document.as_bytes(), &entra()).unwrap_err().code(), code, "{document}");
    }
    let huge = format!("{{\"keys\":[]{}}}", " ".repeat(MAX_BYTES));
    assert_eq!(KeySet::read(huge.as_bytes(), &entra()).unwrap_err().code(), "too_large");
}

#[test]
fn a_token_without_key_id_is_verified_where_one_key_would_do() {
    let provider = &ENTRA_PROVIDER;
    let keys = published("entra");
    let without_id = |key: &Value| {
        let mut key = key.clone();
        key.as_object_mut().unwrap().shift_remove("kid").unwrap();
        key
    };
    let check = |keys: &Value, name| {
        let keys = &set(keys).unwrap();
        verify(token("attacks on entra", name), &Expected { keys, ..provider.expected() }).map_err(|fault| fault.code())
    };
    let name = "no key id and two keys";
    check(&json!([keys[0]]), name).unwrap();
    check(&json!([without_id(&keys[0])]), name).unwrap();
    // The same key published twice is one key.
    check(&json!([keys[0], keys[0]]), name).unwrap();
    assert_eq!(check(&json!([keys[1]]), name), Err("bad_signature"));
    assert_eq!(check(&json!([without_id(&keys[0])]), "key of the attacker"), Err("unknown_key"));
}

#[test]
fn two_keys_of_one_name_are_told_apart_by_algorithm_or_not_at_all() {
    let keys = published("entra");
    let renamed = |key: &Value, more: &[(&str, &str)]| {
        let mut key = key.clone();
        key["kid"] = json!("idp");
        for (name, value) in more {
            key[*name] = json!(value);
        }
        key
    };
    let check = |keys: &Value| {
        let keys = &set(keys).unwrap();
        verify(token("entra", "honest"), &Expected { keys, ..ENTRA_PROVIDER.expected() }).map_err(|fault| fault.code())
    };
    assert_eq!(check(&json!([keys[0], renamed(&keys[1], &[])])), Err("ambiguous_key"));
    check(&json!([renamed(&keys[1], &[("alg", "PS256")]), keys[0]])).unwrap();
    // A key for encryption may have the same name too.
    check(&json!([renamed(&keys[1], &[("use", "enc")]), keys[0]])).unwrap();
}
