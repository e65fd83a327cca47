//! Buckets: in this process, and on a Redis that all processes share.

mod breaker;
mod connection;
mod local;
mod probe;
mod redis;
mod report;
mod script;
mod target;

pub use connection::{Failure, Patience};
pub use local::LocalLimiter;
pub use probe::{Probed, probe};
pub use redis::{LimiterCounts, RedisLimiter};
pub use target::{RedisTarget, RedisTargetError};
