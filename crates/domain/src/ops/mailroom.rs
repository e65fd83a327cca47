//! Putting mails into the outbox, and sending what is in it.

use std::sync::Arc;

use crate::ids::MailId;
use crate::keys::Keys;
use crate::mail::{Mail, MailError, QueuedMail};
use crate::ports::{IdGen, Mailer};
use crate::store::{MailEnd, Store, StoreError, TakenMail, TenantTx};
use crate::timestamp::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Mails that are sent one after the other before the outbox is asked again.
const AT_ONCE: u64 = 20;
/// Whoever takes a mail has it for so long, in seconds: longer than all of [`AT_ONCE`] need.
const TAKEN_SECONDS: i64 = 30 * MINUTE;
/// Pauses before the second try, the third and so on; the last one stays.
const PAUSES: [i64; 6] = [15, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR];
/// A mail that could not be sent for so long is given up.
const GIVEN_UP_SECONDS: i64 = 3 * 24 * HOUR;
/// How long it is known that there was a mail.
const KEPT_SECONDS: i64 = 7 * 24 * HOUR;

/// The outbox and who empties it.
pub struct Mailroom {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    keys: Arc<Keys>,
    mailer: Arc<dyn Mailer>,
}

impl Mailroom {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>, keys: Arc<Keys>, mailer: Arc<dyn Mailer>) -> Self {
        Self { store, ids, keys, mailer }
    }

    /// Puts a mail into the outbox; it stands or falls with the transaction.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn queue(&self, tx: &mut dyn TenantTx, mail: &Mail, now: Timestamp) -> Result<(), StoreError> {
        queue(tx, mail, (self.ids.as_ref(), &self.keys), now).await
    }

    /// Sends mails that are due; gives how many were taken. Any process may do so at any time. A process that dies after
    /// the server took a mail and before that was noted leaves one that is sent again, under the same message id.
    ///
    /// # Errors
    /// See [`StoreError`]: what became of a mail could not be noted. Those that were taken with it are put back rather than
    /// sent, lest they be sent again as well. What goes wrong with a mail is no error.
    pub async fn deliver(&self, now: Timestamp) -> Result<u64, StoreError> {
        let outbox = self.store.work();
        let taken = outbox.take_mails(now, now.plus_seconds(TAKEN_SECONDS), AT_ONCE).await?;
        let count = u64::try_from(taken.len()).unwrap_or(u64::MAX);
        let mut taken = taken.into_iter();
        while let Some(mail) = taken.next() {
            let noted = match self.send(&mail, now).await {
                Ok(()) => outbox.end_mail(&mail, MailEnd::Sent, now).await,
                Err(error) => self.put_off(&mail, &error, now).await,
            };
            if noted.is_err() {
                for rest in taken {
                    drop(outbox.put_back(&rest, now).await);
                }
                return noted.map(|()| count);
            }
        }
        outbox.prune_mails(now.plus_seconds(-KEPT_SECONDS)).await?;
        Ok(count)
    }

    async fn send(&self, taken: &TakenMail, now: Timestamp) -> Result<(), MailError> {
        let mut mail = taken.mail.open(&self.keys.ring());
        if mail.is_none() {
            // It may be sealed with a key that another process has made meanwhile.
            self.keys.learn(|ring| taken.mail.open(ring).is_some()).await;
            mail = taken.mail.open(&self.keys.ring());
        }
        let mail = mail.ok_or_else(|| MailError::Later("the key it is sealed with is not in the ring".to_owned()))?;
        match mail.is_of_use(now) {
            true => self.mailer.send(taken.mail.id, &mail).await,
            false => Err(MailError::Never("what it says is not so any more".to_owned())),
        }
    }

    async fn put_off(&self, taken: &TakenMail, error: &MailError, now: Timestamp) -> Result<(), StoreError> {
        let (id, tenant, attempts) = (taken.mail.id, taken.tenant, taken.attempts);
        let is_over = taken.mail.queued.plus_seconds(GIVEN_UP_SECONDS) <= now;
        if is_over || matches!(error, MailError::Never(_)) {
            tracing::warn!(mail.id = %id, tenant.id = %tenant, attempts, %error, "a mail is given up");
            return self.store.work().end_mail(taken, MailEnd::GivenUp, now).await;
        }
        if attempts == 1 {
            tracing::warn!(mail.id = %id, tenant.id = %tenant, %error, "a mail could not be sent; it is tried again");
        }
        self.store.work().put_back(taken, now.plus_seconds(pause(attempts))).await
    }
}

/// Puts a mail into the outbox: the one place where that is done.
///
/// # Errors
/// See [`StoreError`].
pub(super) async fn queue(
    tx: &mut dyn TenantTx,
    mail: &Mail,
    (ids, keys): (&dyn IdGen, &Keys),
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.queue_mail(&QueuedMail::seal(mail, MailId(ids.next(now)), &keys.ring(), now)?).await
}

/// How long to wait after so many tries, in seconds.
fn pause(attempts: u32) -> i64 {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    PAUSES.get(index).or(PAUSES.last()).copied().unwrap_or(HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_four_hours() {
        assert_eq!([0, 1, 2, 3, 5, 6, 7, 100].map(pause), [15, 15, 60, 300, 3_600, 14_400, 14_400, 14_400]);
    }
}
