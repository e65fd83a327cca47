//! When requests are due.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Gives `count` moments, `rate` a second, each when it has come; they wait in line for whoever is late.
///
/// A thread of its own tells them, since the timers of the runtime are a millisecond late, which is as much as a request
/// takes. It ends with the last moment or when nobody listens any more.
///
/// # Errors
/// When there can be no more threads.
pub fn begin(rate: u32, count: u64) -> io::Result<UnboundedReceiver<Instant>> {
    let (due, moments) = unbounded_channel();
    thread::Builder::new().name("schedule".to_owned()).spawn(move || tell(rate, count, &due))?;
    Ok(moments)
}

fn tell(rate: u32, count: u64, due: &UnboundedSender<Instant>) {
    let start = Instant::now();
    for number in 0..count {
        let moment = start + offset(rate, number);
        thread::sleep(moment.saturating_duration_since(Instant::now()));
        if due.send(moment).is_err() {
            return;
        }
    }
}

/// How long after the first moment this one is.
fn offset(rate: u32, number: u64) -> Duration {
    Duration::from_nanos(number.saturating_mul(1_000_000_000) / u64::from(rate.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spread_evenly_and_do_not_drift() {
        assert_eq!(offset(25, 0), Duration::ZERO);
        assert_eq!(offset(25, 1), Duration::from_millis(40));
        assert_eq!(offset(3, 3_000_000), Duration::from_secs(1_000_000));
    }

    #[tokio::test]
    async fn each_moment_is_told_once_and_not_before_it_has_come() {
        let mut moments = begin(1_000, 50).unwrap();
        let mut told = Vec::new();
        while let Some(moment) = moments.recv().await {
            assert!(Instant::now() >= moment);
            told.push(moment);
        }
        assert_eq!(told.len(), 50);
        assert!(told.is_sorted() && told[49] - told[0] == Duration::from_millis(49), "{told:?}");
    }
}
