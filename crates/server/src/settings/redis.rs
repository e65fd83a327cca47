//! `[redis]`: what replicas share besides the database.

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::table::{Fallback, Key, Kind, Section};

/// The Redis server that replicas share. Accepted and checked, but nothing reads it until rate limits are built.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    /// The server; a secret because it may hold a password.
    pub url: Option<SecretString>,
}

pub(super) const SECTION: Section = Section {
    name: "redis",
    meaning: "The Redis server that replicas share. **Not in use yet**: the key is accepted and checked, so that a deployment can \
              set it already, but nothing connects to Redis until rate limits are built.",
    keys: &[Key {
        name: "redis.url",
        kind: Kind::Text { expected: "redis://HOST… or rediss://HOST…", accepts: is_redis },
        fallback: Fallback::Nothing("no Redis"),
        meaning: "The server: `redis://HOST:6379/0`, or `rediss://…` for TLS. Not in use yet.",
        secret: true,
    }],
};

fn is_redis(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_redis_urls_with_a_host_are_accepted() {
        assert!(is_redis("redis://localhost:6379/0") && is_redis("rediss://:p@cache.example"));
        assert!(!is_redis("redis://") && !is_redis("localhost:6379") && !is_redis("http://localhost"));
    }
}
