//! Mails by SMTP and questions by DNS, to servers of this machine.

#[cfg(test)]
mod authority;
#[cfg(test)]
mod mails;
#[cfg(test)]
mod names;
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
