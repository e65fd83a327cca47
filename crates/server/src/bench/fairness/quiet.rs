//! The tenant that behaves: a little of everything at a steady rate, as Entra ID provisions.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use tokio::task::JoinSet;

use super::report::Phase;
use crate::bench::error::BenchError;
use crate::bench::tenant::Tenant;
use crate::bench::{question, schedule};
use crate::replay::client::ScimClient;
use crate::replay::random::sixteen_bytes;
use crate::replay::response::Response;
use crate::replay::scenario::Request;

/// People who are there before anything is measured, to be found.
const AT_FIRST: u64 = 8;
/// How often a request that is not measured is sent again when the server asks for patience.
const ATTEMPTS: u32 = 20;
/// The longest the server may ask to wait then.
const LONGEST_WAIT: u64 = 60;

/// The quiet tenant and the people it has made.
pub struct Quiet {
    client: ScimClient,
    /// What all its names begin with, unlike those of other runs.
    prefix: String,
    people: Mutex<People>,
}

#[derive(Default)]
struct People {
    all: Vec<Person>,
    /// How many of them have been changed.
    changed: usize,
    /// How many names have been given away.
    named: u64,
}

#[derive(Clone)]
struct Person {
    id: String,
    user_name: String,
}

/// One request that was measured.
pub struct Sample {
    /// From the moment it was due until it was sent.
    pub late: Duration,
    /// From the moment it was due until its answer was complete.
    pub took: Duration,
    /// What was wrong with the answer.
    pub failure: Option<String>,
}

impl Quiet {
    /// Takes the tenant; nothing is sent yet.
    ///
    /// # Errors
    /// [`BenchError::Tenant`] when its base URL or token cannot be used.
    pub fn new(tenant: &Tenant) -> Result<Self, BenchError> {
        let prefix = format!("fairness-{}", hex::encode(sixteen_bytes()));
        Ok(Self { client: tenant.client("quiet")?, prefix, people: Mutex::default() })
    }

    /// Makes the first people.
    ///
    /// # Errors
    /// [`BenchError::Refused`] when one cannot be made.
    pub async fn settle_in(&self) -> Result<(), BenchError> {
        for _ in 0..AT_FIRST {
            let user_name = self.new_name();
            let answer = self.patiently(&question::create(&user_name)).await;
            let made = answer.and_then(|answer| self.keep(user_name, &answer));
            made.map_err(|reason| BenchError::Refused { whose: "quiet", reason })?;
        }
        let mut people = self.people();
        people.changed = people.all.len();
        Ok(())
    }

    /// Sends `rate` requests a second, `count` in all, on schedule, and waits for all answers.
    ///
    /// # Errors
    /// When no thread can be had for the schedule.
    pub async fn phase(self: &Arc<Self>, rate: u32, count: u64, bar: &ProgressBar) -> io::Result<Phase> {
        let mut moments = schedule::begin(rate, count)?;
        let (mut under_way, mut samples, mut number) = (JoinSet::new(), Vec::new(), 0);
        loop {
            tokio::select! {
                Some(due) = moments.recv() => {
                    let quiet = Arc::clone(self);
                    under_way.spawn(async move { quiet.sample(number, due).await });
                    number += 1;
                }
                Some(ended) = under_way.join_next() => {
                    // A task that broke is a request without an answer.
                    samples.push(ended.unwrap_or_else(|error| Sample::lost(error.to_string())));
                    bar.inc(1);
                }
                else => return Ok(Phase::of(&samples)),
            }
        }
    }

    async fn sample(&self, number: u64, due: Instant) -> Sample {
        let late = due.elapsed();
        let failure = self.ask(number).await.err();
        Sample { late, took: due.elapsed(), failure }
    }

    /// One of the four requests that a new person costs an identity provider.
    async fn ask(&self, number: u64) -> Result<(), String> {
        match number % 4 {
            0 => self.look_for(&format!("{}-nobody-{number}", self.prefix), 0).await,
            1 => {
                let user_name = self.new_name();
                let answer = self.send(&question::create(&user_name)).await?;
                self.keep(user_name, &answer)
            }
            2 => self.look_for(&self.somebody(number)?.user_name, 1).await,
            _ => {
                let person = self.next_to_change()?;
                let answer = self.send(&question::rename(&person.id, &format!("Ada {number}"))).await?;
                self.expect(&[200, 204], "PATCH /Users/…", &answer)
            }
        }
    }

    async fn look_for(&self, user_name: &str, expected: u64) -> Result<(), String> {
        let answer = self.send(&question::find(user_name)).await?;
        self.expect(&[200], "GET /Users", &answer)?;
        let found = answer.json().and_then(|body| body.get("totalResults")?.as_u64());
        match found {
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(format!("GET /Users found {found} people called {user_name}, expected {expected}")),
            None => Err("GET /Users answered without totalResults".to_owned()),
        }
    }

    /// Remembers whom an answer says to have been created.
    fn keep(&self, user_name: String, answer: &Response) -> Result<(), String> {
        self.expect(&[201], "POST /Users", answer)?;
        let id = answer.json().and_then(|body| Some(body.get("id")?.as_str()?.to_owned()));
        let id = id.ok_or_else(|| "POST /Users answered without id".to_owned())?;
        self.people().all.push(Person { id, user_name });
        Ok(())
    }

    /// Deletes everybody it has made; gives how many could not be deleted.
    pub async fn clean_up(&self) -> usize {
        let mut everybody = std::mem::take(&mut self.people().all);
        while let Some(person) = everybody.last() {
            match self.patiently(&question::delete(&person.id)).await {
                Ok(answer) if matches!(answer.status, 204 | 404) => drop(everybody.pop()),
                _ => break,
            }
        }
        everybody.len()
    }

    /// Sends what is not measured, again when the server says when (429 and 503).
    async fn patiently(&self, request: &Request) -> Result<Response, String> {
        let mut answer = self.send(request).await?;
        for _ in 1..ATTEMPTS {
            if !matches!(answer.status, 429 | 503) {
                break;
            }
            let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse().ok()).unwrap_or(1);
            tokio::time::sleep(Duration::from_secs(LONGEST_WAIT.min(seconds))).await;
            answer = self.send(request).await?;
        }
        Ok(answer)
    }

    async fn send(&self, request: &Request) -> Result<Response, String> {
        self.client.send(request).await.map_err(|error| format!("{} /Users: {error}", request.method))
    }

    fn expect(&self, statuses: &[u16], asked: &str, answer: &Response) -> Result<(), String> {
        if statuses.contains(&answer.status) {
            return Ok(());
        }
        let says = self.client.shown(answer.body());
        Err(format!("{asked} answered {}: {says}", answer.status))
    }

    fn new_name(&self) -> String {
        let mut people = self.people();
        people.named += 1;
        format!("{}-{}", self.prefix, people.named)
    }

    fn somebody(&self, number: u64) -> Result<Person, String> {
        let people = self.people();
        let count = people.all.len().max(1);
        let at = usize::try_from(number / 4).unwrap_or_default() % count;
        people.all.get(at).cloned().ok_or_else(nobody)
    }

    /// Who was made first of those that were not changed yet, or the last one when all were.
    fn next_to_change(&self) -> Result<Person, String> {
        let mut people = self.people();
        let Some(person) = people.all.get(people.changed).cloned() else {
            return people.all.last().cloned().ok_or_else(nobody);
        };
        people.changed += 1;
        Ok(person)
    }

    fn people(&self) -> MutexGuard<'_, People> {
        // Every change of it is one step, so that it is whole whoever broke while holding it.
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sample {
    fn lost(reason: String) -> Self {
        Self { late: Duration::ZERO, took: Duration::ZERO, failure: Some(reason) }
    }
}

fn nobody() -> String {
    "nobody has been created yet".to_owned()
}
