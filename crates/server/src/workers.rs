//! What `serve` does beside answering (decisions.md 20): each worker repeats a step for ever. Work that is one process's at
//! a time is leased; a process that dies is waited for until its lease runs out.

mod activity;
mod indexer;
mod marks;
mod observer;
mod post;
mod reader;
mod retention;
mod shift;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::{sleep, timeout};
use domain::ops::{SignIn, WRITE_EVERY_MS};
use domain::ports::{RateLimiter, SecretGen as _};
use domain::request_key;
use domain::signing_key;
use domain::store::{Store as _, StoreError};
use metrics::counter;

use web::limit::Limits;

use crate::metrics::Metrics;
use crate::process_role::{ProcessRole, ProcessRoles};
use crate::runtime::RandomSecrets;
use crate::wiring::Rollcall;
use activity::Keeper;
use indexer::Indexer;
pub use marks::Marks;
use observer::Observer;
use post::Watcher;
use reader::Reader;
use shift::Shift;

/// Twice a second (decisions.md 19).
const FOLLOW: Duration = Duration::from_millis(500);
const CLOCK: Duration = Duration::from_secs(1);
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
const OBSERVE: Duration = Duration::from_secs(15);

/// How long they may take to end.
const END: Duration = Duration::from_secs(3);

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
pub struct Workers {
    name: String,
    rollcall: Arc<Rollcall>,
    marks: Arc<Marks>,
    hired: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts what every process needs for itself, and with the role [`ProcessRole::Worker`] what the installation needs of
    /// any of them. Workers of different processes have different names.
    pub fn start(rollcall: &Arc<Rollcall>, budgets: &Arc<Limits>, sign_in: &Arc<SignIn>, roles: &ProcessRoles) -> Self {
        let name = hex::encode(RandomSecrets.bytes());
        let mut workers = Self { name, rollcall: rollcall.clone(), marks: Arc::default(), hired: Vec::new() };
        workers.serve_this_process(budgets, sign_in);
        if roles.has(ProcessRole::Worker) {
            workers.serve_the_installation(budgets);
        }
        workers
    }

    /// Starts to look for what is measured.
    pub fn observe(&mut self, collected: Metrics, limiter: Arc<dyn RateLimiter>, tenants: u32) {
        let observer = Observer::new(self.shift("observer"), collected, limiter, tenants);
        self.every(OBSERVE, ("observer", "measuring"), observer, Observer::step);
    }

    /// How they do.
    pub fn marks(&self) -> Arc<Marks> {
        self.marks.clone()
    }

    /// What this process believes, and what it has seen and not written down yet: nobody else can do that for it.
    fn serve_this_process(&mut self, budgets: &Arc<Limits>, sign_in: &Arc<SignIn>) {
        let [follow, time, ring, signing, wishes, flush, log, clock] = std::array::from_fn(|_| self.rollcall.clone());
        self.every(FOLLOW, ("follower", "noticing what other processes changed"), follow, async |it| {
            it.admissions.follow(it.clock.now()).await
        });
        self.every(CLOCK, ("clock", "asking the database for the time"), time, async |it| {
            it.database_clock.follow(it.store.as_ref()).await
        });
        self.every(FOLLOW, ("key_ring", "reading the key ring"), ring, async |it| it.keys.follow().await);
        self.every(SIGNING, ("signing_keys", "looking after the keys of access tokens"), signing, async |it| {
            it.signing.follow(it.clock.now()).await
        });
        self.every(INDEX, ("index_wishes", "asking for indexes"), wishes, async |it| {
            it.wishes.grant(it.clock.now()).await
        });
        self.every(REPORT, ("limit_report", "telling who was refused"), budgets.clone(), async |it| {
            it.report();
            Ok::<(), StoreError>(())
        });
        self.every(FLUSH, ("credential_uses", "noting when credentials were used"), flush, async |it| {
            it.credentials.flush_uses().await
        });
        self.every(WRITE, ("activity_writer", "writing the activity log"), log, async |it| {
            // On its own, so that the end of the workers does not break off in the middle of a batch.
            let it = it.clone();
            let written = rt::spawn(async move { it.activity.flush(it.clock.now()).await });
            written.await.unwrap_or(Ok(()))
        });
        let refused = (sign_in.clone(), clock);
        self.every(FLUSH, ("refused_sign_ins", "noting refused sign-ins"), refused, async |(sign_in, it)| {
            sign_in.flush_refusals(it.clock.now()).await
        });
    }

    /// What any process can do for all; most of it is one's at a time, the rest takes its pieces one by one.
    fn serve_the_installation(&mut self, budgets: &Arc<Limits>) {
        let (sequencer, folder, jobs) = (self.shift("sequencer"), self.shift("folder"), self.shift("jobs"));
        let (indexer, watcher) = (Indexer::new(self.shift("indexer")), Watcher::new(self.shift("watcher")));
        let (reader, reconciler) = (Reader::new(self.shift("reader")), Keeper::new(self.shift("reconciler")));
        let (keeper, retainer) = (Keeper::new(self.shift("keeper")), self.shift("retainer"));
        let domains = self.rollcall.domains(budgets.limiter());
        let [prune, reseal, sessions, post, look] = std::array::from_fn(|_| self.rollcall.clone());
        self.every(NUMBER, ("sequencer", "numbering facts"), sequencer, number);
        self.every(FOLD, ("folder", "folding counts"), folder, async |it| match it.is_on().await? {
            true => it.rollcall.store.work().fold_counts(PARTS).await.map(drop),
            false => Ok(()),
        });
        self.every(INDEX, ("indexer", "filling indexes"), indexer, Indexer::step);
        self.every(JOBS, ("jobs", "working on jobs"), jobs, work_on_jobs);
        let compares = "comparing the activity log with the journal";
        self.every(RECONCILE, ("reconciler", compares), reconciler, Keeper::reconcile);
        self.every(PRUNE, ("keeper", "removing old rows of the activity log"), keeper, Keeper::prune);
        self.every(PRUNE, ("retainer", "keeping the disk from filling"), retainer, retention::keep);
        self.every(WATCH, ("watcher", "looking at how connections are"), watcher, Watcher::step);
        self.every(WATCH, ("reader", "reading what identity providers publish"), reader, Reader::step);
        self.every(DELIVER, (post::MAILS, "sending mails"), (post, self.marks.clone()), post::deliver);
        self.every(RESEAL, ("resealer", "encrypting secrets anew"), reseal, async |it| {
            it.people.reseal(SECRETS).await?;
            it.connections.reseal(SECRETS).await.map(drop)
        });
        self.every(SESSIONS, ("sessions", "forgetting ended sessions"), sessions, async |it| {
            let now = it.clock.now();
            it.store.work().prune_sessions(now, now.plus_seconds(-LINKS_SECONDS)).await
        });
        self.every(LOOK, ("domains", "looking for domains"), (domains, look, self.marks.clone()), async |state| {
            let (domains, it, marks) = state;
            while domains.look_again(it.clock.now()).await? > 0 {
                marks.succeeded("domains", it.clock.now());
            }
            Ok::<(), domain::Error>(())
        });
        self.every(PRUNE, ("notes", "forgetting old notes"), prune, async |it| {
            let (work, now) = (it.store.work(), it.clock.now());
            work.prune_sign_ins(now).await?;
            work.prune_request_keys(now.plus_seconds(-request_key::KEEP_SECONDS)).await?;
            work.prune_changes(now.plus_seconds(-NOTES_SECONDS)).await
        });
    }

    fn shift(&self, work: &'static str) -> Shift {
        Shift::new(self.rollcall.clone(), work, &self.name, self.marks.clone())
    }

    /// Repeats a step. One that fails is tried again the next time, and told when it is the first of a row. `worker`: what it
    /// is called by those who measure; `what`: what it does, for the log.
    fn every<State: 'static, Error: Display + 'static>(
        &mut self,
        pause: Duration,
        (worker, what): (&'static str, &'static str),
        mut state: State,
        step: impl AsyncFn(&mut State) -> Result<(), Error> + 'static,
    ) {
        let (marks, clock) = (self.marks.clone(), self.rollcall.clock.clone());
        marks.begun(worker, clock.now());
        self.hired.push(rt::spawn(async move {
            let mut works = true;
            loop {
                match step(&mut state).await {
                    Ok(()) => {
                        marks.succeeded(worker, clock.now());
                        works = true;
                    }
                    Err(error) => {
                        counter!("rollcall_worker_failures_total", "worker" => worker).increment(1);
                        if works {
                            tracing::warn!(%error, what, "a worker cannot work");
                        }
                        works = false;
                    }
                }
                sleep(pause).await;
            }
        }));
    }

    /// Ends them, wherever they are. They give back their connections, which needs a runtime, so this waits until they have,
    /// though not for ever: who waits for the process has only so long.
    pub async fn end(self) {
        for worker in &self.hired {
            worker.abort();
        }
        let ended = async {
            for worker in self.hired {
                drop(worker.await);
            }
        };
        if timeout(END, ended).await.is_err() {
            tracing::warn!("some workers did not end in time");
        }
    }
}

/// Takes steps in the jobs that run, until none does.
async fn work_on_jobs(shift: &mut Shift) -> Result<(), domain::Error> {
    while shift.is_on().await? && shift.rollcall.jobs.step(shift.rollcall.clock.now()).await? {
        shift.has_progressed();
    }
    Ok(())
}

/// Numbers what waits, until nothing does.
async fn number(shift: &mut Shift) -> Result<(), StoreError> {
    while shift.is_on().await? && shift.rollcall.store.work().number_facts(&shift.lease, FACTS).await? == FACTS {
        shift.has_progressed();
    }
    Ok(())
}
