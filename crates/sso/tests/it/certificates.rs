//! Certificates and keys as people paste them.

use sso::{Certificate, CertificateFault, KeyFault, ServiceProviderKey};
use time::macros::datetime;

use super::support::{certificate, fixture, key};

#[test]
fn pem_bare_base64_and_text_around_it_are_the_same_certificate() {
    let pem = fixture("keys/idp.crt");
    let read = certificate("idp");
    let bare = read.base64();
    let wrapped = format!("subject=CN = idp\n{pem}\nsomething else");
    for text in [pem.clone(), pem.replace('\n', "\r\n"), bare.clone(), format!("  {bare}\n"), wrapped, read.pem()] {
        assert_eq!(Certificate::read(&text).as_ref(), Ok(&read));
    }
    assert_eq!(read.pem(), pem);
    assert_eq!(read.subject(), "CN=idp.example");
    assert_eq!(read.not_before(), datetime!(2029-01-01 00:00 UTC));
    assert_eq!(read.not_after(), datetime!(2032-01-01 00:00 UTC));
    assert_eq!(read.fingerprint().to_string().len(), 64);
    assert!(format!("{read:?}").contains("idp.example"));
}

#[test]
fn what_is_no_certificate_is_refused_with_the_reason() {
    for (text, fault) in [
        (fixture("keys/idp.key"), CertificateFault::PrivateKey),
        (format!("{}{}", fixture("keys/idp.crt"), fixture("keys/idp.key")), CertificateFault::PrivateKey),
        ("no certificate!".to_owned(), CertificateFault::NotBase64),
        ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----".to_owned(), CertificateFault::NotBase64),
        (String::new(), CertificateFault::NotX509),
        ("aGVsbG8=".to_owned(), CertificateFault::NotX509),
        (certificate("idp").base64()[..400].to_owned(), CertificateFault::NotX509),
        (fixture("keys/short.crt"), CertificateFault::WeakKey),
        (fixture("keys/edwards.crt"), CertificateFault::WeakKey),
    ] {
        assert_eq!(Certificate::read(&text), Err(fault.clone()), "{text}");
        assert!(!fault.code().is_empty());
    }
    Certificate::read(&fixture("keys/idp-ec.crt")).unwrap();
}

#[test]
fn a_key_is_rsa_in_pkcs8_and_shows_nothing() {
    let text = fixture("keys/sp.key");
    assert_eq!(format!("{:?}", ServiceProviderKey::from_pkcs8_pem(&text).unwrap()), "ServiceProviderKey");
    for name in ["short.key", "idp-ec.key", "edwards.key", "idp.crt"] {
        assert_eq!(
            ServiceProviderKey::from_pkcs8_pem(&fixture(&format!("keys/{name}"))).err(),
            Some(KeyFault::Unreadable),
            "{name}"
        );
    }
    assert!(ServiceProviderKey::from_pkcs8_pem("").is_err());
}

#[test]
fn our_own_certificate_is_the_same_for_the_same_arguments() {
    let make = |serial| {
        let (from, until) = (datetime!(2030-01-01 00:00 UTC), datetime!(2033-01-01 00:00 UTC));
        Certificate::self_signed(&key("sp"), "Acme, Inc. = \"SSO\"", serial, from, until).unwrap()
    };
    let ours = make(7);
    assert_eq!(ours, make(7));
    assert_ne!(ours, make(8));
    assert_eq!(Certificate::read(&ours.pem()).unwrap(), ours);
    assert!(ours.subject().starts_with("CN=Acme"), "{}", ours.subject());
    assert_eq!((ours.not_before(), ours.not_after()), (datetime!(2030-01-01 0:00 UTC), datetime!(2033-01-01 0:00 UTC)));
}
