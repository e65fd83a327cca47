//! `rollcall doctor`: each thing is broken, and found.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use serde_json::Value;
use testkit::db::{TestDatabase, statement, texts};
use testkit::{EmptyDatabase, SmtpRules, SmtpSink, redis_url};

use super::finding;
use crate::binary::Home;
use crate::crash::postgres::MortalPostgres;
use crate::patience::until;

/// A port on which nobody listens.
fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What is found, and whether the command says by its exit code that something is bad.
fn examine(home: &Home) -> Value {
    let ended = home.run(&["doctor", "--json"]);
    let found: Value = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let is_bad = found["findings"].as_array().unwrap().iter().any(|finding| finding["mark"] == "bad");
    assert_eq!(ended.status.code(), Some(i32::from(is_bad)), "{ended:?}");
    assert!(!ended.out.contains("hunter2") && ended.err.is_empty(), "{ended:?}");
    for finding in found["findings"].as_array().unwrap() {
        assert_eq!(finding["mark"] == "ok", finding["advice"].is_null(), "{finding}");
    }
    found
}

/// That a check has a mark, and says all these words.
#[track_caller]
fn expect(found: &Value, check: &str, mark: &str, words: &[&str]) {
    let finding = finding(found, check);
    assert_eq!(finding["mark"], mark, "{found}");
    for word in words {
        assert!(finding.to_string().contains(word), "no {word}: {finding}");
    }
}

#[test]
fn before_the_first_start_nothing_is_bad_and_nothing_is_made() {
    let home = Home::empty().set("ROLLCALL__HTTP__PORT", &dead_port().to_string());
    let found = examine(&home);
    expect(&found, "database", "warn", &["there is no file"]);
    expect(&found, "public_url", "warn", &["this machine alone"]);
    expect(&found, "reachable", "warn", &["nobody answers", "from outside"]);
    expect(&found, "mail", "warn", &["mail.smtp_url"]);
    assert!(finding(&found, "disk")["found"].as_str().unwrap().contains("MiB are free"));
    assert!(!home.path("rollcall-data").exists());
    let text = home.text(&["doctor"]);
    assert!(text.contains("warn  database") && text.contains("-> start `rollcall serve`"), "{text}");
}

#[test]
fn settings_that_cannot_be_read_are_all_there_is_to_say() {
    let home = Home::empty().set("ROLLCALL__HTTP__PORT", "many");
    let found = examine(&home);
    expect(&found, "settings", "bad", &["http.port", "rollcall config check"]);
    assert_eq!(found["findings"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_runs_is_found_by_its_public_address() {
    let port = dead_port().to_string();
    let home = Home::empty().set("ROLLCALL__HTTP__PORT", &port);
    let running = home.serve();
    let found = tokio::task::block_in_place(|| examine(&home));
    for check in ["database", "schema", "keys", "reachable"] {
        expect(&found, check, "ok", &[]);
    }
    running.stop();
}

#[test]
fn a_key_ring_that_is_missing_open_to_others_or_another_is_found() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme", "--with-token"]);
    let ring = home.path("rollcall-data/rollcall.keys");
    // As Kubernetes mounts a secret.
    fs::set_permissions(&ring, fs::Permissions::from_mode(0o440)).unwrap();
    assert!(!examine(&home).to_string().contains("key_home"));
    fs::set_permissions(&ring, fs::Permissions::from_mode(0o644)).unwrap();
    let found = examine(&home);
    expect(&found, "keys", "ok", &[]);
    expect(&found, "key_home", "warn", &["mode 644", "chmod 600"]);
    let kept = fs::read_to_string(&ring).unwrap();
    fs::write(&ring, format!("k9={}\n", "ab".repeat(32))).unwrap();
    expect(&examine(&home), "keys", "bad", &["lacks k", "1 secrets"]);
    fs::write(&ring, "nonsense").unwrap();
    expect(&examine(&home), "keys", "bad", &["is not good"]);
    fs::remove_file(&ring).unwrap();
    expect(&examine(&home), "keys", "bad", &["cannot be read"]);
    assert!(!ring.exists());
    fs::write(&ring, kept).unwrap();
    fs::write(home.path("rollcall-data/rollcall.sqlite"), "no database at all, but a text of some length").unwrap();
    expect(&examine(&home), "database", "bad", &["rollcall restore"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn walls_that_were_taken_down_in_postgresql_are_found() {
    let database = TestDatabase::postgres().await;
    let home = Home::on(database.target()).set("ROLLCALL__DATABASE__MIGRATE_ON_START", "false");
    let examined = || tokio::task::block_in_place(|| examine(&home));
    let found = examined();
    expect(&found, "database", "ok", &["PostgreSQL"]);
    expect(&found, "schema", "ok", &["m0010_rescue"]);
    expect(&found, "role", "warn", &["superuser", "GRANT rollcall_tenant, rollcall_operator"]);
    for check in ["policies", "clock", "keys"] {
        expect(&found, check, "ok", &[]);
    }
    expect(&found, "key_home", "warn", &["keys.ring_file"]);
    for (broken, mended, words) in [
        (
            "ALTER TABLE resource NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE resource FORCE ROW LEVEL SECURITY",
            &["not forced on resource"][..],
        ),
        (
            "ALTER TABLE member DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE member ENABLE ROW LEVEL SECURITY",
            &["not forced on member"],
        ),
        (
            "CREATE POLICY open ON fact TO rollcall_tenant USING (true)",
            "DROP POLICY open ON fact",
            &["policies of fact"],
        ),
        ("CREATE POLICY open ON fact USING (true)", "DROP POLICY open ON fact", &["policies of fact"]),
        (
            "ALTER POLICY tenant ON credential USING (true)",
            "ALTER POLICY tenant ON credential
             USING (tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::uuid))",
            &["policies of credential"],
        ),
    ] {
        statement(database.target(), broken).await;
        expect(&examined(), "policies", "bad", words);
        statement(database.target(), mended).await;
    }
    expect(&examined(), "policies", "ok", &[]);
    statement(database.target(), "DELETE FROM seaql_migrations WHERE version = 'm0010_rescue'").await;
    expect(&examined(), "schema", "bad", &["lacks the migrations m0010_rescue", "rollcall migrate"]);
    statement(database.target(), "INSERT INTO seaql_migrations VALUES ('m0010_rescue', 0), ('m9999_later', 0)").await;
    statement(database.target(), "UPDATE installation SET served_by = 99").await;
    expect(&examined(), "schema", "bad", &["newer version", "m9999_later"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_owns_nothing_is_good_and_one_that_may_nothing_is_told_how() {
    let database = TestDatabase::postgres().await;
    let role = format!("plain_{}", std::process::id());
    statement(database.target(), &format!("CREATE ROLE {role} LOGIN PASSWORD 'hunter2'")).await;
    let storage::Target::Postgres { url } = database.target() else { unreachable!("PostgreSQL") };
    let mut address: url::Url = url.parse().unwrap();
    address.set_username(&role).unwrap();
    address.set_password(Some("hunter2")).unwrap();
    let home = Home::empty().set("ROLLCALL__DATABASE__URL", address.as_str());
    let examined = || tokio::task::block_in_place(|| examine(&home));
    expect(&examined(), "role", "bad", &["GRANT rollcall_tenant, rollcall_operator", &role]);
    statement(database.target(), &format!("GRANT rollcall_tenant, rollcall_operator TO {role}")).await;
    let found = examined();
    expect(&found, "role", "ok", &["owns no table"]);
    assert!(!found.to_string().contains("role_limits"), "{found}");
    // As behind a pooler in transaction mode, but for its limits.
    statement(database.target(), &format!("ALTER ROLE {role} SET role = 'rollcall_tenant'")).await;
    expect(&examined(), "role_limits", "warn", &[&role, "statement_timeout"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_away_are_found() {
    let dead = dead_port();
    let sink = SmtpSink::start(SmtpRules::default()).unwrap();
    let redis = redis_url().unwrap();
    let here = Home::empty()
        .set("ROLLCALL__REDIS__URL", &redis)
        .set("ROLLCALL__MAIL__SMTP_URL", &sink.url())
        .set("ROLLCALL__MAIL__STARTTLS", "never")
        .set("ROLLCALL__MAIL__FROM", "rollcall@example.com");
    let found = tokio::task::block_in_place(|| examine(&here));
    expect(&found, "redis", "ok", &["Redis ", "answers within"]);
    expect(&found, "mail", "ok", &["lets us in"]);
    let away = Home::empty()
        .set("ROLLCALL__REDIS__URL", &format!("redis://:hunter2@127.0.0.1:{dead}"))
        .set("ROLLCALL__MAIL__SMTP_URL", &format!("smtp://127.0.0.1:{dead}"))
        .set("ROLLCALL__MAIL__STARTTLS", "never")
        .set("ROLLCALL__MAIL__FROM", "rollcall@example.com");
    let found = tokio::task::block_in_place(|| examine(&away));
    expect(&found, "redis", "bad", &["cannot be used", "redis.url"]);
    expect(&found, "mail", "bad", &["cannot be used", "mail.smtp_url"]);
    let away = Home::empty().set("ROLLCALL__DATABASE__URL", &format!("postgres://u:hunter2@127.0.0.1:{dead}/x"));
    let found = tokio::task::block_in_place(|| examine(&away));
    expect(&found, "database", "bad", &["database.url"]);
}

#[test]
fn an_address_in_clear_that_is_not_ours_or_has_no_name_is_found() {
    let at = |url: &str| Home::empty().set("ROLLCALL__PUBLIC_URL", url);
    let found = examine(&at("http://directory.invalid"));
    expect(&found, "public_url", "bad", &["in clear", "https"]);
    expect(&found, "reachable", "bad", &["directory.invalid cannot be resolved"]);
    let found = examine(&at("https://directory.invalid"));
    expect(&found, "public_url", "ok", &[]);
    expect(&found, "proxies", "warn", &["http.trusted_proxies"]);
    let everybody = at("https://directory.invalid").set("ROLLCALL__HTTP__TRUSTED_PROXIES", "0.0.0.0/0");
    expect(&examine(&everybody), "proxies", "bad", &["believes everybody"]);

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let answering = thread::spawn(move || {
        let (mut asked, _) = other.accept().unwrap();
        let mut request = [0; 1_024];
        let read = asked.read(&mut request).unwrap();
        assert!(read > 0);
        asked.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello").unwrap();
    });
    let found = examine(&at(&format!("http://{address}")));
    expect(&found, "reachable", "bad", &["something else answers"]);
    answering.join().unwrap();
}

/// The server refuses to start on one, so the doctor says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_in_the_place_of_the_primary_is_found() {
    let primary = MortalPostgres::start();
    let on = |url: &str| Home::empty().set("ROLLCALL__DATABASE__URL", url);
    tokio::task::block_in_place(|| on(&primary.url()).text(&["migrate"]));
    let standby = primary.standby();
    until("the standby to have the schema", async || {
        let state = texts(&standby.target(), "SELECT count(*)::text FROM pg_tables WHERE tablename = 'erasure'").await;
        (state == ["1"]).then_some(())
    })
    .await;
    let found = tokio::task::block_in_place(|| examine(&on(&standby.url())));
    expect(&found, "store", "bad", &["standby", "name the primary"]);
    expect(&found, "keys", "warn", &["cannot be asked"]);
    let found = tokio::task::block_in_place(|| examine(&on(&primary.url())));
    assert!(!found.to_string().contains("standby"), "{found}");
    expect(&found, "keys", "ok", &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_an_upgrade_added_beside_split_ones_is_found() {
    let database = EmptyDatabase::postgres().await;
    let home = Home::on(database.target());
    let examined = || tokio::task::block_in_place(|| examine(&home));
    tokio::task::block_in_place(|| home.text(&["migrate"]));
    let is_told =
        |found: &Value| found["findings"].as_array().unwrap().iter().any(|told| told["check"] == "partitions");
    assert!(!is_told(&examined()), "nothing is split");
    tokio::task::block_in_place(|| home.text(&["migrate", "partition", "--parts", "2"]));
    assert!(!is_told(&examined()));
    let later = "CREATE TABLE later (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id))";
    statement(database.target(), later).await;
    expect(&examined(), "partitions", "warn", &["later", "migrate partition"]);
}
