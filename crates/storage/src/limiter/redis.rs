//! Buckets that processes share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use domain::limit::{LimitKey, Policy, Verdict};
use domain::ports::{Clock, RateLimiter};
use domain::timestamp::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::{Breakers, Part, Way};
use super::connection::{Connection, Connector, Failure, Patience};
use super::local::LocalLimiter;
use super::report::Report;
use super::script::Spending;
use super::target::{RedisTarget, RedisTargetError};

/// So many at once look whether slots of a cluster are back.
const PROBES: usize = 16;

/// What a probe spends. It writes, because a Redis that may only be read shares nothing.
const PROBE: Policy = Policy::per_second(1_000, 1_000);

/// Buckets on a Redis. While it is slow or gone, buckets of this process take over: nobody waits for Redis, and nothing is
/// unlimited or closed. They know what this process has let through, but not what others have.
pub struct RedisLimiter(Arc<Shared>);

/// How many checks were answered, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimiterCounts {
    /// By Redis.
    pub shared: u64,
    /// By this process, because Redis was slow or gone.
    pub local: u64,
}

struct Shared {
    connector: Connector,
    connection: RwLock<Option<Connection>>,
    patience: Patience,
    spending: Spending,
    local: LocalLimiter,
    breakers: Breakers,
    probes: Arc<Semaphore>,
    report: Report,
    by_redis: AtomicU64,
    by_us: AtomicU64,
}

impl RedisLimiter {
    /// Connects, and does not mind when there is nobody yet. `clock` is for the buckets of this process; Redis has its own.
    ///
    /// # Errors
    /// [`RedisTargetError::Refused`] when the target is of no use, whoever is there.
    pub async fn connect(
        target: &RedisTarget,
        patience: Patience,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RedisTargetError> {
        let shared = Shared {
            connector: Connector::new(target, patience)?,
            connection: RwLock::default(),
            patience,
            spending: Spending::new(),
            local: LocalLimiter::new(clock),
            breakers: Breakers::default(),
            probes: Arc::new(Semaphore::new(PROBES)),
            report: Report::default(),
            by_redis: AtomicU64::default(),
            by_us: AtomicU64::default(),
        };
        match shared.connector.connect().await {
            Ok(connection) => shared.keep(connection),
            Err(failure) => shared.report.failed(&failure),
        }
        Ok(Self(Arc::new(shared)))
    }

    /// What Redis says, and the moment of its clock at which that holds. Nobody takes over, and it is not counted.
    ///
    /// # Errors
    /// [`Failure`] when it says nothing in time.
    pub async fn spend_shared(
        &self,
        key: &LimitKey,
        policy: Policy,
        cost: u32,
    ) -> Result<(Verdict, Timestamp), Failure> {
        self.0.ask(&key.text(), policy, cost).await
    }

    /// How many checks were answered so far.
    pub fn counts(&self) -> LimiterCounts {
        let Shared { by_redis, by_us, .. } = &*self.0;
        LimiterCounts { shared: by_redis.load(Ordering::Relaxed), local: by_us.load(Ordering::Relaxed) }
    }

    /// Looks whether Redis is back, beside the request.
    fn look(&self, key: String, part: Part) {
        if let Ok(permit) = Arc::clone(&self.0.probes).try_acquire_owned()
            && self.0.breakers.claim(part)
        {
            tokio::spawn(Arc::clone(&self.0).probe(key, part, permit));
        }
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn spend(&self, key: &LimitKey, policy: Policy, cost: u32) -> Verdict {
        let shared = &*self.0;
        let text = key.text();
        let part = shared.connector.part(&text);
        match shared.breakers.way(part) {
            Way::Shared => match shared.ask(&text, policy, cost).await {
                Ok((verdict, _)) => {
                    shared.by_redis.fetch_add(1, Ordering::Relaxed);
                    if verdict.allowed {
                        // For the case that we take over: what was let through is not let through again.
                        shared.local.spend(key, policy, cost);
                    }
                    return verdict;
                }
                Err(failure) => {
                    shared.breakers.open(part);
                    shared.report.failed(&failure);
                }
            },
            Way::Due => self.look(text, part),
            Way::Local => {}
        }
        shared.by_us.fetch_add(1, Ordering::Relaxed);
        shared.local.spend(key, policy, cost)
    }

    fn fallbacks(&self) -> u64 {
        self.counts().local
    }

    fn is_shared(&self) -> Option<bool> {
        Some(self.0.kept().is_some() && self.0.breakers.are_closed())
    }
}

impl Shared {
    async fn ask(&self, key: &str, policy: Policy, cost: u32) -> Result<(Verdict, Timestamp), Failure> {
        let mut connection = self.kept().ok_or(Failure::Unconnected)?;
        connection.spend(&self.spending, key, policy, cost, self.patience.answer).await
    }

    async fn probe(self: Arc<Self>, key: String, part: Part, _permit: OwnedSemaphorePermit) {
        match self.try_again(&key).await {
            Ok(()) => {
                self.breakers.close(part);
                self.report.back();
            }
            Err(failure) => self.report.failed(&failure),
        }
    }

    /// Does what a request does, on a new connection: the server behind the name may be another now, and the old connection
    /// may be full of calls that nobody waits for any more.
    async fn try_again(&self, key: &str) -> Result<(), Failure> {
        let mut connection = match self.kept().filter(Connection::heals) {
            Some(connection) => connection,
            None => self.connector.connect().await?,
        };
        let beside = format!("{key}:probe");
        connection.spend(&self.spending, &beside, PROBE, 1, self.patience.answer).await?;
        self.keep(connection);
        Ok(())
    }

    fn kept(&self) -> Option<Connection> {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, connection: Connection) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }
}
