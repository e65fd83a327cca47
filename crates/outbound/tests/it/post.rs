//! A server of mails, and mails for it.

use domain::ids::MailId;
use domain::mail::{Mail, MailError};
use domain::ports::Mailer;
use outbound::{Sender, SmtpMailer, SmtpServer, StartTls};
use testkit::{SmtpRules, SmtpSink};
use uuid::Uuid;

pub fn sink(rules: SmtpRules) -> SmtpSink {
    SmtpSink::start(rules).unwrap()
}

pub fn server(url: &str, start_tls: StartTls) -> SmtpServer {
    SmtpServer::parse(url, start_tls).unwrap()
}

pub fn mailer(server: &SmtpServer) -> SmtpMailer {
    let from = Sender { address: "rollcall@acme.example".parse().unwrap(), name: Some("Acme, Inc. ☂".to_owned()) };
    SmtpMailer::new(server, &from).unwrap()
}

pub fn mail(to: &str) -> Mail {
    Mail::new(to.parse().unwrap(), "Zugang für Ana", "Hallo Ana,\n\n.ein Punkt\nhttps://rollcall.example/t/acme\n")
}

pub async fn send(server: &SmtpServer, mail: &Mail) -> Result<(), MailError> {
    mailer(server).send(MailId(Uuid::from_u128(7)), mail).await
}
