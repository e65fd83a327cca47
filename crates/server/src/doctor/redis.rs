//! Redis, where processes count together.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use storage::limiter::{RedisTarget, probe};

use super::Finding;
use crate::settings::Settings;

/// A check has 50 ms; what takes this long is near it.
const SLOW: Duration = Duration::from_millis(20);

pub async fn examine(settings: &Settings) -> Vec<Finding> {
    let Some(url) = &settings.redis.url else {
        return match settings.database.is_embedded() {
            true => Vec::new(),
            false => vec![Finding::warn(
                "redis",
                "there is no redis.url, so that each process counts limits for itself",
                "set redis.url when more than one process serves",
            )],
        };
    };
    let away = "check redis.url and that Redis runs; until then each process counts limits for itself";
    let target = RedisTarget::parse(url.expose_secret()).and_then(|target| match &settings.redis.ca_file {
        Some(file) => target.with_ca_file(file),
        None => Ok(target),
    });
    let target = match target {
        Ok(target) => target,
        Err(error) => return vec![Finding::bad("redis", error.to_string(), "correct redis.url and redis.ca_file")],
    };
    vec![match probe(&target).await {
        Err(error) => Finding::bad("redis", format!("it cannot be used: {error}"), away),
        Ok(probed) => {
            let version = probed.version.map_or_else(|| "Redis".to_owned(), |version| format!("Redis {version}"));
            let found = format!("{version} answers within {:.1} ms", probed.took.as_secs_f64() * 1_000.0);
            match probed.took > SLOW {
                true => {
                    Finding::warn("redis", found, "put Redis near the server; a check that takes 50 ms is given up")
                }
                false => Finding::ok("redis", found),
            }
        }
    }]
}
