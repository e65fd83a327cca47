//! Digests of passwords.

use std::sync::{Arc, OnceLock};

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use async_trait::async_trait;
use domain::Error;
use domain::ids::TenantId;
use domain::ports::{Asker, Checked, Passwords, SecretGen};
use moka::sync::Cache;
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use scim_protocol::Fault;
use scim_protocol::secret::Secret;
use tokio::sync::Semaphore;

use super::RandomSecrets;

/// How many are made at once: each takes 19 MiB and some 20 ms of a core (OWASP's parameters, which are the crate's own).
const AT_ONCE: usize = 2;

/// How many strangers may wait at one tenant: a second's worth of work, which nobody who waits for more gets.
const WAITING: usize = 20;

/// Argon2id, in threads of its own.
pub struct Argon2Passwords {
    /// What an identity provider sends by the thousand, which nobody who signs in waits for.
    digesting: Turns,
    known: Turns,
    strangers: Turns,
    /// A digest of nothing anybody knows, for accounts that there are none of.
    decoy: OnceLock<Secret>,
}

/// Tenants that a process keeps turns of.
const TENANTS: u64 = 10_000;

impl Default for Argon2Passwords {
    fn default() -> Self {
        let unbounded = Semaphore::MAX_PERMITS;
        Self {
            digesting: Turns::new(unbounded),
            known: Turns::new(unbounded),
            strangers: Turns::new(WAITING),
            decoy: OnceLock::new(),
        }
    }
}

/// Whose turn it is.
struct Turns {
    all: Arc<Semaphore>,
    of_tenant: Cache<TenantId, Line>,
    most: usize,
}

/// Those who wait at one tenant.
#[derive(Clone)]
struct Line {
    places: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// Why nothing was done.
enum NotDone {
    /// The line is full.
    Full,
    /// The work failed.
    Broken,
}

impl Turns {
    /// `most`: how many may wait at a tenant.
    fn new(most: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), of_tenant: Cache::new(TENANTS), most }
    }

    /// Does something that takes its time when it is the tenant's turn.
    async fn take<T: Send + 'static>(
        &self,
        tenant: TenantId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        let line = || Line { places: Arc::new(Semaphore::new(self.most)), turn: Arc::new(Semaphore::new(1)) };
        let line = self.of_tenant.get_with(tenant, line);
        let place = line.places.try_acquire_owned().map_err(|_| NotDone::Full)?;
        let own = line.turn.acquire_owned().await;
        let turn = self.all.clone().acquire_owned().await;
        // The turns go with the thread: it works on when nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || {
            let _turns = (place, own, turn);
            work()
        });
        done.await.map_err(|_| NotDone::Broken)
    }
}

/// The password as RFC 8265 §4 prepares it; none when it cannot be prepared.
fn prepared(password: &Secret) -> Option<Secret> {
    let prepared = OpaqueString::enforce(password.reveal()).ok()?;
    Some(Secret::new(prepared.into_owned()))
}

fn digest_of(prepared: &Secret) -> Option<String> {
    Argon2::default().hash_password(prepared.reveal().as_bytes()).ok().map(|digest| digest.to_string())
}

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn digest(&self, tenant: TenantId, password: &Secret) -> Result<String, Error> {
        let prepared = prepared(password).ok_or_else(|| {
            Fault::invalid_value("\"password\" is empty or holds characters that no password may hold (RFC 8265 §4.2)")
        })?;
        let digest = self.digesting.take(tenant, move || digest_of(&prepared)).await.ok().flatten();
        digest.ok_or_else(|| Fault::plain(500, "the password could not be digested").into())
    }

    async fn verify(
        &self,
        tenant: TenantId,
        asker: Asker,
        password: &Secret,
        digest: Option<&Secret>,
    ) -> Result<Checked, Error> {
        let unusable = || Error::from(Fault::plain(500, "the password could not be checked"));
        // What cannot be prepared is nobody's password, and takes as long as what is not.
        let (prepared, is_usable) = match prepared(password) {
            Some(prepared) => (prepared, true),
            None => (Secret::new("unusable".to_owned()), false),
        };
        let is_known = digest.is_some();
        let digest = match digest {
            Some(digest) => digest.clone(),
            None => self.decoy(tenant).await.ok_or_else(unusable)?,
        };
        let work = move || {
            let digest = PasswordHash::new(digest.reveal()).ok()?;
            Some(Argon2::default().verify_password(prepared.reveal().as_bytes(), &digest).is_ok())
        };
        let turns = match asker {
            Asker::Known => &self.known,
            Asker::Stranger => &self.strangers,
        };
        let is_right = match turns.take(tenant, work).await {
            Ok(is_right) => is_right.ok_or_else(unusable)?,
            Err(NotDone::Full) => return Ok(Checked::Later),
            Err(NotDone::Broken) => return Err(unusable()),
        };
        Ok(if is_right && is_known && is_usable { Checked::Right } else { Checked::Wrong })
    }
}

impl Argon2Passwords {
    async fn decoy(&self, tenant: TenantId) -> Option<Secret> {
        if let Some(decoy) = self.decoy.get() {
            return Some(decoy.clone());
        }
        let random = Secret::new(hex::encode(RandomSecrets.bytes()));
        let made = self.digesting.take(tenant, move || digest_of(&random)).await.ok().flatten()?;
        Some(self.decoy.get_or_init(|| Secret::new(made)).clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const TENANT: TenantId = TenantId(uuid::Uuid::nil());

    #[tokio::test]
    async fn a_digest_verifies_the_prepared_password_and_says_nothing_else() {
        let passwords = Argon2Passwords::default();
        let secret = Secret::new("cor\u{2003}rect é".to_owned());
        let digest = passwords.digest(TENANT, &secret).await.unwrap();
        assert!(digest.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{digest}");
        let parsed = PasswordHash::new(&digest).unwrap();
        let verify = |text: &str| Argon2::default().verify_password(text.as_bytes(), &parsed);
        assert!(verify("cor rect é").is_ok() && verify("correct é").is_err());
        assert_ne!(passwords.digest(TENANT, &secret).await.unwrap(), digest);
        for bad in ["", "a\u{7}b"] {
            assert!(passwords.digest(TENANT, &Secret::new(bad.to_owned())).await.is_err(), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn only_the_password_of_a_digest_verifies_however_its_characters_are_written() {
        let passwords = Argon2Passwords::default();
        let secret = |text: &str| Secret::new(text.to_owned());
        let digest = Secret::new(passwords.digest(TENANT, &secret("cor\u{2003}rect é")).await.unwrap());
        for (given, is_right) in [("cor rect é", true), ("cor rect e\u{301}", true), ("correct é", false), ("", false)]
        {
            let verified = passwords.verify(TENANT, Asker::Known, &secret(given), Some(&digest)).await.unwrap();
            assert_eq!(verified == Checked::Right, is_right, "{given:?}");
        }
        let nobody = passwords.verify(TENANT, Asker::Known, &secret("cor rect é"), None).await.unwrap();
        assert_eq!(nobody, Checked::Wrong);
        let broken = secret("$argon2id$broken");
        assert!(passwords.verify(TENANT, Asker::Known, &secret("cor rect é"), Some(&broken)).await.is_err());
    }

    /// The decoy is made once, so the first unknown account is not counted.
    #[tokio::test]
    async fn an_unknown_account_takes_as_long_as_a_known_one() {
        let passwords = Argon2Passwords::default();
        let secret = Secret::new("correct horse".to_owned());
        let digest = Secret::new(passwords.digest(TENANT, &secret).await.unwrap());
        passwords.verify(TENANT, Asker::Stranger, &secret, None).await.unwrap();
        let least = async |digest: Option<&Secret>| {
            let mut least = Duration::MAX;
            for _ in 0..5 {
                let started = Instant::now();
                passwords.verify(TENANT, Asker::Stranger, &secret, digest).await.unwrap();
                least = least.min(started.elapsed());
            }
            least
        };
        let (known, unknown) = (least(Some(&digest)).await, least(None).await);
        assert!(unknown > known / 3 && known > unknown / 3, "{known:?} {unknown:?}");
    }

    #[tokio::test]
    async fn a_crowd_of_strangers_is_sent_away_and_whoever_is_known_waits_for_none_of_them() {
        let passwords = Arc::new(Argon2Passwords::default());
        let secret = Secret::new("correct horse".to_owned());
        let digest = Secret::new(passwords.digest(TENANT, &secret).await.unwrap());
        let crowd: Vec<_> = (0..200)
            .map(|_| {
                let (passwords, secret, digest) = (passwords.clone(), secret.clone(), digest.clone());
                tokio::spawn(async move { passwords.verify(TENANT, Asker::Stranger, &secret, Some(&digest)).await })
            })
            .collect();
        // The crowd stands in line before anybody else comes.
        tokio::task::yield_now().await;
        let known = passwords.verify(TENANT, Asker::Known, &secret, Some(&digest)).await.unwrap();
        let waiting = crowd.iter().filter(|one| !one.is_finished()).count();
        assert_eq!(known, Checked::Right);
        assert!(waiting > 0, "nobody waited any more");
        let mut sent_away = 0;
        for one in crowd {
            sent_away += usize::from(one.await.unwrap().unwrap() == Checked::Later);
        }
        assert_eq!(sent_away, 200 - WAITING);
    }
}
