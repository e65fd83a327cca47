//! Where no server of mails is set.

use async_trait::async_trait;
use domain::ids::MailId;
use domain::mail::{Mail, MailError};
use domain::ports::Mailer;

/// Writes mails into the log, or that there is one that cannot be sent.
#[derive(Clone, Copy, Debug)]
pub enum LogMailer {
    /// The log is read by whoever runs the installation for himself: there a mail can be read with all that it says.
    Whole,
    /// The log goes to places where links that open something do not belong. The mail waits until a server is set.
    Silent,
}

#[async_trait]
impl Mailer for LogMailer {
    async fn send(&self, id: MailId, mail: &Mail) -> Result<(), MailError> {
        match self {
            Self::Whole => {
                let (to, subject, text) = (&mail.to, mail.subject(), mail.text());
                tracing::info!(mail.id = %id, %to, subject, "a mail, shown here because mail.smtp_url is not set\n{text}");
                Ok(())
            }
            Self::Silent => Err(MailError::Later("mail.smtp_url is not set".to_owned())),
        }
    }
}
