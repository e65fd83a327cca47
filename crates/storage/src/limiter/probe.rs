//! Whether Redis can be used, and how quickly it answers.

use std::time::{Duration, Instant};

use super::connection::{Connector, Failure, Patience};
use super::target::RedisTarget;

/// Whoever asks by hand waits longer than a request does.
const PATIENCE: Patience = Patience { answer: Duration::from_secs(2), connect: Duration::from_secs(3) };

/// Of so many answers the quickest counts: the first ones pay for the connection.
const ASKED: usize = 5;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// None when the user may not ask.
    pub version: Option<String>,
    pub took: Duration,
}

/// Asks as the limiter does.
///
/// # Errors
/// A sentence without any password in it.
pub async fn probe(target: &RedisTarget) -> Result<Probed, String> {
    let connector = Connector::new(target, PATIENCE).map_err(|error| error.to_string())?;
    let mut connection = connector.connect().await.map_err(said)?;
    let mut took = Duration::MAX;
    for _ in 0..ASKED {
        let asked = Instant::now();
        connection.ask(PATIENCE.answer).await.map_err(said)?;
        took = took.min(asked.elapsed());
    }
    Ok(Probed { version: connection.version(PATIENCE.answer).await, took })
}

fn said(failure: Failure) -> String {
    failure.to_string()
}
