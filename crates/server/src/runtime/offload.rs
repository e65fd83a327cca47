//! Work that would hold up those who wait for answers.

use async_trait::async_trait;
use domain::ports::Offload;
use tokio::task::spawn_blocking;

/// The runtime's threads for what takes a while.
#[derive(Clone, Copy, Debug)]
pub struct BlockingThreads;

#[async_trait]
impl Offload for BlockingThreads {
    async fn run(&self, task: Box<dyn FnOnce() + Send>) {
        // A task that fails leaves nothing, which whoever waits for its result notices.
        drop(spawn_blocking(task).await);
    }
}
