//! The tenant that asks for too much.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::plan::Plan;
use super::report::Noisy;
use crate::bench::error::BenchError;
use crate::bench::{question, schedule};
use crate::replay::client::ScimClient;

/// A flood under way. Dropping it ends it.
pub struct Flood {
    answered: oneshot::Receiver<io::Result<Noisy>>,
    _stop: oneshot::Sender<()>,
}

impl Flood {
    /// Begins to send. It has a thread of its own, so that the quiet tenant waits for the server and not for the flood
    /// to be made.
    ///
    /// # Errors
    /// [`BenchError::Tenant`] when the base URL or the token cannot be used, [`BenchError::Thread`] when there can be no
    /// more threads.
    pub fn start(plan: &Plan) -> Result<Self, BenchError> {
        // A client of its own each time: connections end with the thread that made them.
        let client = plan.noisy.client("noisy")?;
        let (tell, answered) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let plan = plan.clone();
        thread::Builder::new().name("flood".to_owned()).spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let noisy = runtime.and_then(|runtime| runtime.block_on(send(client, &plan, stopped)));
            // Nobody listens when the measurement was broken off.
            drop(tell.send(noisy));
        })?;
        Ok(Self { answered, _stop: stop })
    }

    /// Waits for its end and tells what was answered.
    ///
    /// # Errors
    /// [`BenchError::Thread`] when the flood could not be made.
    pub async fn ended(self) -> Result<Noisy, BenchError> {
        let answered = self.answered.await.map_err(|_| io::Error::other("the thread of the flood broke"))?;
        Ok(answered?)
    }
}

/// Sends on schedule as long as connections are free, and stops when the time is over or `stopped` comes.
async fn send(client: ScimClient, plan: &Plan, stopped: oneshot::Receiver<()>) -> io::Result<Noisy> {
    let start = Instant::now();
    let mut noisy = Noisy::offering(plan.noisy_requests());
    let mut under_way = JoinSet::new();
    let client = Arc::new(client);
    let free = Arc::new(Semaphore::new(usize::try_from(plan.noisy_connections).unwrap_or(1)));
    let mut moments = schedule::begin(plan.noisy_rate, plan.noisy_requests())?;
    {
        let sending = async {
            let mut number = 0_u64;
            while moments.recv().await.is_some() {
                let Ok(connection) = Arc::clone(&free).acquire_owned().await else { return };
                let client = Arc::clone(&client);
                number += 1;
                under_way.spawn(async move {
                    let status = status(&client, number).await;
                    drop(connection);
                    status
                });
                while let Some(ended) = under_way.try_join_next() {
                    noisy.count(ended.ok().flatten());
                }
            }
        };
        let mut sending = pin!(sending);
        tokio::select! {
            () = &mut sending => {}
            () = tokio::time::sleep(Duration::from_secs(plan.seconds.into())) => {}
            _ = stopped => {}
        }
    }
    while let Some(ended) = under_way.join_next().await {
        noisy.count(ended.ok().flatten());
    }
    noisy.end(start.elapsed());
    Ok(noisy)
}

async fn status(client: &ScimClient, number: u64) -> Option<u16> {
    let answer = client.send(&question::find(&format!("nobody-{number}"))).await;
    answer.ok().map(|answer| answer.status)
}
