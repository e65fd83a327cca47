//! `[redis]`: what replicas share besides the database.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use storage::limiter::RedisTarget;

use super::table::{Fallback, Key, Kind, Section};
use super::{Layers, SettingsError};

/// The Redis server or cluster that replicas share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    /// The server; a secret because it may hold a password.
    pub url: Option<SecretString>,
    /// Whose certificates are trusted.
    pub ca_file: Option<PathBuf>,
}

impl RedisSettings {
    /// Checks the keys against each other.
    pub(super) fn check(&self, layers: &Layers) -> Result<(), SettingsError> {
        let why = match self.url.as_ref().map(|url| url.expose_secret().starts_with("rediss")) {
            _ if self.ca_file.is_none() => return Ok(()),
            None => "there is no redis.url",
            Some(false) => "redis.url does not ask for TLS",
            Some(true) => return Ok(()),
        };
        Err(layers.misfit("redis.ca_file", format!("it to be left out, because {why}")))
    }
}

pub(super) const SECTION: Section = Section {
    name: "redis",
    meaning: "The Redis server or cluster that replicas share: rate limits are counted there. Without it each process counts for itself, \
              which is right for one process. When it is slow or gone, processes count for themselves until it is back.",
    keys: &[
        Key {
            name: "redis.url",
            kind: Kind::Text {
                expected: "redis://HOST…, rediss://HOST… (TLS), redis-cluster://HOST:PORT,HOST:PORT… or rediss-cluster://…",
                accepts: |text| RedisTarget::parse(text).is_ok(),
            },
            fallback: Fallback::Nothing("no Redis"),
            meaning: "The server: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://…` for TLS. A cluster: \
                      `redis-cluster://[[USER]:PASSWORD@]HOST[:PORT],HOST[:PORT]…`, or `rediss-cluster://…`. User and password are \
                      percent-encoded. A user of an access list needs `~rl:*`, `+evalsha +script|load +time +get +set`, with a number of a \
                      database also `+select`, and in a cluster `+cluster|slots +ping`.",
            secret: true,
        },
        Key {
            name: "redis.ca_file",
            kind: Kind::Text { expected: "the name of a file", accepts: |text| !text.is_empty() },
            fallback: Fallback::Nothing("Mozilla's roots"),
            meaning: "A PEM file with the certificates that are trusted, and no others, when the URL asks for TLS.",
            secret: false,
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_redis_urls_with_a_host_are_accepted() {
        let accepts = |text: &str| RedisTarget::parse(text).is_ok();
        assert!(accepts("redis://localhost:6379/0") && accepts("rediss://:p@cache.example"));
        assert!(!accepts("redis://") && !accepts("localhost:6379") && !accepts("http://localhost"));
    }
}
