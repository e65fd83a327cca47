//! What goes out of the installation to servers of others: mails, questions to servers that tenants name, and questions to
//! the domain name system.

mod fetch;
mod guard;
mod log_mailer;
mod resolver;
mod smtp;
mod smtp_server;

pub use fetch::GuardedFetch;
pub use log_mailer::LogMailer;
pub use resolver::DnsResolver;
pub use smtp::{Sender, SmtpMailer};
pub use smtp_server::{BadSmtpServer, SmtpServer, StartTls};
