//! Where connections live.

use std::future::poll_fn;
use std::pin::pin;

use tokio::runtime::Handle;

/// The runtime that opens connections. A connection is of use as long as the runtime that opened it; the threads of a server
/// have one each, and end one after another when it stops, while others still have requests to finish. So what may open a
/// connection is done at home, with the runtime that waits for them all.
#[derive(Clone)]
pub struct Home(Handle);

impl Home {
    /// The runtime of this task.
    pub fn here() -> Self {
        Self(Handle::current())
    }

    /// Sockets and timers of this work are the home's; it is carried on by whoever asks and ends with him, as any other.
    pub async fn host<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _at_home = self.0.enter();
            work.as_mut().poll(context)
        })
        .await
    }
}
