//! Mails by SMTP, to a server of this machine.

#[cfg(test)]
mod authority;
#[cfg(test)]
mod mails;
#[cfg(test)]
mod post;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tls;

#[cfg(test)]
use {
    domain::ids::MailId,
    domain::mail::{Mail, MailError},
    domain::ports::Mailer,
    outbound::{Sender, SmtpMailer, StartTls},
    post::{mail, send, server, sink},
    testkit::{SmtpRules, SmtpSink},
    uuid::Uuid,
};
