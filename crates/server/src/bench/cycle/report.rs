//! What a cycle's measurement found. Serialises as the one JSON object of `rollcall bench cycle --json`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::crew::Took;
use super::plan::Plan;
use crate::bench::figure::{count, figure, quotient, thousandths};
use crate::bench::latency::Latencies;

/// One part of the cycle.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// `users`, `groups`, `members` or `changes`.
    pub name: &'static str,
    /// Requests sent.
    pub requests: u64,
    /// Those whose answer was wrong or did not come.
    pub failed: u64,
    /// When it began, in microseconds since 1970.
    pub began_us: u64,
    /// How long all of them took together.
    pub seconds: f64,
    /// Requests a second.
    pub per_second: f64,
    /// Latency that half of the requests did not exceed.
    pub p50_ms: f64,
    /// Latency that 99 of 100 did not exceed.
    pub p99_ms: f64,
    /// The longest latency.
    pub max_ms: f64,
    /// Processor time of a request, by program.
    pub processor_ms: BTreeMap<String, f64>,
    /// The first failures in words.
    pub failures: Vec<String>,
}

impl Phase {
    /// Takes what was measured. `used`: what each program used of the processor meanwhile.
    pub fn of(
        name: &'static str,
        took: Took,
        (began, elapsed): (SystemTime, Duration),
        used: Vec<(String, Duration)>,
    ) -> Self {
        let requests = count(took.requests.len());
        let latencies: Latencies = took.requests.into_iter().collect();
        let each = |used: Duration| thousandths(quotient(used.as_secs_f64() * 1_000.0, figure(requests)));
        Self {
            name,
            requests,
            failed: count(took.failed),
            began_us: u64::try_from(began.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros())
                .unwrap_or_default(),
            seconds: thousandths(elapsed.as_secs_f64()),
            per_second: thousandths(quotient(figure(requests), elapsed.as_secs_f64())),
            p50_ms: latencies.percentile_ms(50),
            p99_ms: latencies.percentile_ms(99),
            max_ms: latencies.percentile_ms(100),
            processor_ms: used.into_iter().map(|(name, used)| (name, each(used))).collect(),
            failures: took.failures,
        }
    }
}

/// What was found on reading back.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How many were looked at.
    pub looked_at: u64,
    /// How many were not as they should be.
    pub wrong: u64,
    /// The first of them in words.
    pub failures: Vec<String>,
}

impl Check {
    /// Takes what came of it.
    pub fn of(name: &'static str, looked_at: usize, took: Took) -> Self {
        Self { name, looked_at: count(looked_at), wrong: count(took.failed), failures: took.failures }
    }
}

/// The whole measurement. Displayed as a table for people.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// People who were created.
    pub users: u64,
    /// Groups that were created.
    pub groups: u64,
    /// Members of each.
    pub members: u64,
    /// Requests that were under way at most.
    pub connections: u64,
    /// The parts in order.
    pub phases: Vec<Phase>,
    /// What was found on reading back.
    pub checks: Vec<Check>,
    /// People and groups that could not be deleted afterwards.
    pub left_behind: u64,
}

impl Report {
    pub fn new(plan: &Plan, phases: Vec<Phase>, checks: Vec<Check>, left_behind: usize) -> Self {
        Self {
            users: count(plan.users),
            groups: count(plan.groups),
            members: count(plan.members),
            connections: count(plan.connections),
            phases,
            checks,
            left_behind: count(left_behind),
        }
    }

    /// Whether everything was answered and read back as it should be.
    pub fn is_right(&self) -> bool {
        self.phases.iter().all(|phase| phase.failed == 0) && self.checks.iter().all(|check| check.wrong == 0)
    }

    fn failures(&self) -> impl Iterator<Item = &String> {
        let checks = self.checks.iter().flat_map(|check| &check.failures);
        self.phases.iter().flat_map(|phase| &phase.failures).chain(checks)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let programs: Vec<&String> =
            self.phases.first().map(|phase| phase.processor_ms.keys().collect()).unwrap_or_default();
        write!(f, "phase     requests  failed  requests/s  p50 ms  p99 ms  max ms")?;
        for program in &programs {
            write!(f, "  {program} ms")?;
        }
        for phase in &self.phases {
            let Phase { name, requests, failed, per_second, p50_ms, p99_ms, max_ms, processor_ms, .. } = phase;
            write!(
                f,
                "\n{name:<8} {requests:>9} {failed:>7} {per_second:>11.0} {p50_ms:>7.2} {p99_ms:>7.2} {max_ms:>7.1}"
            )?;
            for program in &programs {
                let used = processor_ms.get(*program).copied().unwrap_or_default();
                write!(f, "  {used:>width$.3}", width = program.len() + 3)?;
            }
        }
        for Check { name, looked_at, wrong, .. } in &self.checks {
            write!(f, "\nread back: {name}: {looked_at} looked at, {wrong} wrong")?;
        }
        for failure in self.failures() {
            write!(f, "\n       {failure}")?;
        }
        if self.left_behind > 0 {
            write!(f, "\n{} people and groups could not be deleted again", self.left_behind)?;
        }
        Ok(())
    }
}
