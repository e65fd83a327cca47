//! The layers together, through the public face.

mod messages;
mod secrets;
mod structs;

use std::path::PathBuf;

use secrecy::ExposeSecret;
use web::client_address::{ClientAddresses, ForwardedHeader, TrustedProxies};

use super::*;

const NOTHING: [(&str, &str); 0] = [];

/// A settings file that lives as long as the test.
struct File(tempfile::TempDir);

impl File {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rollcall.toml"), text).unwrap();
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("rollcall.toml")
    }
}

fn with(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::load_from(None, environment.iter().copied())
}

fn message(environment: &[(&str, &str)]) -> String {
    with(environment).unwrap_err().to_string()
}

#[test]
fn without_file_and_environment_the_defaults_hold() {
    let settings = with(&NOTHING).unwrap();
    assert_eq!(settings.public_url().as_str(), "http://127.0.0.1:8080/");
    assert_eq!((settings.http.host.as_str(), settings.http.port), ("127.0.0.1", 8080));
    assert_eq!((settings.http.body_limit_bytes, settings.http.group_body_limit_bytes), (1 << 20, 8 << 20));
    assert_eq!(settings.http.shutdown_grace_seconds, 30);
    assert!(settings.http.workers >= 1 && settings.limits.enabled && settings.database.migrate_on_start);
    assert_eq!((settings.database.max_connections, settings.database.acquire_timeout_ms), (16, 3_000));
    assert_eq!((settings.database.statement_timeout_ms, settings.database.lock_timeout_ms), (20_000, 5_000));
    assert_eq!(settings.http.drain_seconds, 0);
    assert!(settings.redis.url.is_none() && settings.tenancy.base_domain.is_none());
    assert_eq!((settings.scim.default_page_size, settings.scim.max_page_size), (100, 1_000));
    assert_eq!(settings.scim.group_list_members_limit, 10_000);
    assert!(settings.keys.ring.is_none() && settings.keys.ring_file.is_none());
    assert_eq!(
        (settings.telemetry.log.as_str(), settings.telemetry.format),
        ("info,actix_server=warn,sea_orm_migration=warn,redis=off", LogFormat::Auto)
    );
    assert!(settings.telemetry.otlp_endpoint.is_none() && settings.metrics.port.is_none());
    assert_eq!((settings.metrics.host.as_str(), settings.metrics.tenants), ("127.0.0.1", 100));
    assert!((settings.telemetry.trace_ratio - 0.1).abs() < f64::EPSILON);
}

#[test]
fn a_share_is_a_number_in_the_file_and_in_the_environment() {
    let share = |text: &str| {
        let file = File::new(&format!("[telemetry]\ntrace_ratio = {text}\n"));
        Settings::load_from(Some(&file.path()), NOTHING).map(|settings| settings.telemetry.trace_ratio)
    };
    for (text, expected) in [("0.25", 0.25), ("1", 1.0), ("0", 0.0)] {
        let from_environment = with(&[("ROLLCALL__TELEMETRY__TRACE_RATIO", text)]).unwrap().telemetry.trace_ratio;
        assert!((share(text).unwrap() - expected).abs() < f64::EPSILON, "{text}");
        assert!((from_environment - expected).abs() < f64::EPSILON, "{text}");
    }
    for bad in ["1.5", "-0.1", "2", "nan", "\"0.1\"", "true"] {
        let error = share(bad).unwrap_err().to_string();
        assert!(error.contains("expected a number from 0 to 1"), "{bad}: {error}");
    }
}

#[test]
fn roles_are_a_list_in_the_file_and_stand_between_commas_in_the_environment() {
    let roles = |text: &str| text.parse::<domain::role::AppRoles>().unwrap();
    assert_eq!(with(&NOTHING).unwrap().roles.names, roles("Admin, Member"));
    let file = File::new("[roles]\nnames = [\"Owner\", \"Read only\"]\n");
    assert_eq!(Settings::load_from(Some(&file.path()), NOTHING).unwrap().roles.names, roles("Owner,Read only"));
    let settings = Settings::load_from(Some(&file.path()), [("ROLLCALL__ROLES__NAMES", "Editor , Viewer")]).unwrap();
    assert_eq!(settings.roles.names, roles("Editor,Viewer"));
    for bad in ["[]", "[\"Admin\", \"ADMIN\"]", "[\"a,b\"]", "[\"\"]", "[1]", "1"] {
        let file = File::new(&format!("[roles]\nnames = {bad}\n"));
        let error = Settings::load_from(Some(&file.path()), NOTHING).unwrap_err().to_string();
        assert!(error.contains("roles.names from file") && error.contains("expected 1 to 50 names"), "{error}");
    }
}

#[test]
fn nobody_is_believed_to_be_a_proxy_unless_it_is_listed() {
    assert_eq!(with(&NOTHING).unwrap().http.client_addresses(), ClientAddresses::default());
    let file = File::new("[http]\ntrusted_proxies = \"10.0.0.0/8, ::1\"\nforwarded_header = \"forwarded\"\n");
    let settings = Settings::load_from(Some(&file.path()), NOTHING).unwrap();
    let expected = ClientAddresses::new("10.0.0.0/8,::1".parse().unwrap(), ForwardedHeader::Forwarded);
    assert_eq!(settings.http.client_addresses(), expected);
    // A later layer can take the trust back.
    let settings = Settings::load_from(Some(&file.path()), [("ROLLCALL__HTTP__TRUSTED_PROXIES", "")]).unwrap();
    assert_eq!(settings.http.trusted_proxies, TrustedProxies::default());
}

#[test]
fn the_default_database_is_a_file_in_the_data_folder() {
    let settings = with(&[("ROLLCALL__DATA_DIR", "/var/lib/rollcall/")]).unwrap();
    let DatabaseTarget::Sqlite { path } = settings.database.target() else { panic!("not the embedded home") };
    assert_eq!(path, PathBuf::from("/var/lib/rollcall/rollcall.sqlite"));
    assert!(settings.database.is_embedded());
}

#[test]
fn a_postgres_url_makes_it_the_production_home() {
    let url = "postgres://u:p@db/rollcall";
    let owner = ("ROLLCALL__DATABASE__OWNER_URL", "postgresql://owner:p@db/rollcall");
    let settings = with(&[("ROLLCALL__DATABASE__URL", url), owner]).unwrap();
    let DatabaseTarget::Postgres { url: given, owner_url } = settings.database.target() else { panic!("embedded") };
    assert_eq!(given.expose_secret(), url);
    assert_eq!(owner_url.unwrap().expose_secret(), owner.1);
    assert!(!settings.database.is_embedded());
}

#[test]
fn the_file_overrides_defaults_and_the_environment_overrides_the_file() {
    let file = File::new("[http]\nport = 1000\nhost = \"::1\"\n[limits]\nenabled = true\n");
    let environment = [("ROLLCALL__HTTP__PORT", "2000"), ("ROLLCALL__LIMITS__ENABLED", "false")];
    let settings = Settings::load_from(Some(&file.path()), environment).unwrap();
    assert_eq!((settings.http.host.as_str(), settings.http.port), ("::1", 2000));
    assert!(!settings.limits.enabled);
    assert_eq!(settings.scim.max_page_size, 1_000);
    assert_eq!(settings.public_url().as_str(), "http://[::1]:2000/");
}

#[test]
fn every_value_knows_which_layer_it_came_from() {
    let file = File::new("data_dir = \"d\"\n[http]\nport = 1000\n");
    let layers = Layers::load_from(Some(&file.path()), [("ROLLCALL__HTTP__PORT", "2000")]).unwrap();
    let path = file.path().display().to_string();
    assert_eq!(layers.origin("data_dir"), Origin::File { path, line: 1 });
    assert_eq!(layers.origin("http.port"), Origin::Environment("ROLLCALL__HTTP__PORT".to_owned()));
    assert_eq!(layers.origin("http.host"), Origin::Default);
}

#[test]
fn a_bad_value_stops_the_start_even_when_a_later_layer_overrides_it() {
    let file = File::new("[http]\nport = \"many\"\n");
    let error = Settings::load_from(Some(&file.path()), [("ROLLCALL__HTTP__PORT", "1")]).unwrap_err().to_string();
    assert!(error.contains("line 2 is \"many\": expected a whole number"), "{error}");
}

#[test]
fn the_public_url_loses_its_trailing_slash_and_keeps_its_path() {
    let url = |text| with(&[("ROLLCALL__PUBLIC_URL", text)]).unwrap();
    assert_eq!(url("https://example.com/rollcall/").public_url().as_str(), "https://example.com/rollcall");
    assert_eq!(url("https://example.com/rollcall/").public_base(), "https://example.com/rollcall");
    assert_eq!(url("https://example.com/").public_base(), "https://example.com");
}

#[test]
fn a_free_port_is_put_into_the_default_public_url_once_it_is_known() {
    let settings = with(&[("ROLLCALL__HTTP__PORT", "0")]).unwrap();
    assert_eq!(settings.public_url_at(41_000).as_str(), "http://127.0.0.1:41000/");
    let fixed = with(&[("ROLLCALL__HTTP__PORT", "0"), ("ROLLCALL__PUBLIC_URL", "https://example.com")]).unwrap();
    assert_eq!(fixed.public_url_at(41_000).as_str(), "https://example.com/");
}
