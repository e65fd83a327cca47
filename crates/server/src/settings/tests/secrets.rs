//! Secrets are kept, and kept to themselves.

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
    let ring = format!("k1={}", &"5ec1e7".repeat(11)[..64]);
    let environment = [
        ("ROLLCALL__DATABASE__URL", "postgres://u:hunter2@db/x"),
        ("ROLLCALL__DATABASE__OWNER_URL", "postgres://o:hunter2@db/x"),
        ("ROLLCALL__REDIS__URL", "redis://:hunter2@cache"),
        ("ROLLCALL__KEYS__RING", ring.as_str()),
        ("ROLLCALL__MAIL__SMTP_URL", "smtp://u:hunter2@mail.example"),
    ];
    let environment = [&environment[..], &[("ROLLCALL__MAIL__FROM", "a@b.example")]].concat();
    let layers = Layers::load_from(None, environment.iter().copied()).unwrap();
    let settings = layers.settings().unwrap();
    for text in [format!("{settings:?}"), format!("{:?}", settings.database.target()), format!("{:?}", layers.shown())]
    {
        assert!(!text.contains(SECRET) && !text.contains("5ec1e7"), "{text}");
    }
    assert_eq!(layers.shown().iter().filter(|shown| shown.value == "***").count(), environment.len() - 1);
}

#[test]
fn a_ring_has_one_place() {
    let ring = format!("k1={}", "a".repeat(64));
    let both = [("ROLLCALL__KEYS__RING", ring.as_str()), ("ROLLCALL__KEYS__RING_FILE", "keys.ring")];
    let error = message(&both);
    assert!(error.contains("keys.ring_file") && error.contains("keys.ring holds the ring already"), "{error}");
    assert_eq!(with(&both[..1]).unwrap().keys.ring().unwrap().current().as_str(), "k1");
}

#[test]
fn certificates_for_redis_need_a_redis() {
    let error = message(&[("ROLLCALL__REDIS__CA_FILE", "ca.pem")]);
    assert!(error.contains("redis.ca_file") && error.contains("there is no redis.url"), "{error}");
    let error = message(&[("ROLLCALL__REDIS__CA_FILE", "ca.pem"), ("ROLLCALL__REDIS__URL", "redis://cache")]);
    assert!(error.contains("redis.ca_file") && error.contains("does not ask for TLS"), "{error}");
}

#[test]
fn a_server_of_mails_needs_a_sender_and_takes_no_password_in_clear() {
    let url = ("ROLLCALL__MAIL__SMTP_URL", "smtp://u:hunter2@mail.example");
    let from = ("ROLLCALL__MAIL__FROM", "no-reply@example.com");
    let never = ("ROLLCALL__MAIL__STARTTLS", "never");
    let relay = ("ROLLCALL__MAIL__SMTP_URL", "smtp://localhost:25");
    let ca = ("ROLLCALL__MAIL__CA_FILE", "ca.pem");
    for (environment, key, why) in [
        (&[url][..], "mail.from", "because mail.smtp_url is set"),
        (&[url, from, never], "mail.starttls", "has a password"),
        (&[relay, from, never, ca], "mail.ca_file", "mail.starttls is never"),
        (&[ca], "mail.ca_file", "there is no mail.smtp_url"),
    ] {
        let error = message(environment);
        assert!(error.contains(key) && error.contains(why) && !error.contains("hunter2"), "{error}");
    }
    let server = with(&[url, from]).unwrap().mail.server("Acme").unwrap().unwrap();
    assert_eq!((server.1.address.as_str(), server.1.name.as_deref()), ("no-reply@example.com", Some("Acme")));
    assert!(with(&[relay, from, never]).unwrap().mail.server("Acme").unwrap().is_some());
    assert!(with(&[from]).unwrap().mail.server("Acme").unwrap().is_none());
}
