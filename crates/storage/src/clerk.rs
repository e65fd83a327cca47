//! The thread that changes a file.

use std::io;
use std::sync::Arc;

use domain::store::StoreError;
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::Instrument as _;

/// Changes take turns, and each consists of several walks to the thread that the file belongs to. On the threads that serve
/// requests a change would be carried on only when whatever else goes on there lets it, and all others would wait as long.
#[derive(Clone)]
pub struct Clerk {
    desk: Handle,
    _office: Arc<Office>,
}

/// Ends with the last who knows it, and with what was entrusted to it.
struct Office(Option<Runtime>);

impl Clerk {
    /// # Errors
    /// When no thread can be started.
    pub fn new() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("clerk").enable_time().build()?;
        Ok(Self { desk: runtime.handle().clone(), _office: Arc::new(Office(Some(runtime))) })
    }

    /// Carries out work, and goes on with it when nobody waits for it any more.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when it panics.
    pub async fn entrust<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.desk
            .spawn(work.in_current_span())
            .await
            .unwrap_or_else(|error| Err(StoreError::Internal(error.to_string())))
    }
}

impl Drop for Office {
    /// A runtime that waits for its threads may not be dropped by a task.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it() {
        let clerk = Clerk::new().unwrap();
        let (go, gone) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel::<()>();
        let work = clerk.entrust(async move {
            gone.await.unwrap();
            tell.send(()).unwrap();
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(50), work).await.is_err(), "it has to wait");
        go.send(()).unwrap();
        told.await.unwrap();
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_the_next_is_done() {
        let clerk = Clerk::new().unwrap();
        let panics = clerk.entrust(async { Ok(Vec::<u8>::new().first().copied().unwrap()) });
        assert!(matches!(panics.await, Err(StoreError::Internal(_))));
        assert_eq!(clerk.entrust(async { Ok(7) }).await, Ok(7));
    }
}
