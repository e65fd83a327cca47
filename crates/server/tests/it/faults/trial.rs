//! A load, and what is measured while something goes wrong under it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use storage::Target;

use super::report::Row;
use crate::caller::Caller;
use crate::crash::journal;
use crate::crash::ledger::Ledger;
use crate::crash::load::Load;
use crate::patience::until_for;

/// A request on a connection that is dead is given up after 30 s, and its client's next one may meet another such connection.
const PATIENCE: Duration = Duration::from_secs(150);

pub struct Trial {
    caller: Caller,
    load: Load,
    recovery: Duration,
}

impl Trial {
    /// Clients work, and have done so for a while.
    pub async fn begin(caller: &Caller, changes: usize) -> Self {
        let load = Load::start(caller, Ledger::open(caller).await);
        let trial = Self { caller: caller.clone(), load, recovery: Duration::ZERO };
        trial.go_on(changes).await;
        trial
    }

    /// Waits for so many more good answers.
    pub async fn go_on(&self, answers: usize) {
        self.load.acknowledged(answers).await;
    }

    /// What goes wrong is over now: waits until every client is answered well again.
    pub async fn recovered(&mut self) {
        let (start, news) = (Instant::now(), self.load.news());
        let before = news.of_each();
        until_for(PATIENCE, "everybody to be answered well again", async || {
            news.of_each().iter().zip(&before).all(|(now, before)| now > before).then_some(())
        })
        .await;
        self.recovery = self.recovery.max(start.elapsed());
    }

    /// Ends the load and compares everything with what was acknowledged, as the server shows it, and as `database` has it
    /// once the server was asked.
    pub async fn end(self, fault: &str, database: impl FnOnce() -> Target) -> Row {
        let (news, caller) = (self.load.news(), self.caller);
        let mut ledger = self.load.end_anyway().await;
        let shown = AssertUnwindSafe(async {
            ledger.audit(&caller).await;
            ledger.audit_everybody(&caller).await;
        });
        let mut lost = shown.catch_unwind().await.err();
        if lost.is_none() {
            let database = database();
            lost = AssertUnwindSafe(journal::audit(&database, &ledger)).catch_unwind().await.err();
        }
        Row {
            fault: fault.to_owned(),
            answered: news.acknowledged.load(Ordering::SeqCst),
            put_off: news.put_off.load(Ordering::SeqCst),
            cut: news.cut.load(Ordering::SeqCst),
            lost: lost.map(|panic| message(&*panic)),
            wrong: news.all_wrong(),
            outage: news.longest_silence(),
            recovery: self.recovery,
            not_tried: None,
        }
    }
}

/// What somebody said who panicked.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}
