//! What may be spent: budgets, whose they are, and the arithmetic of the bucket.
//!
//! The arithmetic is the generic cell rate algorithm (ITU-T I.371): a bucket remembers one moment, its *theoretical arrival
//! time* (TAT), when it will be full again. Spending moves that moment on; whoever would move it too far waits. One moment
//! a key is all that replicas have to share, and a script in Redis does in integers what is done here.

use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::TenantId;
use crate::timestamp::Timestamp;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Budget {
    /// Requests of a tenant that read.
    Reads,
    /// Requests of a tenant that write.
    Writes,
    /// Operations within bulk requests of a tenant.
    Bulk,
    /// Attempts to come in that failed, of an address.
    Failures,
    /// Signing in to an account, such as an OAuth client.
    SignIns,
}

impl Budget {
    /// Its name in keys, headers and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Bulk => "bulk",
            Self::Failures => "failures",
            Self::SignIns => "sign-ins",
        }
    }
}

/// Whose budget.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Spender {
    Tenant(TenantId),
    Address(Address),
    Account { tenant: TenantId, account: Uuid },
}

/// Where requests come from, as far as one party has it to itself: an IPv4 address, or the 64 bits of an IPv6 address that
/// a network gives to one customer (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(IpAddr);

impl Address {
    /// An IPv4 address written as an IPv6 one (RFC 4291 §2.5.5.2) is the IPv4 address.
    pub fn of(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// As people read it: an address, or a network.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(ip) => ip.fmt(f),
            IpAddr::V6(ip) => write!(f, "{ip}/64"),
        }
    }
}

/// One bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LimitKey {
    pub spender: Spender,
    pub budget: Budget,
}

impl LimitKey {
    pub const fn of_tenant(tenant: TenantId, budget: Budget) -> Self {
        Self { spender: Spender::Tenant(tenant), budget }
    }

    /// Its name in Redis. What is in braces decides on which node of a cluster it lies: all of a tenant's on one.
    pub fn text(&self) -> String {
        let budget = self.budget.as_str();
        match &self.spender {
            Spender::Tenant(tenant) => format!("rl:{{{tenant}}}:{budget}"),
            Spender::Account { tenant, account } => format!("rl:{{{tenant}}}:{account}:{budget}"),
            Spender::Address(Address(ip)) => format!("rl:{{{ip}}}:{budget}"),
        }
    }
}

/// How much may be spent: `burst` at once, and one more each `every_us` microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    every_us: u32,
    burst: u32,
}

impl Policy {
    /// `rate`: units a second, from 1 to 1,000,000. `burst`: units at once, at least 1.
    pub const fn per_second(rate: u32, burst: u32) -> Self {
        Self::every(1_000_000, rate, burst)
    }

    /// `rate`: units a minute, from 1 to 60,000,000. `burst`: units at once, at least 1.
    pub const fn per_minute(rate: u32, burst: u32) -> Self {
        Self::every(60_000_000, rate, burst)
    }

    /// `rate`: units an hour, from 1 to 3,600,000,000. `burst`: units at once, at least 1.
    pub const fn per_hour(rate: u32, burst: u32) -> Self {
        Self::every(3_600_000_000, rate, burst)
    }

    const fn every(period_us: u32, rate: u32, burst: u32) -> Self {
        let rate = if rate == 0 { 1 } else { rate };
        let every_us = if rate > period_us { 1 } else { period_us / rate };
        Self { every_us, burst: if burst == 0 { 1 } else { burst } }
    }

    /// Reads `rate:burst`, units a second and at once, such as `200:2000`.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let whole = |text: &str| text.parse::<u32>().ok().filter(|number| (1..=1_000_000).contains(number));
        let read = text.split_once(':').and_then(|(rate, burst)| Some(Self::per_second(whole(rate)?, whole(burst)?)));
        read.ok_or_else(|| {
            format!("\"{text}\" is no budget: write RATE:BURST, requests a second and at once, such as 200:2000")
        })
    }

    /// Units a second, rounded.
    pub fn rate_per_second(self) -> f64 {
        1_000_000.0 / f64::from(self.every_us.max(1))
    }

    /// Microseconds until one more unit may be spent.
    pub const fn every_us(self) -> u32 {
        self.every_us
    }

    /// Units that may be spent at once.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Seconds in which an empty bucket fills, at least 1.
    pub fn window_seconds(self) -> u64 {
        (u64::from(self.every_us) * u64::from(self.burst)).div_ceil(1_000_000).max(1)
    }
}

/// What every tenant may spend where it has nothing of its own, and what strangers may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    pub reads: Policy,
    pub writes: Policy,
    pub bulk: Policy,
    pub failures: Policy,
    pub sign_ins: Policy,
}

impl Policies {
    /// The policy of a budget, for a tenant with these overrides.
    pub fn of(&self, budget: Budget, own: &LimitOverrides) -> Policy {
        match budget {
            Budget::Reads => own.reads.unwrap_or(self.reads),
            Budget::Writes => own.writes.unwrap_or(self.writes),
            Budget::Bulk => own.bulk.unwrap_or(self.bulk),
            Budget::Failures => self.failures,
            Budget::SignIns => self.sign_ins,
        }
    }
}

/// Budgets of a tenant's own; what is none is as for everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitOverrides {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Policy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<Policy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk: Option<Policy>,
}

/// The answer to whoever wants to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub allowed: bool,
    /// Units that may be spent at once after this.
    pub remaining: u32,
    /// Microseconds after which the same would be allowed if nobody else spends; 0 when it was.
    pub retry_after_us: u64,
    /// Microseconds until the bucket is full.
    pub reset_us: u64,
}

impl Verdict {
    /// What is answered where nothing is limited.
    pub const UNLIMITED: Self = Self { allowed: true, remaining: u32::MAX, retry_after_us: 0, reset_us: 0 };

    /// Whole seconds that are enough to wait, at least 1.
    pub fn retry_after_seconds(self) -> u64 {
        self.retry_after_us.div_ceil(1_000_000).max(1)
    }
}

/// A bucket: the moment when it is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    full_at_us: i64,
}

impl Bucket {
    /// Takes `cost` units out if they are there. What costs more than a whole burst is allowed when the bucket is full, and
    /// paid off afterwards, so that no request can never be made. A cost of 0 asks whether one unit is there.
    pub fn spend(&mut self, policy: Policy, cost: u32, now: Timestamp) -> Verdict {
        let (now, every) = (now.as_micros(), i64::from(policy.every_us));
        let (price, most) = (every * i64::from(cost), every * i64::from(policy.burst));
        let full_at = self.full_at_us.max(now);
        let needed = price.max(every);
        let over = full_at + needed - now - most.max(needed);
        let allowed = over <= 0;
        if allowed {
            self.full_at_us = full_at + price;
        }
        let debt = self.full_at_us.max(now) - now;
        Verdict {
            allowed,
            remaining: u32::try_from((most - debt).max(0) / every).unwrap_or(u32::MAX),
            retry_after_us: u64::try_from(over).unwrap_or(0),
            reset_us: u64::try_from(debt).unwrap_or(0),
        }
    }

    /// When it is full, and so as good as forgotten.
    pub const fn full_at(self) -> Timestamp {
        Timestamp::from_micros(self.full_at_us)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(1_000_000_000 + micros)
    }

    #[test]
    fn a_burst_is_spent_at_once_and_then_one_at_a_time() {
        let (policy, mut bucket) = (Policy::per_second(10, 20), Bucket::default());
        let allowed = (0..100).filter(|_| bucket.spend(policy, 1, at(0)).allowed).count();
        assert_eq!(allowed, 20);
        let refused = bucket.spend(policy, 1, at(0));
        assert_eq!((refused.remaining, refused.retry_after_us, refused.reset_us), (0, 100_000, 2_000_000));
        assert_eq!(refused.retry_after_seconds(), 1);
        assert!(!bucket.spend(policy, 1, at(99_999)).allowed);
        assert!(bucket.spend(policy, 1, at(100_000)).allowed);
        assert!(!bucket.spend(policy, 1, at(100_000)).allowed);
    }

    #[test]
    fn what_costs_more_than_a_burst_waits_for_a_full_bucket_and_is_paid_off() {
        let (policy, mut bucket) = (Policy::per_second(100, 50), Bucket::default());
        assert!(bucket.spend(policy, 1, at(0)).allowed);
        let refused = bucket.spend(policy, 500, at(0));
        assert_eq!((refused.allowed, refused.retry_after_us), (false, 10_000));
        assert!(bucket.spend(policy, 500, at(10_000)).allowed);
        let next = bucket.spend(policy, 1, at(10_000));
        assert_eq!((next.allowed, next.retry_after_us), (false, 4_510_000));
    }

    #[test]
    fn a_tenants_keys_lie_together_and_an_ipv6_network_is_one_address() {
        let tenant = TenantId(Uuid::from_u128(7));
        assert_eq!(
            LimitKey::of_tenant(tenant, Budget::Reads).text(),
            "rl:{00000000-0000-0000-0000-000000000007}:reads"
        );
        let of = |text: &str| Address::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        let failures = LimitKey { spender: Spender::Address(of("2001:db8:1:2:3::4")), budget: Budget::Failures };
        assert_eq!(failures.text(), "rl:{2001:db8:1:2::}:failures");
    }

    proptest! {
        /// The model is a tank that fills steadily, in exact fractions of a unit: millionths of `every_us`.
        #[test]
        fn the_bucket_is_a_tank_that_fills_steadily(
            rate in 1_u32..2_000, burst in 1_u32..200,
            steps in prop::collection::vec((0_i64..400_000, 0_u32..300), 1..60),
        ) {
            let policy = Policy::per_second(rate, burst);
            let every = i64::from(policy.every_us());
            let full = i64::from(burst) * every;
            let (mut bucket, mut level, mut now) = (Bucket::default(), full, 0);
            for (pause, cost) in steps {
                now += pause;
                level = (level + pause).min(full);
                let price = i64::from(cost) * every;
                let allowed = level >= price.max(every).min(full);
                if allowed { level -= price; }
                let verdict = bucket.spend(policy, cost, at(now));
                prop_assert_eq!(verdict.allowed, allowed);
                prop_assert_eq!(i64::from(verdict.remaining), level.max(0) / every);
                prop_assert_eq!(i64::try_from(verdict.reset_us).unwrap(), full - level);
                if !allowed {
                    let wait = i64::try_from(verdict.retry_after_us).unwrap();
                    prop_assert!(!bucket.clone().spend(policy, cost, at(now + wait - 1)).allowed);
                    prop_assert!(bucket.clone().spend(policy, cost, at(now + wait)).allowed, "the wait is enough");
                }
            }
        }
    }
}
