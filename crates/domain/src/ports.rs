//! What operations need from the world besides the store.

use async_trait::async_trait;
use scim_protocol::secret::Secret;
use uuid::Uuid;

use crate::Error;
use crate::ids::{MailId, TenantId};
use crate::limit::{LimitKey, Policy, Verdict};
use crate::mail::{Mail, MailError};
use crate::store::StoreError;
use crate::timestamp::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Makes identifiers that are new and grow with time.
pub trait IdGen: Send + Sync {
    fn next(&self, now: Timestamp) -> Uuid;
}

/// Turns passwords into what can be kept of them.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// A salted digest in the form of PHC strings, of the password prepared as RFC 8265 §4 says (RFC 7644 §7.8). It takes
    /// its time; a tenant that sends many passwords waits for itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a password that cannot be prepared, such as an empty one.
    async fn digest(&self, tenant: TenantId, password: &Secret) -> Result<String, Error>;

    /// Whether this is the password of a digest that [`Passwords::digest`] made. Without a digest it is not, and takes as long
    /// to find out, so that nobody learns from the time which accounts there are.
    ///
    /// # Errors
    /// A [`Fault`](scim_protocol::Fault) when it cannot be checked.
    async fn verify(
        &self,
        tenant: TenantId,
        asker: Asker,
        password: &Secret,
        digest: Option<&Secret>,
    ) -> Result<Checked, Error>;
}

/// Who wants a password checked. Strangers wait for each other, and whoever is known waits for none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Somebody whose attempts are few: signed in, or with a browser that the account has signed in with.
    Known,
    Stranger,
}

/// What became of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    Right,
    Wrong,
    /// Too many strangers wait at this tenant.
    Later,
}

/// Does what keeps a processor busy for longer than those who wait for answers should notice, such as checking the signatures
/// of a large document.
#[async_trait]
pub trait Offload: Send + Sync {
    /// Does it elsewhere and waits for its end.
    async fn run(&self, task: Box<dyn FnOnce() + Send>);
}

/// What a task gives, done [elsewhere](Offload).
///
/// # Errors
/// [`Error::Store`] when it ended without giving anything, because it failed or the server is ending.
pub async fn offloaded<T: Send + 'static>(
    offload: &dyn Offload,
    task: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let place = std::sync::Arc::new(std::sync::Mutex::new(None));
    let given = place.clone();
    let put = move || {
        let done = task();
        *given.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(done);
    };
    offload.run(Box::new(put)).await;
    let done = place.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    done.ok_or_else(|| StoreError::Internal("a task ended without a result".to_owned()).into())
}

/// Makes 256 bits that nobody can guess.
pub trait SecretGen: Send + Sync {
    fn bytes(&self) -> [u8; 32];
}

/// Keeps buckets.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Spends `cost` units of a budget if they are there; 0 asks whether one is there. A server of buckets that is slow or gone is the
    /// limiter's own affair: it goes on with buckets of its own.
    async fn spend(&self, key: &LimitKey, policy: Policy, cost: u32) -> Verdict;

    /// How many checks it has answered with buckets of its own, because the server of buckets was slow or gone.
    fn fallbacks(&self) -> u64 {
        0
    }

    /// Whether the server of buckets answers, as far as is known; none where there is none.
    fn is_shared(&self) -> Option<bool> {
        None
    }
}

/// Asks the domain name system.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The TXT records of a name, each with its strings put together (RFC 7208 §3.3). Nothing is waited for longer than
    /// somebody in front of a page does.
    ///
    /// # Errors
    /// See [`ResolveError`].
    async fn txt(&self, name: &str) -> Result<Vec<String>, ResolveError>;
}

/// Why there are no records, in words for whoever looks after the domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    #[error("there is no such name")]
    NoSuchName,
    #[error("the name has no records of this type")]
    NoRecords,
    /// So many seconds were waited.
    #[error("no server answered within {0} s")]
    TooSlow(u64),
    /// Says what the servers say.
    #[error("the servers could not answer: {0}")]
    Unanswered(String),
}

/// Sends mails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail, once. A server of mails that took it may lose its answer, so that a mail that is sent again is one that
    /// may arrive twice; never one that does not arrive. `id` tells the two apart (RFC 5322 §3.6.4).
    ///
    /// # Errors
    /// See [`MailError`].
    async fn send(&self, id: MailId, mail: &Mail) -> Result<(), MailError>;
}
