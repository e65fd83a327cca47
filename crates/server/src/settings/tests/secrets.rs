//! Secrets are kept, and kept to themselves.

use secrecy::ExposeSecret;

use super::super::{Layers, all_keys};
use super::{message, with};

const SECRET: &str = "hunter2";

#[test]
fn the_value_of_a_secret_key_is_in_no_message() {
    for key in all_keys().filter(|key| key.secret) {
        let error = message(&[(&key.env(), SECRET)]);
        let start = format!("settings key {} from environment variable {} is ***: expected ", key.name, key.env());
        assert!(error.starts_with(&start) && !error.contains(SECRET), "{error}");
    }
}

#[test]
fn secrets_are_not_in_the_debug_text_nor_in_what_is_shown() {
    let digest = "5ec1e7".repeat(11)[..64].to_owned();
    let environment = [
        ("ROLLCALL__DATABASE__URL", "postgres://u:hunter2@db/x"),
        ("ROLLCALL__DATABASE__OWNER_URL", "postgres://o:hunter2@db/x"),
        ("ROLLCALL__REDIS__URL", "redis://:hunter2@cache"),
        ("ROLLCALL__KEYS__TOKEN_DIGEST", digest.as_str()),
    ];
    let layers = Layers::load_from(None, environment).unwrap();
    let settings = layers.settings().unwrap();
    for text in [format!("{settings:?}"), format!("{:?}", settings.database.target()), format!("{:?}", layers.shown())]
    {
        assert!(!text.contains(SECRET) && !text.contains("5ec1e7"), "{text}");
    }
    assert_eq!(layers.shown().iter().filter(|shown| shown.value == "***").count(), environment.len());
}

#[test]
fn a_key_of_digits_only_stays_text() {
    let digits = "1234567890".repeat(7)[..64].to_owned();
    let settings = with(&[("ROLLCALL__KEYS__TOKEN_DIGEST", &digits)]).unwrap();
    assert_eq!(settings.keys.token_digest.as_ref().unwrap().expose_secret(), digits);
    assert_eq!(settings.keys.token_digest_key().unwrap().expose_secret()[..2], [0x12, 0x34]);
}
