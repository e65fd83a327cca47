//! Starts that cannot be: each ends soon, with one sentence that names the matter and what to do.

use std::fs;
use std::net::TcpListener;

use testkit::EmptyDatabase;

use crate::binary::Home;

/// An empty directory; nothing but the matter of the test is in the way of a start.
fn fresh() -> Home {
    Home::empty().set("ROLLCALL__HTTP__PORT", "0")
}

/// Starts to serve; gives the sentence of the refusal, in which all these words must be.
#[track_caller]
fn refused(home: &Home, words: &[&str]) -> String {
    let sentence = home.refused::<&str>(&[]);
    for word in words {
        assert!(sentence.contains(word), "no \"{word}\": {sentence}");
    }
    sentence
}

#[test]
fn settings_that_cannot_be_used_are_named_with_what_was_expected() {
    for (name, value, words) in [
        ("ROLLCALL__HTTP__PROT", "1", &["http.prot", "ROLLCALL__HTTP__PROT", "did you mean http.port"][..]),
        ("ROLLCALL__NONSENSE", "1", &["nonsense", "ROLLCALL__NONSENSE"]),
        ("ROLLCALL__HTTP__PORT", "80a", &["http.port", "\"80a\"", "whole number from 0 to 65535"]),
        ("ROLLCALL__HTTP__PORT", "65536", &["http.port", "whole number from 0 to 65535"]),
        ("ROLLCALL__PUBLIC_URL", "directory.example.com", &["public_url", "http or https URL"]),
        ("ROLLCALL__TENANCY__BASE_DOMAIN", "https://example.com", &["tenancy.base_domain", "domain name"]),
        ("ROLLCALL__DATABASE__URL", "mysql://u:hunter2@db/x", &["database.url", "***", "postgres://"]),
        ("ROLLCALL__DATABASE__OWNER_URL", "postgres://u:hunter2@db/x", &["database.owner_url", "database.url"]),
        ("ROLLCALL__KEYS__RING", "hunter2", &["keys.ring", "64 hexadecimal digits"]),
        ("ROLLCALL__TELEMETRY__LOG", "loud,,", &["telemetry.log", "error, warn, info"]),
        ("ROLLCALL__TELEMETRY__FORMAT", "xml", &["telemetry.format", "auto, pretty, json"]),
        ("ROLLCALL__SCIM__DEFAULT_PAGE_SIZE", "5000", &["scim.default_page_size", "scim.max_page_size"]),
    ] {
        let home = fresh().set(name, value);
        refused(&home, words);
        assert!(!home.path("rollcall-data").exists(), "{name}");
    }
}

#[test]
fn a_settings_file_that_cannot_be_read_is_named() {
    let home = fresh();
    let given = |file: &str| home.refused(&["--config", file]);
    assert!(given("none.toml").contains("cannot read the settings file none.toml"));
    fs::create_dir(home.path("folder.toml")).unwrap();
    assert!(given("folder.toml").contains("cannot read the settings file folder.toml"));
    home.write("broken.toml", "[http]\nport = \n");
    assert!(given("broken.toml").contains("broken.toml is not valid TOML at line 2"));
    home.write("unknown.toml", "[http]\nprot = 1\n");
    let unknown = given("unknown.toml");
    assert!(unknown.contains("http.prot") && unknown.contains("unknown.toml line 2"), "{unknown}");
    home.write("rollcall.toml", "[[http]]\n");
    refused(&home, &["rollcall.toml"]);
}

#[test]
fn a_port_that_is_taken_is_named_and_nothing_has_been_made() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let home = fresh().set("ROLLCALL__HTTP__PORT", &address.port().to_string());
    refused(&home, &[&address.to_string(), "http.port", "in use"]);
    assert!(!home.path("rollcall-data").exists(), "the demo tenant's token would never have been shown");
}

#[test]
fn a_host_that_is_not_this_machine_is_named() {
    // Reserved for documentation (RFC 5737).
    let home = fresh().set("ROLLCALL__HTTP__HOST", "192.0.2.1");
    refused(&home, &["192.0.2.1", "http.host"]);
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    // A file is in the way, which stops root as well.
    let home = fresh().set("ROLLCALL__DATA_DIR", "file/data");
    home.write("file", "");
    refused(&home, &["file/data", "cannot be created"]);
    let home = fresh().set("ROLLCALL__DATA_DIR", "file");
    home.write("file", "");
    refused(&home, &["file/rollcall.sqlite", "cannot be created"]);
    let home = fresh().set("ROLLCALL__DATABASE__URL", "sqlite:///dev/null/rollcall.sqlite");
    refused(&home, &["/dev/null"]);
}

#[test]
fn a_data_folder_that_cannot_be_written_to_is_named() {
    // Where nobody may make files, not even root.
    let home = fresh().set("ROLLCALL__DATA_DIR", "/sys/kernel");
    refused(&home, &["/sys/kernel", "cannot be created"]);
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let home = fresh();
    fs::create_dir(home.path("rollcall-data")).unwrap();
    let text = "Dear diary, this is certainly not a database, whatever the name of the file says.\n".repeat(20);
    let path = home.write("rollcall-data/rollcall.sqlite", &text);
    refused(&home, &["rollcall-data/rollcall.sqlite", "not a database"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused(&home, &["rollcall-data/rollcall.sqlite", "cannot be used"]);
}

#[test]
fn a_postgresql_that_cannot_be_used_is_named_without_its_password() {
    // Somebody who takes calls and says nothing, as a firewall or a hung server does.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent_at, closed_at) = (silent.local_addr().unwrap(), closed.local_addr().unwrap());
    drop(closed);
    for host in [silent_at.to_string(), closed_at.to_string(), "no-such-host.invalid".to_owned()] {
        let home = fresh().set("ROLLCALL__DATABASE__URL", &format!("postgres://rollcall:hunter2@{host}/rollcall"));
        refused(&home, &["PostgreSQL", "database.url", "cannot be used"]);
        let home = home.set("ROLLCALL__DATABASE__ACQUIRE_TIMEOUT_MS", "200");
        for command in [&["migrate"][..], &["tenant", "list"], &["token", "list", "--tenant", "acme"]] {
            let sentence = home.refused(command);
            assert!(sentence.contains("database.url"), "{sentence}");
        }
    }
}

#[test]
fn a_postgresql_that_does_not_know_us_is_named() {
    let server = testkit::postgres_url().unwrap();
    let (server, _) = server.rsplit_once('/').unwrap();
    let home = fresh().set("ROLLCALL__DATABASE__URL", &format!("{server}/no_such_database"));
    refused(&home, &["database.url", "\"no_such_database\" does not exist"]);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let database = EmptyDatabase::postgres().await;
    let home = Home::on(database.target()).set("ROLLCALL__HTTP__PORT", "0");
    home.text(&["migrate"]);
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_of_the_future', 1)";
    testkit::db::statement(database.target(), newer).await;
    testkit::db::statement(database.target(), "UPDATE installation SET served_by = 9999").await;

    let words = ["newer version of Rollcall", "m9999_of_the_future", "run that version or a later one"];
    refused(&home, &words);
    for command in [&["migrate"][..], &["tenant", "create", "acme"], &["serve"]] {
        let sentence = home.refused(command);
        assert!(words.iter().all(|word| sentence.contains(word)), "{command:?}: {sentence}");
    }
    let status = home.text(&["migrate", "status"]);
    assert!(status.contains("of a newer version: m9999_of_the_future"), "{status}");
}
