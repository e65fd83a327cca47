//! Redis by TLS.

use std::fs;
use std::path::Path;

use domain::limit::{Budget, Policy};
use domain::ports::RateLimiter;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use storage::limiter::{LimiterCounts, RedisLimiter, RedisTarget};

use crate::log::Log;
use crate::server::{Server, directory, free_port};
use crate::{PATIENT, clock, key};

/// Writes `NAME-ca.pem`, and a certificate for 127.0.0.1 as `NAME.pem` and `NAME.key`.
fn certify(name: &str, directory: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let server = server.signed_by(&server_key, &Issuer::new(authority, authority_key)).unwrap();
    fs::write(directory.join(format!("{name}-ca.pem")), root.pem()).unwrap();
    fs::write(directory.join(format!("{name}.pem")), server.pem()).unwrap();
    fs::write(directory.join(format!("{name}.key")), server_key.serialize_pem()).unwrap();
}

#[tokio::test]
async fn a_server_is_who_its_authority_says_and_nobody_else() {
    let (log, _guard) = Log::listen();
    let (directory, port) = (directory(), free_port());
    certify("right", directory.path());
    certify("wrong", directory.path());
    let files = directory.path().to_owned();
    let _server = Server::with(directory, |files| {
        let file = |name: &str| files.join(name).display().to_string();
        let arguments = ["--tls-port", &port.to_string(), "--tls-auth-clients", "no"].map(str::to_owned);
        let certificates = ["--tls-cert-file", &file("right.pem"), "--tls-key-file", &file("right.key")];
        arguments.into_iter().chain(certificates.map(str::to_owned)).collect()
    });

    let target = |authority: Option<&str>| {
        let target = RedisTarget::parse(&format!("rediss://127.0.0.1:{port}")).unwrap();
        match authority {
            Some(name) => target.with_ca_file(&files.join(name)).unwrap(),
            None => target,
        }
    };
    let (key, policy) = (key(30, Budget::SignIns), Policy::per_minute(1, 2));
    let right = RedisLimiter::connect(&target(Some("right-ca.pem")), PATIENT, clock()).await.unwrap();
    right.spend(&key, policy, 1).await;
    assert_eq!(right.counts(), LimiterCounts { shared: 1, local: 0 });
    assert!(log.lines("WARN").is_empty());

    for authority in [Some("wrong-ca.pem"), None] {
        let stranger = RedisLimiter::connect(&target(authority), PATIENT, clock()).await.unwrap();
        let mut allowed = 0;
        for _ in 0..4 {
            allowed += u32::from(stranger.spend(&key, policy, 1).await.allowed);
        }
        assert_eq!((allowed, stranger.counts()), (2, LimiterCounts { shared: 0, local: 4 }));
    }
    let warnings = log.lines("WARN");
    assert!(warnings.len() == 2 && warnings.iter().all(|line| line.contains("UnknownIssuer")), "{warnings:?}");
}
