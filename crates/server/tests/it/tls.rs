//! PostgreSQL by TLS: it is who its authority says, or nobody.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::tempdir;
use testkit::db::{statement, texts};
use testkit::servers::postgres::USER;

use crate::binary::Home;
use crate::crash::postgres::MortalPostgres;

/// Who is let in by TLS alone; the superuser of tests comes either way.
const BY_TLS: &str = "by_tls";
const RULES: &str = "hostssl all by_tls 127.0.0.1/32 trust\nhost all rollcall_test 127.0.0.1/32 trust\n";

/// Writes `NAME-ca.pem`, and a certificate for 127.0.0.1 as `NAME.pem` and `NAME.key`.
fn certify(name: &str, folder: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let server = server.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    fs::write(folder.join(format!("{name}-ca.pem")), root.pem()).unwrap();
    fs::write(folder.join(format!("{name}.pem")), server.pem()).unwrap();
    let file = folder.join(format!("{name}.key"));
    fs::write(&file, key.serialize_pem()).unwrap();
    // PostgreSQL takes no key that others can read.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_is_who_its_authority_says_and_nobody_else() {
    let files = tempdir().unwrap();
    certify("right", files.path());
    certify("wrong", files.path());
    let settings = ["ssl=on", "ssl_cert_file=right.pem", "ssl_key_file=right.key"];
    let postgres = MortalPostgres::start_with(&settings, |cluster| {
        for name in ["right.pem", "right.key"] {
            fs::copy(files.path().join(name), cluster.join(name)).unwrap();
        }
        fs::write(cluster.join("pg_hba.conf"), RULES).unwrap();
    });
    statement(&postgres.target(), &format!("CREATE ROLE {BY_TLS} LOGIN SUPERUSER")).await;
    let authority = |name: &str| files.path().join(name).display().to_string();
    let (right, wrong) = (authority("right-ca.pem"), authority("wrong-ca.pem"));
    let named = |host: &str, query: &str| postgres.url().replace(USER, BY_TLS).replace("127.0.0.1", host) + query;
    let home = |url: &str| Home::empty().set("ROLLCALL__DATABASE__URL", url).set("ROLLCALL__HTTP__PORT", "0");

    let url = named("127.0.0.1", &format!("?sslmode=verify-full&sslrootcert={right}"));
    let trusting = home(&url);
    let running = trusting.serve();
    let token = trusting.json(&["tenant", "create", "acme", "--with-token"])["token"].as_str().unwrap().to_owned();
    running.caller("acme", &token).create_user("ada").await.expect(201);
    let by_tls = "SELECT DISTINCT ssl::text FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                  WHERE application_name = 'rollcall'";
    assert_eq!(texts(&postgres.target(), by_tls).await, ["true"]);
    running.stop();

    for (url, words) in [
        (
            named("127.0.0.1", &format!("?sslmode=verify-full&sslrootcert={wrong}")),
            &["certificate", "UnknownIssuer"][..],
        ),
        (named("127.0.0.1", "?sslmode=verify-full"), &["certificate", "UnknownIssuer"]),
        // The certificate is for the number alone.
        (named("localhost", &format!("?sslmode=verify-full&sslrootcert={right}")), &["certificate", "localhost"]),
        (named("127.0.0.1", "?sslmode=disable"), &["no encryption"]),
        (named("127.0.0.1", &format!("?sslmode=require&sslrootcert={right}")), &["database.url", "verify-full"]),
        (named("127.0.0.1", "?sslmode=verify-full&sslrootcert=/none.pem"), &["database.url", "/none.pem"]),
    ] {
        for command in [&["serve"][..], &["migrate", "status"]] {
            let sentence = home(&url).refused(command);
            for word in words {
                assert!(sentence.contains(word), "no \"{word}\": {sentence}");
            }
        }
    }
    // The name is not looked at, or nothing is.
    home(&named("localhost", &format!("?sslmode=verify-ca&sslrootcert={right}"))).text(&["migrate", "status"]);
    home(&named("localhost", "?sslmode=require")).text(&["migrate", "status"]);
}
