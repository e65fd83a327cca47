//! The wish to stop, as a flag that every wait looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::{Result, ServersError};

/// How often a wait looks at what it waits for.
const TICK: Duration = Duration::from_millis(50);

/// Ctrl-C, SIGTERM and SIGHUP, remembered until somebody asks.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// From now on signals no longer end this process; they are remembered here.
    pub fn listen() -> Result<Self> {
        let last = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // Signal numbers are small and positive.
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, Arc::clone(&last.0), number)
                .map_err(|error| ServersError::io("listen for signals", error))?;
        }
        Ok(last)
    }

    /// The last signal since the last call, if there was one.
    pub fn take(&self) -> Option<i32> {
        i32::try_from(self.0.swap(0, Ordering::SeqCst)).ok().filter(|&signal| signal != 0)
    }

    /// Fails once a signal has come.
    pub fn check(&self) -> Result<()> {
        self.take().map_or(Ok(()), |signal| Err(ServersError::Interrupted(signal)))
    }

    /// Sleeps a moment; fails once a signal has come.
    pub fn pause(&self) -> Result<()> {
        thread::sleep(TICK);
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_told_once() {
        let interrupt = Interrupt::default();
        assert_eq!(interrupt.take(), None);
        interrupt.0.store(15, Ordering::SeqCst);
        assert_eq!(interrupt.take(), Some(15));
        assert_eq!(interrupt.take(), None);
    }

    #[test]
    fn a_wait_ends_with_the_signal() {
        let interrupt = Interrupt::default();
        assert!(interrupt.pause().is_ok());
        interrupt.0.store(2, Ordering::SeqCst);
        assert_eq!(interrupt.pause().unwrap_err().to_string(), "stopped by signal 2");
    }
}
