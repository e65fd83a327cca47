//! What requests spend, and how those that spend too much are told.
//!
//! A request over budget is refused before its body is read, before the database is asked and before a line is logged;
//! refusals are counted, and told once a minute by [`Limits::report`].

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, RETRY_AFTER};
use domain::ids::CredentialId;
use domain::limit::{Address, Budget, LimitKey, Policies, Policy, Spender, Verdict};
use domain::ports::RateLimiter;
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::client_address::ClientAddresses;
use crate::measure;

/// The two fields of the IETF's draft on rate limit header fields for HTTP.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Addresses that a process remembers as blocked. Whoever is forgotten is let try once more.
const BLOCKED: u64 = 100_000;
const BLOCKED_FOR: Duration = Duration::from_mins(10);

/// Secrets that a process recognises: those that opened something within the last day, for Entra comes every 40 minutes.
const RECOGNISED: u64 = 100_000;
const RECOGNISED_FOR: Duration = Duration::from_hours(24);

/// Refusals are counted for so many spenders apart; a flood of strangers is counted together beyond that.
const SPENDERS: usize = 1_000;

/// How many of them a report names.
const NAMED: usize = 20;

/// A request that may not be answered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget {
    pub budget: Budget,
    policy: Policy,
    verdict: Verdict,
}

impl OverBudget {
    /// Whole seconds that are enough to wait.
    pub fn retry_after_seconds(&self) -> u64 {
        self.verdict.retry_after_seconds()
    }

    /// What the answer carries: `Retry-After`, `RateLimit` and `RateLimit-Policy`.
    pub fn headers(&self) -> [(HeaderName, String); 3] {
        let (name, seconds) = (self.budget.as_str(), self.retry_after_seconds());
        let (quota, window) = (self.policy.burst(), self.policy.window_seconds());
        [
            (RETRY_AFTER, seconds.to_string()),
            (RATE_LIMIT, format!("\"{name}\";r={};t={seconds}", self.verdict.remaining)),
            (RATE_LIMIT_POLICY, format!("\"{name}\";q={quota};w={window}")),
        ]
    }

    /// A sentence for whoever reads the body.
    pub fn detail(&self) -> String {
        let seconds = self.retry_after_seconds();
        let (burst, window) = (self.policy.burst(), self.policy.window_seconds());
        let whose = match self.budget {
            Budget::Failures => "too many requests from this address were refused",
            Budget::SignIns => "this account signs in too often",
            Budget::Reads | Budget::Writes | Budget::Bulk => "this tenant sends too much at once",
        };
        format!("{whose}: the budget \"{}\" is {burst} in {window} s; try again in {seconds} s", self.budget.as_str())
    }
}

/// The limits of an installation.
pub struct Limits {
    limiter: Arc<dyn RateLimiter>,
    policies: Policies,
    clients: ClientAddresses,
    /// Until when an address is refused.
    blocked: Cache<Address, Timestamp>,
    /// Digests of what has opened a tenant lately.
    recognised: Cache<[u8; 32], ()>,
    refused: Mutex<HashMap<(String, Budget), u64>>,
    /// Fallbacks of the limiter that were told.
    told: AtomicU64,
}

impl Limits {
    pub fn new(limiter: Arc<dyn RateLimiter>, policies: Policies, clients: ClientAddresses) -> Self {
        let blocked = Cache::builder().max_capacity(BLOCKED).time_to_live(BLOCKED_FOR).build();
        let recognised = Cache::builder().max_capacity(RECOGNISED).time_to_live(RECOGNISED_FOR).build();
        Self { limiter, policies, clients, blocked, recognised, refused: Mutex::default(), told: AtomicU64::default() }
    }

    /// Where the buckets are kept.
    pub fn limiter(&self) -> Arc<dyn RateLimiter> {
        self.limiter.clone()
    }

    /// Where a request comes from.
    pub fn address(&self, request: &HttpRequest) -> Address {
        self.clients.address_of(request)
    }

    /// Spends from a budget of a tenant; 0 asks whether one unit is there.
    ///
    /// # Errors
    /// [`OverBudget`].
    pub async fn spend(&self, tenant: &Tenant, budget: Budget, cost: u32) -> Result<(), OverBudget> {
        let policy = self.policies.of(budget, &tenant.limits);
        let key = LimitKey::of_tenant(tenant.id, budget);
        self.decide(&key, policy, cost).await.inspect_err(|_| self.count(tenant.slug.as_str(), budget))
    }

    /// Spends one of the sign-ins of an account.
    ///
    /// # Errors
    /// [`OverBudget`].
    pub async fn sign_in(&self, tenant: &Tenant, account: CredentialId) -> Result<(), OverBudget> {
        let spender = Spender::Account { tenant: tenant.id, account: account.0 };
        let key = LimitKey { spender, budget: Budget::SignIns };
        let decided = self.decide(&key, self.policies.sign_ins, 1).await;
        decided.inspect_err(|_| self.count(tenant.slug.as_str(), Budget::SignIns))
    }

    /// Remembers a secret that opened a tenant: identity providers share their addresses among customers, and whoever is
    /// blocked there with others has to be let in all the same, also when nothing is known of the tenant at the moment.
    pub fn recognise(&self, secret: &str) {
        self.recognised.insert(digest(secret), ());
    }

    /// Refuses whoever shows a secret that never opened anything here and comes from an address that failed too often.
    ///
    /// # Errors
    /// [`OverBudget`].
    pub async fn refuse_strangers(&self, address: Address, secret: &str, now: Timestamp) -> Result<(), OverBudget> {
        if self.recognised.contains_key(&digest(secret)) {
            return Ok(());
        }
        self.refuse_blocked(address, now)?;
        self.spend_failures(address, 0, now).await
    }

    /// Whether an address has failed too often to try again now.
    ///
    /// # Errors
    /// [`OverBudget`].
    pub fn refuse_blocked(&self, address: Address, now: Timestamp) -> Result<(), OverBudget> {
        let Some(until) = self.blocked.get(&address).filter(|until| *until > now) else { return Ok(()) };
        let wait = u64::try_from(until.as_micros() - now.as_micros()).unwrap_or_default();
        let verdict = Verdict { allowed: false, remaining: 0, retry_after_us: wait, reset_us: wait };
        measure::limit(Budget::Failures.as_str(), false);
        self.count("strangers", Budget::Failures);
        Err(OverBudget { budget: Budget::Failures, policy: self.policies.failures, verdict })
    }

    /// Notes that an address tried to come in and could not.
    ///
    /// # Errors
    /// [`OverBudget`], from now on also of [`Limits::refuse_blocked`], when it failed too often.
    pub async fn note_failure(&self, address: Address, now: Timestamp) -> Result<(), OverBudget> {
        self.spend_failures(address, 1, now).await
    }

    async fn spend_failures(&self, address: Address, cost: u32, now: Timestamp) -> Result<(), OverBudget> {
        let key = LimitKey { spender: Spender::Address(address), budget: Budget::Failures };
        let decided = self.decide(&key, self.policies.failures, cost).await;
        decided.inspect_err(|over| {
            let wait = i64::try_from(over.verdict.retry_after_us).unwrap_or(i64::MAX);
            let until = Timestamp::from_micros(now.as_micros().saturating_add(wait));
            self.blocked.insert(address, until);
            self.count("strangers", Budget::Failures);
        })
    }

    async fn decide(&self, key: &LimitKey, policy: Policy, cost: u32) -> Result<(), OverBudget> {
        let verdict = self.limiter.spend(key, policy, cost).await;
        measure::limit(key.budget.as_str(), verdict.allowed);
        match verdict.allowed {
            true => Ok(()),
            false => Err(OverBudget { budget: key.budget, policy, verdict }),
        }
    }

    fn count(&self, spender: &str, budget: Budget) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let spender = if refused.len() < SPENDERS { spender } else { "others" };
        *refused.entry((spender.to_owned(), budget)).or_default() += 1;
    }

    /// Logs who was refused how often since the last time, those with the most first, and how many checks this process had to
    /// answer alone.
    pub fn report(&self) {
        let fallbacks = self.limiter.fallbacks();
        let new = fallbacks.saturating_sub(self.told.swap(fallbacks, Ordering::Relaxed));
        if new > 0 {
            tracing::warn!(checks = new, "limits were counted by this process alone, because Redis was slow or gone");
        }
        let refused = std::mem::take(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner));
        let mut refused: Vec<_> = refused.into_iter().collect();
        refused.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for ((spender, budget), requests) in refused.into_iter().take(NAMED) {
            tracing::warn!(spender, budget = budget.as_str(), requests, "requests over budget were refused");
        }
    }
}

/// What is kept of a secret to know it again.
fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A limiter that lets everything pass, for installations that want none.
pub struct Unlimited;

#[async_trait::async_trait]
impl RateLimiter for Unlimited {
    async fn spend(&self, _: &LimitKey, _: Policy, _: u32) -> Verdict {
        Verdict::UNLIMITED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_budget_says_what_the_budget_is_and_how_long_to_wait() {
        let verdict = Verdict { allowed: false, remaining: 0, retry_after_us: 1_200_001, reset_us: 9_000_000 };
        let over = OverBudget { budget: Budget::Reads, policy: Policy::per_second(25, 100), verdict };
        let headers = over.headers().map(|(name, value)| format!("{name}: {value}"));
        assert_eq!(
            headers,
            ["retry-after: 2", "ratelimit: \"reads\";r=0;t=2", "ratelimit-policy: \"reads\";q=100;w=4"]
        );
        assert!(over.detail().contains("100 in 4 s; try again in 2 s"), "{}", over.detail());
    }
}
