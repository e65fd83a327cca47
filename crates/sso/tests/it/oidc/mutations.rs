//! Whatever is changed in a valid token: it is refused, or says exactly what it said before. And whatever comes from a
//! network is read without harm.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use sso::oidc::callback::Callback;
use sso::oidc::discovery::ProviderMetadata;
use sso::oidc::id_token::{Expected, verify};
use sso::oidc::jwks::KeySet;
use sso::oidc::token::TokenResponse;

use super::support::{ENTRA_PROVIDER, OTHER_PROVIDER, Provider, entra, fixture, token, tokens};

const ORIGINALS: [(&str, &str); 7] = [
    ("entra", "honest"),
    ("entra", "next key"),
    ("entra", "audience in a list"),
    ("other", "rs256"),
    ("other", "ps256"),
    ("other", "es256"),
    ("other", "eddsa"),
];

fn provider(kind: &str) -> &'static Provider {
    if kind == "entra" { &ENTRA_PROVIDER } else { &OTHER_PROVIDER }
}

fn original() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(&ORIGINALS[..]).prop_map(|(kind, name)| (kind, token(kind, name)))
}

fn holds(changed: &str, kind: &str, genuine: &str) -> Result<(), TestCaseError> {
    if let Ok(verified) = provider(kind).check(changed) {
        prop_assert_eq!(verified, provider(kind).check(genuine).unwrap());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_character_is_changed(
        (kind, genuine) in original(), place in any::<prop::sample::Index>(),
        new in prop_oneof![any::<char>(), prop::sample::select(vec!['.', '=', '-', '_', 'A', '+', '/', '\0', '\n'])],
    ) {
        let at = place.index(genuine.len());
        let changed: String = genuine.chars().enumerate().map(|(n, old)| if n == at { new } else { old }).collect();
        holds(&changed, kind, genuine)?;
    }

    #[test]
    fn characters_are_removed_or_come_in(
        (kind, genuine) in original(), place in any::<prop::sample::Index>(), length in 0_usize..8,
        new in "[A-Za-z0-9_.=-]{0,8}",
    ) {
        let at = place.index(genuine.len());
        let changed = format!("{}{new}{}", &genuine[..at], &genuine[(at + length).min(genuine.len())..]);
        holds(&changed, kind, genuine)?;
    }

    #[test]
    fn a_bit_is_changed_under_the_encoding(
        (kind, genuine) in original(), part in 0_usize..3, place in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let mut parts: Vec<String> = genuine.split('.').map(ToOwned::to_owned).collect();
        let mut bytes = URL_SAFE_NO_PAD.decode(&parts[part]).unwrap();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        parts[part] = URL_SAFE_NO_PAD.encode(bytes);
        prop_assert!(provider(kind).check(&parts.join(".")).is_err());
    }

    #[test]
    fn parts_of_any_tokens_come_together(
        (kind, genuine) in original(), part in 0_usize..3, theirs in 0_usize..3,
        from in prop::sample::select(vec!["entra", "other", "attacks on entra", "attacks on other"]),
        other in any::<prop::sample::Index>(),
    ) {
        let others = tokens(from);
        let (name, _) = others.iter().nth(other.index(others.len())).unwrap();
        let mut parts: Vec<&str> = genuine.split('.').collect();
        parts[part] = token(from, name).split('.').nth(theirs).unwrap();
        let changed = parts.join(".");
        prop_assert!(changed == genuine || provider(kind).check(&changed).is_err());
    }

    #[test]
    fn anything_at_all_is_read_without_harm(text in "\\PC{0,200}", status in any::<u16>()) {
        prop_assert!(ENTRA_PROVIDER.check(&text).is_err());
        prop_assert!(ProviderMetadata::read(text.as_bytes(), &entra()).is_err());
        prop_assert!(KeySet::read(text.as_bytes(), &entra()).is_err());
        prop_assert!(TokenResponse::read(status, text.as_bytes()).is_err());
        prop_assert!(Callback::read(&text).is_err());
    }

    #[test]
    fn a_changed_discovery_document_never_leaves_its_issuer_or_https(
        place in any::<prop::sample::Index>(), length in 0_usize..4, new in "[a-z0-9:/.\"{},\\[\\]#@?-]{0,4}",
    ) {
        let document = fixture("discovery/entra.json");
        let at = place.index(document.len());
        let changed = format!("{}{new}{}", &document[..at], &document[(at + length).min(document.len())..]);
        if let Ok(read) = ProviderMetadata::read(changed.as_bytes(), &entra()) {
            prop_assert_eq!(&read.issuer, &entra());
            for url in [&read.authorization_endpoint, &read.token_endpoint, &read.jwks_uri] {
                prop_assert_eq!(url.scheme(), "https");
            }
            prop_assert!(!read.algorithms.is_empty());
        }
    }

    #[test]
    fn a_changed_key_set_verifies_nothing_else(
        place in any::<prop::sample::Index>(), length in 0_usize..4, new in "[A-Za-z0-9\"{},:_-]{0,4}",
    ) {
        let document = fixture("jose/entra-keys.json");
        let at = place.index(document.len());
        let changed = format!("{}{new}{}", &document[..at], &document[(at + length).min(document.len())..]);
        if let Ok(keys) = KeySet::read(changed.as_bytes(), &entra()) {
            let expected = Expected { keys: &keys, ..ENTRA_PROVIDER.expected() };
            for name in ["key of the attacker", "none", "HS256 with the JWK", "audience of another"] {
                prop_assert!(verify(token("attacks on entra", name), &expected).is_err());
            }
        }
    }
}
