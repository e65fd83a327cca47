//! What goes out of the installation to servers of others: mails, and questions to servers that tenants name.

mod fetch;
mod guard;
mod log_mailer;
mod smtp;
mod smtp_server;

pub use fetch::GuardedFetch;
pub use log_mailer::LogMailer;
pub use smtp::{Sender, SmtpMailer};
pub use smtp_server::{BadSmtpServer, SmtpServer, StartTls};
