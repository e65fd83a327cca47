//! Measures, phase by phase.

use std::time::{Duration, Instant, SystemTime};

use actix_web::rt::time::sleep;
use indicatif::ProgressBar;

use super::check::read_back;
use super::crew::{Took, work};
use super::plan::Plan;
use super::report::{Phase, Report};
use super::tenant::{Made, Provisioned};
use crate::bench::error::BenchError;
use crate::bench::figure::count;
use crate::bench::processor::Processor;
use crate::signal;

/// Between two phases: logs of servers beside us, by which phases are told apart, know milliseconds.
const BREATH: Duration = Duration::from_millis(10);

/// Measures how fast people and groups are provisioned.
///
/// Moves the bar on by one for each request that counts. What it creates is deleted again unless the plan says otherwise, also
/// when it is interrupted.
///
/// # Errors
/// [`BenchError::Tenant`] and [`BenchError::NoProcess`] before anything is sent; [`BenchError::Refused`] when the first request
/// is not answered as it should be; [`BenchError::Interrupted`] on Ctrl-C and SIGTERM.
pub async fn measure(plan: &Plan, bar: &ProgressBar) -> Result<Report, BenchError> {
    let mut processor = Processor::new(plan.watched.clone())?;
    let there = Provisioned::new(plan)?;
    let greeted = there.look_for(0, false).await;
    greeted.map_err(|reason| BenchError::Refused { whose: "given", reason })?;
    bar.set_length(count(plan.requests()));
    let measured = tokio::select! {
        phases = phases(plan, &there, &mut processor, bar) => Ok(phases),
        () = signal::stop() => Err(BenchError::Interrupted),
    };
    let checks = if measured.is_ok() { read_back(plan, &there, bar).await } else { Vec::new() };
    let left_behind = if plan.keep { 0 } else { clean_up(plan, &there, bar).await };
    Ok(Report::new(plan, measured?, checks, left_behind))
}

async fn phases(plan: &Plan, there: &Provisioned, processor: &mut Processor, bar: &ProgressBar) -> Vec<Phase> {
    let Plan { users, groups, members, changes, .. } = *plan;
    let mut watch = Stopwatch { plan, processor, bar };
    let people = async |number: usize, took: &mut Took| {
        took.note(there.look_for(number, false)).await;
        took.note(there.create(number)).await;
    };
    let empty = async |number: usize, took: &mut Took| {
        took.note(there.look_for_group(number)).await;
        took.note(there.create_group(number)).await;
    };
    // One after another into different groups, as an identity provider does that works on several.
    let member = async |number: usize, took: &mut Took| {
        let (group, place) = (number % groups, number / groups);
        if let Some(person) = there.members_of(group, members).nth(place) {
            took.note(there.add_member(group, person)).await;
        }
    };
    let change = async |number: usize, took: &mut Took| {
        // Far apart, so that nobody is changed by two at a time.
        let (person, round) = (number % users, number / users);
        took.note(there.look_for(person, true)).await;
        took.note(there.read(person)).await;
        took.note(there.change(person, round)).await;
    };
    vec![
        watch.phase("users", users, people).await,
        watch.phase("groups", groups, empty).await,
        watch.phase("members", groups * members, member).await,
        watch.phase("changes", changes, change).await,
    ]
}

/// Takes the time of phases.
struct Stopwatch<'m> {
    plan: &'m Plan,
    processor: &'m mut Processor,
    bar: &'m ProgressBar,
}

impl Stopwatch<'_> {
    async fn phase(&mut self, name: &'static str, things: usize, thing: impl AsyncFn(usize, &mut Took)) -> Phase {
        self.bar.set_message(name);
        sleep(BREATH).await;
        let before = self.processor.used();
        let (moment, begun) = (now(), Instant::now());
        let took = work(self.plan.connections, things, self.bar, thing).await;
        let elapsed = begun.elapsed();
        let used = self.processor.used().into_iter().zip(before);
        let used = used.map(|((name, after), (_, before))| (name, after.saturating_sub(before)));
        Phase::of(name, took, (moment, elapsed), used.collect())
    }
}

/// The machine's time, which the logs of servers beside us tell too.
#[expect(clippy::disallowed_methods, reason = "nothing is decided by it")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Deletes everything that was created; gives how much could not be deleted.
async fn clean_up(plan: &Plan, there: &Provisioned, bar: &ProgressBar) -> usize {
    bar.set_message("cleaning up");
    let made = plan.groups + plan.users;
    let took = work(plan.connections, made, &ProgressBar::hidden(), async |number, took| {
        let what = match number.checked_sub(plan.groups) {
            None => Made::Group(number),
            Some(person) => Made::Person(person),
        };
        took.note(async { there.delete(what).await.then_some(()).ok_or_else(String::new) }).await;
    })
    .await;
    took.failed
}
