//! What `serve` does beside answering (decisions.md 20): each worker repeats a step for ever. Work that is one process's at
//! a time is leased; a process that dies is waited for until its lease runs out.

mod activity;
mod indexer;
mod post;
mod reader;
mod shift;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::sleep;
use domain::ops::{Domains, SignIn, WRITE_EVERY_MS};
use domain::ports::SecretGen as _;
use domain::request_key;
use domain::signing_key;
use domain::store::{Store as _, StoreError};

use web::limit::Limits;

use crate::runtime::RandomSecrets;
use crate::wiring::Rollcall;
use activity::Keeper;
use indexer::Indexer;
use post::Watcher;
use reader::Reader;
use shift::Shift;

/// Twice a second (decisions.md 19).
const FOLLOW: Duration = Duration::from_millis(500);
/// A fact is readable within 200 ms, normally (product.md).
const NUMBER: Duration = Duration::from_millis(100);
const INDEX: Duration = Duration::from_millis(500);
const FOLD: Duration = Duration::from_secs(2);
const FLUSH: Duration = Duration::from_secs(10);
const SIGNING: Duration = Duration::from_secs(signing_key::FOLLOW_SECONDS);
const JOBS: Duration = Duration::from_millis(500);
const REPORT: Duration = Duration::from_mins(1);
const PRUNE: Duration = Duration::from_mins(1);
const WRITE: Duration = Duration::from_millis(WRITE_EVERY_MS);
const RECONCILE: Duration = Duration::from_secs(10);
const DELIVER: Duration = Duration::from_secs(5);
const WATCH: Duration = Duration::from_secs(2);
const RESEAL: Duration = Duration::from_secs(30);
const SESSIONS: Duration = Duration::from_mins(10);
const LOOK: Duration = Duration::from_secs(30);

/// Facts that are numbered in one transaction.
const FACTS: u64 = 1_000;
/// Parts that a count may have come apart into.
const PARTS: u64 = 64;
/// Secrets that are encrypted anew at a time.
const SECRETS: u64 = 200;
/// Links that open nothing any more are shown for so long.
const LINKS_SECONDS: i64 = 90 * 86_400;
/// Notes of changes are kept for longer than any process looks back.
const NOTES_SECONDS: i64 = 600;

/// The workers of this process.
pub struct Workers(Vec<JoinHandle<()>>);

impl Workers {
    /// Workers of different processes have different names.
    pub fn start(rollcall: &Arc<Rollcall>, budgets: &Arc<Limits>, sign_in: &Arc<SignIn>) -> Self {
        let name = hex::encode(RandomSecrets.bytes());
        let shift = |work| Shift::new(rollcall.clone(), work, &name);
        let (sequencer, folder, indexer) = (shift("sequencer"), shift("folder"), Indexer::new(shift("indexer")));
        let (jobs, watcher, reader) = (shift("jobs"), Watcher::new(shift("watcher")), Reader::new(shift("reader")));
        let (reconciler, keeper) = (Keeper::new(shift("reconciler")), Keeper::new(shift("keeper")));
        let domains = rollcall.domains(budgets.limiter());
        let [follow, ring, signing, flush, prune, log, reseal, sessions, clock, post, look] =
            std::array::from_fn(|_| rollcall.clone());
        Self(vec![
            every(FOLLOW, "noticing what other processes changed", follow, async |it: &mut Arc<Rollcall>| {
                it.admissions.follow(it.clock.now()).await
            }),
            every(NUMBER, "numbering facts", sequencer, number),
            every(FOLD, "folding counts", folder, async |it: &mut Shift| match it.is_on().await? {
                true => it.rollcall.store.work().fold_counts(PARTS).await.map(drop),
                false => Ok(()),
            }),
            every(INDEX, "filling indexes", indexer, Indexer::step),
            every(JOBS, "working on jobs", jobs, work_on_jobs),
            every(FOLLOW, "reading the key ring", ring, async |it: &mut Arc<Rollcall>| it.keys.follow().await),
            every(SIGNING, "looking after the keys of access tokens", signing, async |it: &mut Arc<Rollcall>| {
                it.signing.follow(it.clock.now()).await
            }),
            every(REPORT, "telling who was refused", budgets.clone(), async |it: &mut Arc<Limits>| {
                it.report();
                Ok::<(), StoreError>(())
            }),
            every(FLUSH, "noting when credentials were used", flush, async |it: &mut Arc<Rollcall>| {
                it.credentials.flush_uses().await
            }),
            every(WRITE, "writing the activity log", log, async |it: &mut Arc<Rollcall>| {
                // On its own, so that the end of the workers does not break off in the middle of a batch.
                let it = it.clone();
                let written = rt::spawn(async move { it.activity.flush(it.clock.now()).await });
                written.await.unwrap_or(Ok(()))
            }),
            every(RECONCILE, "comparing the activity log with the journal", reconciler, Keeper::reconcile),
            every(PRUNE, "removing old rows of the activity log", keeper, Keeper::prune),
            every(WATCH, "looking at how connections are", watcher, Watcher::step),
            every(WATCH, "reading what identity providers publish", reader, Reader::step),
            every(DELIVER, "sending mails", post, post::deliver),
            every(FLUSH, "noting refused sign-ins", (sign_in.clone(), clock), async |(sign_in, it)| {
                sign_in.flush_refusals(it.clock.now()).await
            }),
            every(RESEAL, "encrypting secrets anew", reseal, async |it: &mut Arc<Rollcall>| {
                it.people.reseal(SECRETS).await?;
                it.connections.reseal(SECRETS).await.map(drop)
            }),
            every(SESSIONS, "forgetting ended sessions", sessions, async |it: &mut Arc<Rollcall>| {
                let now = it.clock.now();
                it.store.work().prune_sessions(now, now.plus_seconds(-LINKS_SECONDS)).await
            }),
            every(LOOK, "looking for domains", (domains, look), look_for_domains),
            every(PRUNE, "forgetting old notes", prune, async |it: &mut Arc<Rollcall>| {
                let (work, now) = (it.store.work(), it.clock.now());
                work.prune_sign_ins(now).await?;
                work.prune_request_keys(now.plus_seconds(-request_key::KEEP_SECONDS)).await?;
                work.prune_changes(now.plus_seconds(-NOTES_SECONDS)).await
            }),
        ])
    }

    /// Ends them, wherever they are. They give back their connections, which needs a runtime, so this waits until they have.
    pub async fn end(self) {
        for worker in &self.0 {
            worker.abort();
        }
        for worker in self.0 {
            drop(worker.await);
        }
    }
}

/// Repeats a step. One that fails is tried again the next time, and told when it is the first of a row.
fn every<State: 'static, Error: Display + 'static>(
    pause: Duration,
    what: &'static str,
    mut state: State,
    step: impl AsyncFn(&mut State) -> Result<(), Error> + 'static,
) -> JoinHandle<()> {
    rt::spawn(async move {
        let mut works = true;
        loop {
            match step(&mut state).await {
                Ok(()) => works = true,
                Err(error) => {
                    if works {
                        tracing::warn!(%error, what, "a worker cannot work");
                    }
                    works = false;
                }
            }
            sleep(pause).await;
        }
    })
}

/// Takes steps in the jobs that run, until none does.
async fn work_on_jobs(shift: &mut Shift) -> Result<(), domain::Error> {
    while shift.is_on().await? && shift.rollcall.jobs.step(shift.rollcall.clock.now()).await? {}
    Ok(())
}

/// Looks for domains that are due, until none is.
async fn look_for_domains((domains, rollcall): &mut (Domains, Arc<Rollcall>)) -> Result<(), domain::Error> {
    while domains.look_again(rollcall.clock.now()).await? > 0 {}
    Ok(())
}

/// Numbers what waits, until nothing does.
async fn number(shift: &mut Shift) -> Result<(), StoreError> {
    while shift.is_on().await? && shift.rollcall.store.work().number_facts(&shift.lease, FACTS).await? == FACTS {}
    Ok(())
}
