//! What an operator reads when a value cannot be used.

use super::message;

#[test]
fn a_public_url_of_another_shape_is_refused() {
    for text in ["example.com", "ftp://example.com", "https://example.com?x=1", "https://example.com/#x", "https://"] {
        let error = message(&[("ROLLCALL__PUBLIC_URL", text)]);
        assert!(error.contains("public_url from environment variable ROLLCALL__PUBLIC_URL is \""), "{error}");
        assert!(error.contains(": expected an http or https URL without "), "{error}");
    }
    assert!(!message(&[("ROLLCALL__PUBLIC_URL", "https://u:hunter2@example.com")]).contains("hunter2"));
}

#[test]
fn each_bad_value_is_answered_with_its_key_and_what_was_expected() {
    let cases = [
        ("ROLLCALL__DATA_DIR", "", "data_dir", "a folder"),
        ("ROLLCALL__HTTP__HOST", "http://x", "http.host", "an IP address or a host name"),
        ("ROLLCALL__HTTP__PORT", "65536", "http.port", "a whole number from 0 to 65535"),
        ("ROLLCALL__HTTP__BODY_LIMIT_BYTES", "1MB", "http.body_limit_bytes", "a whole number, at least 1"),
        ("ROLLCALL__HTTP__WORKERS", "0", "http.workers", "a whole number from 1 to 1024"),
        ("ROLLCALL__HTTP__TRUSTED_PROXIES", "10.0.0.1, proxy", "http.trusted_proxies", "IP addresses and networks, "),
        ("ROLLCALL__HTTP__TRUSTED_PROXIES", "10.1.2.3/8", "http.trusted_proxies", "IP addresses and networks, "),
        ("ROLLCALL__HTTP__FORWARDED_HEADER", "x-real-ip", "http.forwarded_header", "one of x-forwarded-for, forwarded"),
        ("ROLLCALL__DATABASE__MAX_CONNECTIONS", "0", "database.max_connections", "a whole number from 1"),
        ("ROLLCALL__DATABASE__MIGRATE_ON_START", "1", "database.migrate_on_start", "true or false"),
        ("ROLLCALL__TENANCY__BASE_DOMAIN", "Example.com", "tenancy.base_domain", "a lower-case domain name"),
        ("ROLLCALL__ROLES__NAMES", "Admin,", "roles.names", "1 to 50 names"),
        ("ROLLCALL__SCIM__MAX_PAGE_SIZE", "0", "scim.max_page_size", "a whole number, at least 1"),
        ("ROLLCALL__TELEMETRY__LOG", "inof", "telemetry.log", "a level (error, warn"),
        ("ROLLCALL__TELEMETRY__FORMAT", "xml", "telemetry.format", "one of auto, pretty, json"),
    ];
    for (variable, value, key, expected) in cases {
        let start =
            format!("settings key {key} from environment variable {variable} is \"{value}\": expected {expected}");
        let error = message(&[(variable, value)]);
        assert!(error.starts_with(&start) && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_foreign_database_is_answered_with_what_is_accepted() {
    let error = message(&[("ROLLCALL__DATABASE__URL", "mysql://root:hunter2@db/x")]);
    assert!(error.contains(" is ***: expected postgres://…, postgresql://… or sqlite://PATH"), "{error}");
    assert!(!error.contains("hunter2"));
    assert!(message(&[("ROLLCALL__DATABASE__URL", "")]).contains(" is \"\": expected postgres://"));
}

#[test]
fn an_owner_without_postgres_is_refused() {
    let error = message(&[("ROLLCALL__DATABASE__OWNER_URL", "postgres://owner:hunter2@db/x")]);
    assert_eq!(
        error,
        "settings key database.owner_url from environment variable ROLLCALL__DATABASE__OWNER_URL is ***: \
         expected it to be left out, because database.url names no PostgreSQL server"
    );
}

#[test]
fn the_default_page_may_not_be_larger_than_the_largest() {
    let error = message(&[("ROLLCALL__SCIM__MAX_PAGE_SIZE", "50")]);
    assert!(error.starts_with("settings key scim.max_page_size from environment variable"), "{error}");
    assert!(error.ends_with(" is 50: expected at least scim.default_page_size, which is 100"), "{error}");
    let error = message(&[("ROLLCALL__SCIM__MAX_PAGE_SIZE", "50"), ("ROLLCALL__SCIM__DEFAULT_PAGE_SIZE", "60")]);
    assert!(error.starts_with("settings key scim.default_page_size from"), "{error}");
    assert!(error.ends_with(" is 60: expected at most scim.max_page_size, which is 50"), "{error}");
}
