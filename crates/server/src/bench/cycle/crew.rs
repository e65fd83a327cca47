//! Sending many requests, several at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use indicatif::ProgressBar;

/// So many failures are told in words.
const TOLD: usize = 5;

/// What came of the requests of a phase.
#[derive(Debug, Clone, Default)]
pub struct Took {
    pub requests: Vec<Duration>,
    pub failed: usize,
    /// The first failures in words.
    pub failures: Vec<String>,
}

impl Took {
    /// Sends a request and notes how long it took; gives what it gave, if that was right.
    pub async fn note<T>(&mut self, request: impl Future<Output = Result<T, String>>) -> Option<T> {
        let begun = Instant::now();
        let outcome = request.await;
        self.requests.push(begun.elapsed());
        match outcome {
            Ok(given) => Some(given),
            Err(failure) => {
                self.failed += 1;
                if self.failures.len() < TOLD {
                    self.failures.push(failure);
                }
                None
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.requests.extend(other.requests);
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.failures.truncate(TOLD);
    }
}

/// Does `count` things, `hands` at a time, each as soon as a hand is free. Moves the bar on by the requests of each.
pub async fn work(hands: usize, count: usize, bar: &ProgressBar, thing: impl AsyncFn(usize, &mut Took)) -> Took {
    let next = AtomicUsize::new(0);
    let hand = async || {
        let mut took = Took::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return took;
            }
            let before = took.requests.len();
            thing(number, &mut took).await;
            bar.inc(u64::try_from(took.requests.len() - before).unwrap_or_default());
        }
    };
    let mut all = Took::default();
    for took in join_all((0..hands.min(count)).map(|_| hand())).await {
        all.add(took);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everything_is_done_once_and_failures_are_counted() {
        let done = std::sync::Mutex::new(Vec::new());
        let took = work(3, 10, &ProgressBar::hidden(), async |number, took| {
            took.note(async { if number % 5 == 0 { Err(format!("not {number}")) } else { Ok(()) } }).await;
            tokio::task::yield_now().await;
            done.lock().unwrap().push(number);
            took.note(async { Ok::<_, String>(()) }).await;
        })
        .await;
        let mut done = done.into_inner().unwrap();
        done.sort_unstable();
        assert_eq!(done, (0..10).collect::<Vec<_>>());
        assert_eq!((took.requests.len(), took.failed), (20, 2));
        assert!(took.failures.contains(&"not 5".to_owned()));
    }
}
