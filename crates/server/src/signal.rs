//! The operating system's word to stop.

use std::future;

#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C or SIGTERM, from when it is first polled.
pub async fn stop() {
    #[cfg(unix)]
    tokio::select! {
        () = one(SignalKind::interrupt()) => {}
        () = one(SignalKind::terminate()) => {}
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn one(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::error!(%error, "a signal to stop cannot be heard");
            future::pending::<()>().await;
        }
    }
}

/// Waits for the second time: somebody does not want to wait for requests under way.
pub async fn stop_at_once() {
    stop().await;
    stop().await;
}
