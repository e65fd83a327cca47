//! How often somebody may try to sign in (ADR 0030).
//!
//! A stranger's attempt spends three budgets: that of the address with all accounts, that of the address with this account,
//! and that which all strangers have with this account. The first two end what one machine can do, the last what many can do
//! together. One address gains less in the second than the last regains, so that a few machines never use the last one up.
//! A browser that the account has [signed in with](super::device) before spends a budget of its own and none of these:
//! whatever strangers do, its owner gets in. Whoever is not known and meets a flood gets in by a link, which no budget guards:
//! nobody can guess one.
//!
//! Accounts are counted under a digest of the e-mail address that was given, whether there is such an account or not.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::device::KnownDevice;
use crate::ids::{AdminId, TenantId};
use crate::limit::{Address, Budget, LimitKey, Policy, Spender};
use crate::ports::RateLimiter;
use crate::sign_in_log::{self, REFUSALS_A_MINUTE};

/// Passwords that one address may try on one account.
const PAIR: Policy = Policy::per_minute(1, 10);
/// Passwords that one address may try on any accounts of any tenants.
const ADDRESS: Policy = Policy::per_minute(6, 60);
/// Passwords that all strangers together may try on one account: more than nine addresses may, in the long run.
const STRANGERS: Policy = Policy::per_minute(10, 120);
/// Passwords that a known browser may try on its account.
const DEVICE: Policy = Policy::per_minute(2, 10);

/// Codes of the second step that a session may try; it ends after ten minutes.
const CODES_OF_SESSION: Policy = Policy::per_minute(1, 5);
/// Codes that all strangers together may try on one account; all of them know its password. At 240 a day they meet a right
/// one in four years.
const CODES_OF_STRANGERS: Policy = Policy::per_hour(10, 20);
/// Codes that a known browser may try which has shown one before. Others have shown a password alone, and whoever has that has
/// as many browsers as he likes.
const CODES_OF_DEVICE: Policy = Policy::per_hour(10, 10);

/// Passwords that somebody who has signed in may try on their own account: they may have found a browser open.
const OWN: Policy = Policy::per_minute(1, 5);

/// Mails that admins may have sent to one address, and those of one tenant to all addresses.
const INVITATIONS: Policy = Policy::per_hour(5, 5);
const INVITATIONS_OF_TENANT: Policy = Policy::per_hour(60, 60);

/// Steps of sign-ins by single sign-on that one address may take which cost little: beginning one, picking one up. Whole offices
/// have one address, and come at nine.
const STEPS: Policy = Policy::per_minute(1_200, 1_200);
/// Answers of identity providers that one address may bring, some of which take the processor a while.
const ANSWERS: Policy = Policy::per_minute(300, 600);
/// Refusals that are kept of a tenant's sign-ins which anybody could have caused.
const STRANGERS_REFUSALS: Policy =
    Policy::per_minute(sign_in_log::STRANGERS_REFUSALS / 3, sign_in_log::STRANGERS_REFUSALS);
/// Refusals that are kept of a tenant's sign-ins which an identity provider vouches for.
const VOUCHED_REFUSALS: Policy = Policy::per_minute(REFUSALS_A_MINUTE, REFUSALS_A_MINUTE);
/// Addresses of people that one address may have looked up to find where they sign in.
const LOOKUPS: Policy = Policy::per_minute(10, 20);

/// Links to a new password that may be sent to one account, and asked for by one address.
const LETTERS: Policy = Policy::per_hour(3, 3);
const LETTERS_OF_ADDRESS: Policy = Policy::per_hour(20, 20);

/// Domains that a tenant may have looked for: questions that go out to servers of others.
const DOMAIN_CHECKS: Policy = Policy::per_minute(6, 30);
/// Identity providers that a tenant may have read.
const READINGS: Policy = Policy::per_minute(10, 30);

/// The budgets of signing in.
pub struct Throttle {
    limiter: Arc<dyn RateLimiter>,
}

/// How long somebody has to wait, in whole seconds.
pub type Wait = u64;

impl Throttle {
    pub fn new(limiter: Arc<dyn RateLimiter>) -> Self {
        Self { limiter }
    }

    /// Spends an attempt with a password. `account`: the key of the e-mail address. `device`: the browser, if the account has
    /// signed in with it.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn password(
        &self,
        tenant: TenantId,
        account: &str,
        address: Address,
        device: Option<&KnownDevice>,
    ) -> Result<(), Wait> {
        if let Some(device) = device {
            return self.spend(of(tenant, &["password", "device", &device.id.to_string()]), DEVICE).await;
        }
        // First, since it is the one that bounds how many of the others a machine can make anybody keep.
        self.spend(Spender::Address(address), ADDRESS).await?;
        self.spend(of(tenant, &["password", "pair", account, &address.to_string()]), PAIR).await?;
        self.spend(of(tenant, &["password", "strangers", account]), STRANGERS).await
    }

    /// Spends an attempt with a code of the second step, by a session that has shown the password.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn code(
        &self,
        tenant: TenantId,
        admin: AdminId,
        session: Uuid,
        device: Option<&KnownDevice>,
    ) -> Result<(), Wait> {
        if let Some(device) = device.filter(|device| device.by_second_step) {
            return self.spend(of(tenant, &["code", "device", &device.id.to_string()]), CODES_OF_DEVICE).await;
        }
        self.spend(of(tenant, &["code", "session", &session.to_string()]), CODES_OF_SESSION).await?;
        self.spend(of(tenant, &["code", "strangers", &admin.to_string()]), CODES_OF_STRANGERS).await
    }

    /// Spends an attempt with the password of an account that has signed in.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn own_password(&self, tenant: TenantId, admin: AdminId) -> Result<(), Wait> {
        self.spend(of(tenant, &["own password", &admin.to_string()]), OWN).await
    }

    /// Spends a letter with a link to a new password.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn letter(&self, tenant: TenantId, account: &str, address: Address) -> Result<(), Wait> {
        self.spend(of(tenant, &["letter", "address", &address.to_string()]), LETTERS_OF_ADDRESS).await?;
        self.spend(of(tenant, &["letter", "account", account]), LETTERS).await
    }

    /// Spends a mail that an admin has sent to somebody. `account`: the key of the e-mail address.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn invitation(&self, tenant: TenantId, account: &str) -> Result<(), Wait> {
        self.spend(of(tenant, &["invitation", account]), INVITATIONS).await?;
        self.spend(of(tenant, &["invitations"]), INVITATIONS_OF_TENANT).await
    }

    /// Spends a step of a sign-in by single sign-on that costs little.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn sign_on_step(&self, tenant: TenantId, address: Address) -> Result<(), Wait> {
        self.spend(of(tenant, &["sign-on step", &address.to_string()]), STEPS).await
    }

    /// Spends an answer of an identity provider.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn sign_on(&self, tenant: TenantId, address: Address) -> Result<(), Wait> {
        self.spend(of(tenant, &["sign-on", &address.to_string()]), ANSWERS).await
    }

    /// Spends a reading of an identity provider that an admin asks for.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn reading(&self, tenant: TenantId) -> Result<(), Wait> {
        self.spend(of(tenant, &["readings"]), READINGS).await
    }

    /// Spends a question of where somebody signs in. It is asked of no tenant.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn lookup(&self, address: Address) -> Result<(), Wait> {
        self.spend(of(TenantId(Uuid::nil()), &["lookup", &address.to_string()]), LOOKUPS).await
    }

    /// Whether one more refusal of a tenant's sign-ins is to be kept in its log. What an identity provider vouches for is counted
    /// apart, so that strangers do not hide it.
    pub async fn keeps_refusal(&self, tenant: TenantId, is_vouched_for: bool) -> bool {
        let (whose, policy) = match is_vouched_for {
            true => ("vouched", VOUCHED_REFUSALS),
            false => ("strangers", STRANGERS_REFUSALS),
        };
        self.spend(of(tenant, &["refused sign-ons", whose]), policy).await.is_ok()
    }

    /// Spends a look for a domain that an admin asks for.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn domain_check(&self, tenant: TenantId) -> Result<(), Wait> {
        self.spend(of(tenant, &["domain checks"]), DOMAIN_CHECKS).await
    }

    async fn spend(&self, spender: Spender, policy: Policy) -> Result<(), Wait> {
        let verdict = self.limiter.spend(&LimitKey { spender, budget: Budget::SignIns }, policy, 1).await;
        match verdict.allowed {
            true => Ok(()),
            false => Err(verdict.retry_after_seconds()),
        }
    }
}

/// What is counted under these words.
fn of(tenant: TenantId, words: &[&str]) -> Spender {
    let mut digest = Sha256::new();
    for word in words {
        digest.update(word.len().to_be_bytes());
        digest.update(word);
    }
    Spender::Account { tenant, account: beginning_of(&digest.finalize()) }
}

/// The first 128 bits of a digest, to tell things apart by.
pub(crate) fn beginning_of(digest: &[u8]) -> Uuid {
    Uuid::from_u128(digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte)))
}
