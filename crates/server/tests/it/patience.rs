//! Waiting for what comes sooner or later, and not for ever.

use std::time::{Duration, Instant};

use crate::caller::{Answer, Caller};

/// Far more than anything here takes on a busy machine.
pub const LONG: Duration = Duration::from_secs(45);

const TICK: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer; `what` is said when none comes.
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_for(LONG, what, ask).await
}

/// [`until`] for what may take longer.
pub async fn until_for<T>(patience: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < patience {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(TICK).await;
    }
    panic!("waited {patience:?} in vain for {what}");
}

/// The answer to what is asked again, as clients do, as long as it is put off.
pub async fn in_the_end(mut ask: impl AsyncFnMut() -> Answer) -> Answer {
    until("an answer that is not put off", async || {
        let answer = ask().await;
        (answer.status != 503).then_some(answer)
    })
    .await
}

/// Waits until a caller is answered with this status: what another process changed holds within a second.
pub async fn until_status(caller: &Caller, status: u16) {
    until(&format!("the status {status}"), async || (caller.get("/Users").await.status == status).then_some(())).await;
}

/// [`until`] where nothing is asynchronous.
pub fn until_blocking<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < LONG {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(TICK);
    }
    panic!("waited {LONG:?} in vain for {what}");
}
