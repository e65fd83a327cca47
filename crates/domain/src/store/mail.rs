//! The outbox: mails that wait to be sent.

use async_trait::async_trait;

use super::StoreError;
use crate::ids::TenantId;
use crate::mail::QueuedMail;
use crate::tenant::TenantSlug;
use crate::timestamp::Timestamp;

#[async_trait]
pub trait WriteMail: Send {
    /// Puts a mail into the outbox; it stands or falls with the transaction, and is sent soon after. What it says is
    /// erased then.
    async fn queue_mail(&mut self, mail: &QueuedMail) -> Result<(), StoreError>;
}

/// A mail that somebody has taken to send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenMail {
    pub tenant: TenantId,
    pub mail: QueuedMail,
    /// How often it was taken, this time included. Whoever takes it next has a higher number.
    pub attempts: u32,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailEnd {
    Sent,
    GivenUp,
}

/// The outbox of all tenants. Any process may take from it: a mail is one's alone until a moment, and another's after that.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes at most `limit` mails that are due; until `until` nobody else does.
    async fn take_mails(&self, now: Timestamp, until: Timestamp, limit: u64) -> Result<Vec<TakenMail>, StoreError>;

    /// Lets a mail be taken again from then on, unless somebody else has done so already.
    async fn put_back(&self, taken: &TakenMail, due: Timestamp) -> Result<(), StoreError>;

    /// Ends a mail and erases what it says, unless somebody else has taken it meanwhile.
    async fn end_mail(&self, taken: &TakenMail, end: MailEnd, now: Timestamp) -> Result<(), StoreError>;

    /// Forgets the mails that ended before then.
    async fn prune_mails(&self, before: Timestamp) -> Result<(), StoreError>;

    /// The tenants whose people are told how their connection is: those that take requests and have credentials, and those
    /// that were told something.
    async fn watched_tenants(&self) -> Result<Vec<TenantSlug>, StoreError>;
}
