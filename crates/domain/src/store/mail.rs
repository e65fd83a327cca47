//! Mails that wait to be sent.

use async_trait::async_trait;

use super::StoreError;
use crate::mail::QueuedMail;

#[async_trait]
pub trait WriteMail: Send {
    /// Puts a mail into the outbox; it stands or falls with the transaction, and is sent soon after. What it says is
    /// erased then.
    async fn queue_mail(&mut self, mail: &QueuedMail) -> Result<(), StoreError>;
}
