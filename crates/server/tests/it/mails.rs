//! Mails of the real binary: invitations, and notices about connections.

use std::time::Duration;

use testkit::db::TestDatabase;
use testkit::{Received, SmtpRules, SmtpSink};

use crate::binary::{Home, Running};
use crate::patience::until_blocking;

const OWNER: &str = "ana@acme.example";

/// A tenant whose people are to be told of a connection that takes nothing, for its only token is revoked.
fn in_trouble(home: &Home) {
    let tenant = home.json(&["tenant", "create", "acme", "--with-token"]);
    home.text(&["provisioning", "set", "--tenant", "acme", "--notify", "it@acme.example"]);
    home.text(&["token", "revoke", "--tenant", "acme", tenant["token_id"].as_str().unwrap()]);
}

/// Invites somebody; gives the link.
fn invite(home: &Home) -> String {
    let invited = home.json(&["admin", "create", "--tenant", "acme", "--email", OWNER, "--role", "owner"]);
    invited["link"].as_str().unwrap().to_owned()
}

/// Mails go to the sink.
pub fn through(sink: &SmtpSink, home: Home) -> Home {
    let home = home.set("ROLLCALL__MAIL__SMTP_URL", &sink.url()).set("ROLLCALL__MAIL__STARTTLS", "never");
    home.set("ROLLCALL__MAIL__FROM", "no-reply@rollcall.example").set("ROLLCALL__BRANDING__NAME", "Acme Suite")
}

/// A mail's text as it was before it was made fit for its way: soft line breaks and escapes undone.
pub fn text(mail: &Received) -> String {
    let joined = mail.data.replace("=\n", "");
    joined.replace("=3D", "=").replace("=E2=80=99", "’")
}

#[test]
fn two_servers_send_an_invitation_and_a_notice_once() {
    let sink = SmtpSink::start(SmtpRules::default()).unwrap();
    let database = tokio::runtime::Runtime::new().unwrap().block_on(TestDatabase::postgres());
    let homes = [0, 1].map(|_| through(&sink, Home::on(database.target())));
    in_trouble(&homes[0]);
    let link = invite(&homes[0]);
    let servers = homes.each_ref().map(Home::serve);
    sink.wait_for(2);
    // Time for a second mail, if there were one.
    std::thread::sleep(Duration::from_secs(8));
    let received = sink.received();
    assert_eq!(received.len(), 2, "{received:?}");
    let to =
        |address: &str| received.iter().find(|mail| mail.to == [address]).unwrap_or_else(|| panic!("{received:?}"));
    assert!(text(to(OWNER)).contains(&link), "{}", to(OWNER).data);
    let notice = text(to("it@acme.example"));
    assert!(notice.contains("Acme Suite") && notice.contains("create a token"), "{notice}");
    for server in servers {
        let log = server.stop();
        assert!(!log.contains(OWNER) && !log.contains("/sign-in/link/"), "{log}");
    }
}

#[test]
fn a_server_of_mails_that_is_away_gets_what_waits_when_it_is_back() {
    let gone = SmtpSink::start(SmtpRules::default()).unwrap();
    let address = gone.address();
    let home = through(&gone, Home::empty());
    drop(gone);
    home.text(&["tenant", "create", "acme"]);
    invite(&home);
    let server = home.serve();
    let waits = || server.lines().iter().any(|line| line["message"] == "a mail could not be sent; it is tried again");
    until_blocking("the first try", || waits().then_some(()));
    let back = SmtpSink::start_at(address, SmtpRules::default()).unwrap();
    // The second try is a quarter of a minute after the first.
    back.wait_for(1);
    back.wait_for(1);
    assert_eq!(back.wait_for(1).len(), 1);
    server.stop();
}

/// Waits until the log has a line that says this, and gives it.
fn said(server: &Running, what: &str) -> String {
    let line = || {
        let lines = server.lines();
        let message = |line: &serde_json::Value| Some(line["message"].as_str()?.to_owned());
        lines.iter().filter_map(message).find(|message| message.contains(what))
    };
    until_blocking("the log to say it", line)
}

#[test]
fn without_a_server_of_mails_the_embedded_home_shows_them_in_its_log() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    let link = invite(&home);
    let server = home.serve();
    assert!(said(&server, "mail.smtp_url is not set").contains(&link));
    server.stop();
}

#[test]
fn without_a_server_of_mails_the_other_home_says_only_that_one_waits() {
    let database = tokio::runtime::Runtime::new().unwrap().block_on(TestDatabase::postgres());
    let home = Home::on(database.target());
    home.text(&["tenant", "create", "acme"]);
    invite(&home);
    let server = home.serve();
    said(&server, "a mail could not be sent");
    let log = server.stop();
    assert!(log.contains("mail.smtp_url is not set"), "{log}");
    assert!(!log.contains(OWNER) && !log.contains("/sign-in/link/"), "{log}");
}
