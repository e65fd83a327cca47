//! What arrives.

use super::*;

#[tokio::test]
async fn a_mail_arrives_once_from_whom_the_settings_say() {
    let sink = sink(SmtpRules::default());
    send(&server(&sink.url(), StartTls::Never), &mail("ana@acme.example")).await.unwrap();
    let received = sink.wait_for(1);
    assert_eq!(received.len(), 1);
    let mail = &received[0];
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("rollcall@acme.example", &["ana@acme.example".to_owned()][..])
    );
    for line in [
        "Message-ID: <00000000-0000-0000-0000-000000000007@acme.example>",
        "Auto-Submitted: auto-generated",
        "To: ana@acme.example",
        "Content-Type: text/plain; charset=utf-8",
        "https://rollcall.example/t/acme",
        ".ein Punkt",
    ] {
        assert!(mail.data.lines().any(|known| known == line), "{line}: {}", mail.data);
    }
    assert!(mail.data.contains("\nDate: ") && mail.data.contains("<rollcall@acme.example>"), "{}", mail.data);
    assert!(mail.data.is_ascii(), "other letters are encoded: {}", mail.data);
}

#[tokio::test]
async fn no_text_becomes_a_header_or_a_recipient() {
    let sink = sink(SmtpRules::default());
    let server = server(&sink.url(), StartTls::Never);
    let evil = "x\r\nBcc: eve@evil.example\r\n\r\nhello\r\n.\r\nMAIL FROM:<eve@evil.example>";
    let to = "ana@acme.example".parse().unwrap();
    send(&server, &Mail::new(to, evil, &format!("{evil}\n.\nRCPT TO:<eve@evil.example>\n"))).await.unwrap();
    let name = Sender { address: "rollcall@acme.example".parse().unwrap(), name: Some(evil.to_owned()) };
    let mailer = SmtpMailer::new(&server, &name).unwrap();
    mailer.send(MailId(Uuid::from_u128(8)), &mail("ana@acme.example")).await.unwrap();
    let received = sink.wait_for(2);
    assert_eq!(received.len(), 2);
    for mail in received {
        assert_eq!((mail.from.as_str(), mail.to), ("rollcall@acme.example", vec!["ana@acme.example".to_owned()]));
        let headers = mail.data.split("\n\n").next().unwrap();
        assert!(!headers.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{headers}");
    }
}

#[tokio::test]
async fn a_host_of_other_letters_is_written_to_in_ascii() {
    let sink = sink(SmtpRules::default());
    send(&server(&sink.url(), StartTls::Never), &mail("ana@bücher.example")).await.unwrap();
    assert_eq!(sink.wait_for(1)[0].to, ["ana@xn--bcher-kva.example"]);
}
