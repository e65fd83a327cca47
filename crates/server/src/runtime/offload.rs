//! Work that would hold up those who wait for answers.

use std::sync::Arc;
use std::thread::available_parallelism;

use async_trait::async_trait;
use domain::ports::Offload;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// The runtime's threads for what takes a while; as many at once as there are processors, so that a flood of it leaves the
/// others for other work.
#[derive(Clone, Debug)]
pub struct BlockingThreads {
    turns: Arc<Semaphore>,
}

impl Default for BlockingThreads {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(available_parallelism().map_or(1, Into::into))) }
    }
}

#[async_trait]
impl Offload for BlockingThreads {
    async fn run(&self, task: Box<dyn FnOnce() + Send>) {
        // Nobody closes it, and a task that fails leaves nothing, which whoever waits for its result notices.
        let turn = self.turns.clone().acquire_owned().await;
        let work = spawn_blocking(move || {
            task();
            drop(turn);
        });
        drop(work.await);
    }
}
