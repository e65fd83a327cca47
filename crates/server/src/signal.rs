//! The operating system's word to stop.

use std::future;
use std::pin::Pin;

#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C or SIGTERM, which are heard from now on. Needs a runtime to be entered.
pub fn stop() -> impl Future<Output = ()> + Send + 'static {
    #[cfg(unix)]
    let (interrupted, terminated) = (one(SignalKind::interrupt()), one(SignalKind::terminate()));
    async move {
        #[cfg(unix)]
        tokio::select! {
            () = interrupted => {}
            () = terminated => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
fn one(kind: SignalKind) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match signal(kind) {
        Ok(mut signal) => Box::pin(async move {
            signal.recv().await;
        }),
        Err(error) => {
            tracing::error!(%error, "a signal to stop cannot be heard");
            Box::pin(future::pending())
        }
    }
}

/// Waits for the second time: somebody does not want to wait for requests under way.
pub async fn stop_at_once() {
    stop().await;
    stop().await;
}
