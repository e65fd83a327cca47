//! Nothing goes in clear that is not meant to.

use super::authority::Authority;
use super::*;

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail_where_it_is_required() {
    let sink = sink(SmtpRules::default());
    let error = send(&server(&sink.url(), StartTls::Required), &mail("ana@acme.example")).await.unwrap_err();
    assert!(matches!(error, MailError::Later(_)), "{error:?}");
    assert_eq!(sink.received(), []);
}

#[tokio::test]
async fn a_connection_is_encrypted_before_or_after_it_begins() {
    let authority = Authority::new("right");
    for implicit in [false, true] {
        let sink = sink(SmtpRules { encrypt: Some(authority.encrypt()), implicit, ..SmtpRules::default() });
        let url = if implicit { sink.url().replace("smtp://", "smtps://") } else { sink.url() };
        let trusting = server(&url, StartTls::Required).with_ca_file(&authority.file()).unwrap();
        send(&trusting, &mail("ana@acme.example")).await.unwrap();
        let received = sink.wait_for(1);
        assert!(received.len() == 1 && received[0].was_encrypted);
    }
}

#[tokio::test]
async fn a_server_is_who_its_authority_says_and_nobody_else() {
    let (right, wrong) = (Authority::new("right"), Authority::new("wrong"));
    let sink = sink(SmtpRules { encrypt: Some(right.encrypt()), ..SmtpRules::default() });
    let plain = server(&sink.url(), StartTls::Required);
    let others = plain.clone().with_ca_file(&wrong.file()).unwrap();
    for server in [plain, others] {
        let error = send(&server, &mail("ana@acme.example")).await.unwrap_err();
        assert!(matches!(error, MailError::Later(_)), "{error:?}");
        assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    }
    assert_eq!(sink.received(), []);
}

#[test]
fn a_file_without_certificates_is_refused_when_it_is_read() {
    let authority = Authority::new("right");
    let empty = authority.folder().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    let server = server("smtp://localhost", StartTls::Required);
    for (file, what) in [(empty, "holds no certificate"), (authority.folder().join("none.pem"), "cannot be read")] {
        let error = server.clone().with_ca_file(&file).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}
