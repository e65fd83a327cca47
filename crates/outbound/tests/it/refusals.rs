//! What does not arrive, and whether it may later.

use super::*;

#[track_caller]
fn later(sent: Result<(), MailError>, what: &str) {
    match sent {
        Err(MailError::Later(why)) => assert!(why.contains(what), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_again() {
    let sink = sink(SmtpRules::default());
    let (url, address) = (sink.url(), sink.address());
    drop(sink);
    let server = server(&url, StartTls::Never);
    let to = mail("ana@acme.example");
    while std::net::TcpStream::connect(address).is_ok() {}
    later(send(&server, &to).await, "cannot be used");
    let back = SmtpSink::start_at(address, SmtpRules::default()).unwrap();
    send(&server, &to).await.unwrap();
    assert_eq!(back.wait_for(1).len(), 1);
}

#[tokio::test]
async fn what_the_server_wants_later_comes_later_and_what_it_never_takes_does_not() {
    let table = [
        ("450 busy, ana@acme.example", "later (450)", true),
        ("421 going down", "later (421)", true),
        ("550 nobody of that name: ana@acme.example", "refused the mail (550)", false),
        ("552 too large", "refused the mail (552)", false),
    ];
    for (answer, what, may_be_later) in table {
        let sink = sink(SmtpRules { recipient: Some(answer), ..SmtpRules::default() });
        let error = send(&server(&sink.url(), StartTls::Never), &mail("ana@acme.example")).await.unwrap_err();
        assert_eq!(matches!(error, MailError::Later(_)), may_be_later, "{error:?}");
        assert!(error.to_string().contains(what) && !error.to_string().contains("ana@"), "{error}");
        assert_eq!(sink.received(), []);
    }
}

#[tokio::test]
async fn a_wrong_password_is_no_fault_of_the_mail() {
    let authority = authority::Authority::new("right");
    let user = Some(("rollcall".to_owned(), "hunter2".to_owned()));
    let sink = sink(SmtpRules { encrypt: Some(authority.encrypt()), user, ..SmtpRules::default() });
    let with = |user: &str| {
        let url = sink.url().replace("smtp://", &format!("smtp://{user}"));
        server(&url, StartTls::Required).with_ca_file(&authority.file()).unwrap()
    };
    send(&with("rollcall:hunter2@"), &mail("ana@acme.example")).await.unwrap();
    later(send(&with("rollcall:hunter3@"), &mail("ana@acme.example")).await, "does not let us in (535)");
    later(send(&with(""), &mail("ana@acme.example")).await, "does not let us in (530)");
    assert_eq!(sink.received().len(), 1);
}
