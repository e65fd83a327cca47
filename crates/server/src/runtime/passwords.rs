//! Digests of passwords.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use async_trait::async_trait;
use domain::Error;
use domain::ids::TenantId;
use domain::ports::Passwords;
use moka::sync::Cache;
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use scim_protocol::Fault;
use scim_protocol::secret::Secret;
use tokio::sync::Semaphore;

/// How many are made at once: each takes 19 MiB and some 20 ms of a core (OWASP's parameters, which are the crate's own).
const AT_ONCE: usize = 2;

/// Argon2id, in threads of its own.
pub struct Argon2Passwords {
    turns: Arc<Semaphore>,
    /// One turn for each tenant that is waiting.
    of_tenant: Cache<TenantId, Arc<Semaphore>>,
}

/// Tenants that a process keeps turns of.
const TENANTS: u64 = 10_000;

impl Default for Argon2Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), of_tenant: Cache::new(TENANTS) }
    }
}

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn digest(&self, tenant: TenantId, password: &Secret) -> Result<String, Error> {
        let prepared = OpaqueString::enforce(password.reveal()).map_err(|_| {
            Fault::invalid_value("\"password\" is empty or holds characters that no password may hold (RFC 8265 §4.2)")
        })?;
        let prepared = Secret::new(prepared.into_owned());
        let own = self.of_tenant.get_with(tenant, || Arc::new(Semaphore::new(1))).acquire_owned().await;
        let turn = self.turns.clone().acquire_owned().await;
        // The turns go with the thread: it works on when nobody waits for it any more.
        let digest = tokio::task::spawn_blocking(move || {
            let _turns = (own, turn);
            Argon2::default().hash_password(prepared.reveal().as_bytes()).map(|digest| digest.to_string())
        });
        match digest.await {
            Ok(Ok(digest)) => Ok(digest),
            _ => Err(Fault::plain(500, "the password could not be digested").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier;
    use argon2::password_hash::phc::PasswordHash;

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
}
