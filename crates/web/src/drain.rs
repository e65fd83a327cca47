//! The last seconds of a server, in which it answers and asks not to be asked again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use actix_web::web::Data;

/// Whether the server was told to stop.
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Waits for the word to stop, and then for as long as balancers need to notice.
    pub async fn after(self, word: impl Future<Output = ()>, patience: Duration) {
        word.await;
        self.0.store(true, Ordering::Release);
        if !patience.is_zero() {
            tracing::info!(seconds = patience.as_secs(), "stopping; /readyz says so, and requests are still answered");
            actix_web::rt::time::sleep(patience).await;
        }
    }
}

/// Once the server was told to stop, each answer is the last on its connection: the next request goes to another server
/// instead of into a connection that is just being closed.
///
/// # Errors
/// Those of the request.
pub async fn close_connections<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let drain = request.app_data::<Data<Drain>>().cloned();
    let mut answer = next.call(request).await?;
    if drain.is_some_and(|drain| drain.has_begun()) {
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(answer)
}
