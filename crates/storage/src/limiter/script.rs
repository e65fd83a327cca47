//! The arithmetic of the bucket, in Redis.

use domain::limit::{Policy, Verdict};
use domain::timestamp::Timestamp;
use redis::aio::ConnectionLike;
use redis::{RedisResult, Script};

/// The script that spends. Redis is sent its name alone, and the text when it does not know it.
pub struct Spending(Script);

impl Spending {
    pub fn new() -> Self {
        Self(Script::new(include_str!("limiter.lua")))
    }

    /// What Redis says, and when by its own clock.
    pub async fn spend(
        &self,
        connection: &mut impl ConnectionLike,
        key: &str,
        policy: Policy,
        cost: u32,
    ) -> RedisResult<(Verdict, Timestamp)> {
        let mut call = self.0.key(key);
        call.arg(policy.every_us()).arg(policy.burst()).arg(cost);
        let (allowed, remaining, retry_after_us, reset_us, now) = call.invoke_async(connection).await?;
        Ok((Verdict { allowed, remaining, retry_after_us, reset_us }, Timestamp::from_micros(now)))
    }
}
