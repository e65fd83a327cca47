//! What a measurement found. Serialises as the one JSON object of `rollcall bench fairness --json`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::plan::Plan;
use super::quiet::Sample;
use crate::bench::figure::{count, figure, median, quotient, thousandths};
use crate::bench::latency::Latencies;

/// So many failures are told in words.
const TOLD: usize = 5;

/// The quiet tenant in one phase.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// Requests sent.
    pub requests: u64,
    /// Those whose answer was wrong or did not come.
    pub failed: u64,
    /// Latency that half of them did not exceed, from the moment each was due.
    pub p50_ms: f64,
    /// Latency that 99 of 100 did not exceed.
    pub p99_ms: f64,
    /// The longest latency.
    pub max_ms: f64,
    /// How late 99 of 100 were sent at most: the part of the latency that is this program's own.
    pub late_p99_ms: f64,
    /// The first failures in words.
    #[serde(skip)]
    pub failures: Vec<String>,
}

impl Phase {
    /// Takes what was measured.
    pub fn of(samples: &[Sample]) -> Self {
        let took: Latencies = samples.iter().map(|sample| sample.took).collect();
        let late: Latencies = samples.iter().map(|sample| sample.late).collect();
        let failures = samples.iter().filter_map(|sample| sample.failure.clone());
        Self {
            requests: count(samples.len()),
            failed: count(failures.clone().count()),
            p50_ms: took.percentile_ms(50),
            p99_ms: took.percentile_ms(99),
            max_ms: took.percentile_ms(100),
            late_p99_ms: late.percentile_ms(99),
            failures: failures.take(TOLD).collect(),
        }
    }
}

/// What the noisy tenant was answered in one phase. `offered` is the sum of `ok`, `limited`, `other`, `no_answer` and
/// `not_sent`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Noisy {
    /// Requests it wanted to send.
    pub offered: u64,
    /// Answered with 200.
    pub ok: u64,
    /// Answered with 429.
    pub limited: u64,
    /// Answered with another status.
    pub other: u64,
    /// Without a complete answer.
    pub no_answer: u64,
    /// Not sent, because all connections were waiting for answers.
    pub not_sent: u64,
    /// How many got which status.
    pub statuses: BTreeMap<u16, u64>,
    /// Answers a second, of whatever status.
    pub answered_per_second: f64,
    /// Answers a second with 200.
    pub ok_per_second: f64,
}

impl Noisy {
    /// Before the first answer.
    pub(super) fn offering(offered: u64) -> Self {
        Self { offered, not_sent: offered, ..Self::default() }
    }

    /// Counts a request that was sent, by the status it got if it got one.
    pub(super) fn count(&mut self, status: Option<u16>) {
        self.not_sent = self.not_sent.saturating_sub(1);
        match status {
            Some(200) => self.ok += 1,
            Some(429) => self.limited += 1,
            Some(_) => self.other += 1,
            None => self.no_answer += 1,
        }
        if let Some(status) = status {
            *self.statuses.entry(status).or_default() += 1;
        }
    }

    /// Takes how long it all went on.
    pub(super) fn end(&mut self, elapsed: Duration) {
        let per_second = |number: u64| thousandths(quotient(figure(number), elapsed.as_secs_f64()));
        self.answered_per_second = per_second(self.ok + self.limited + self.other);
        self.ok_per_second = per_second(self.ok);
    }
}

/// One round: the quiet tenant alone, and beside the flood.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    /// Alone.
    pub alone: Phase,
    /// Beside the flood.
    pub beside: Phase,
    /// Median latency beside the flood ÷ alone.
    pub ratio_p50: f64,
    /// 99th percentile beside the flood ÷ alone.
    pub ratio_p99: f64,
    /// What the flood was answered.
    pub noisy: Noisy,
}

impl Round {
    /// Takes both phases and the flood of the second.
    pub fn new(alone: Phase, beside: Phase, noisy: Noisy) -> Self {
        let ratio_p50 = thousandths(quotient(beside.p50_ms, alone.p50_ms));
        let ratio_p99 = thousandths(quotient(beside.p99_ms, alone.p99_ms));
        Self { alone, beside, ratio_p50, ratio_p99, noisy }
    }
}

/// The medians over the rounds, each figure for itself.
#[derive(Debug, Clone, Serialize)]
pub struct Medians {
    /// Of `alone.p50_ms`.
    pub alone_p50_ms: f64,
    /// Of `alone.p99_ms`.
    pub alone_p99_ms: f64,
    /// Of `beside.p50_ms`.
    pub beside_p50_ms: f64,
    /// Of `beside.p99_ms`.
    pub beside_p99_ms: f64,
    /// Of `ratio_p50`.
    pub ratio_p50: f64,
    /// Of `ratio_p99`.
    pub ratio_p99: f64,
    /// Of `noisy.answered_per_second`.
    pub noisy_answered_per_second: f64,
    /// Of `noisy.ok_per_second`.
    pub noisy_ok_per_second: f64,
}

impl Medians {
    fn of(rounds: &[Round]) -> Self {
        let over = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        Self {
            alone_p50_ms: over(|round| round.alone.p50_ms),
            alone_p99_ms: over(|round| round.alone.p99_ms),
            beside_p50_ms: over(|round| round.beside.p50_ms),
            beside_p99_ms: over(|round| round.beside.p99_ms),
            ratio_p50: over(|round| round.ratio_p50),
            ratio_p99: over(|round| round.ratio_p99),
            noisy_answered_per_second: over(|round| round.noisy.answered_per_second),
            noisy_ok_per_second: over(|round| round.noisy.ok_per_second),
        }
    }
}

/// The whole measurement. Displayed as a table for people.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Requests a second of the quiet tenant.
    pub quiet_rate: u32,
    /// Requests a second that the noisy tenant wanted to send.
    pub noisy_rate: u32,
    /// Requests of the noisy tenant under way at most.
    pub noisy_connections: u32,
    /// Seconds of a phase.
    pub seconds: u32,
    /// The rounds in order.
    pub rounds: Vec<Round>,
    /// The medians over the rounds.
    pub median: Medians,
    /// Requests of the quiet tenant that failed, in all phases.
    pub quiet_failed: u64,
    /// The first of them in words.
    pub failures: Vec<String>,
    /// People who could not be deleted afterwards.
    pub left_behind: u64,
}

impl Report {
    /// Takes the plan, its rounds and how many people could not be deleted.
    pub fn new(plan: &Plan, rounds: Vec<Round>, left_behind: usize) -> Self {
        let phases = || rounds.iter().flat_map(|round| [&round.alone, &round.beside]);
        Self {
            quiet_rate: plan.quiet_rate,
            noisy_rate: plan.noisy_rate,
            noisy_connections: plan.noisy_connections,
            seconds: plan.seconds,
            median: Medians::of(&rounds),
            quiet_failed: phases().map(|phase| phase.failed).sum(),
            failures: phases().flat_map(|phase| phase.failures.clone()).take(TOLD).collect(),
            left_behind: count(left_behind),
            rounds,
        }
    }

    fn quiet_requests(&self) -> u64 {
        self.rounds.iter().map(|round| round.alone.requests + round.beside.requests).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "         quiet alone, ms    beside the flood, ms   beside ÷ alone      noisy, answers/s")?;
        writeln!(f, "round      p50      p99         p50      p99       p50     p99        all      200     429")?;
        for (round, number) in self.rounds.iter().zip(1_u32..) {
            let Round { alone, beside, ratio_p50, ratio_p99, noisy } = round;
            row(f, &number.to_string(), [alone.p50_ms, alone.p99_ms, beside.p50_ms, beside.p99_ms])?;
            let limited = share(noisy.limited, noisy.ok + noisy.limited + noisy.other);
            ratios(f, *ratio_p50, *ratio_p99, noisy.answered_per_second, noisy.ok_per_second)?;
            writeln!(f, "{limited:>6.0} %")?;
        }
        let all = &self.median;
        row(f, "median", [all.alone_p50_ms, all.alone_p99_ms, all.beside_p50_ms, all.beside_p99_ms])?;
        ratios(f, all.ratio_p50, all.ratio_p99, all.noisy_answered_per_second, all.noisy_ok_per_second)?;
        writeln!(f)?;
        self.totals(f)
    }
}

impl Report {
    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = |part: fn(&Noisy) -> u64| self.rounds.iter().map(|round| part(&round.noisy)).sum::<u64>();
        write!(f, "\nquiet: {} requests, {} failed", self.quiet_requests(), self.quiet_failed)?;
        for failure in &self.failures {
            write!(f, "\n       {failure}")?;
        }
        let Self { noisy_rate, noisy_connections, .. } = self;
        write!(f, "\nnoisy: {} requests offered at {noisy_rate}/s", over(|noisy| noisy.offered))?;
        write!(f, ", {} got 200, {} got 429", over(|noisy| noisy.ok), over(|noisy| noisy.limited))?;
        write!(f, ", {} another status, {} no answer", over(|noisy| noisy.other), over(|noisy| noisy.no_answer))?;
        let not_sent = over(|noisy| noisy.not_sent);
        write!(f, ", {not_sent} not sent, because all {noisy_connections} connections were waiting")?;
        if self.left_behind > 0 {
            write!(f, "\n{} people could not be deleted again", self.left_behind)?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, [alone_50, alone_99, beside_50, beside_99]: [f64; 4]) -> fmt::Result {
    write!(f, "{name:<6} {alone_50:>7.2} {alone_99:>8.2}    {beside_50:>8.2} {beside_99:>8.2}")
}

fn ratios(f: &mut fmt::Formatter<'_>, p50: f64, p99: f64, answered: f64, ok: f64) -> fmt::Result {
    write!(f, "   {p50:>7.2} {p99:>7.2}    {answered:>7.0} {ok:>8.0}")
}

/// A part of a whole, in percent.
fn share(part: u64, whole: u64) -> f64 {
    quotient(figure(part) * 100.0, figure(whole))
}

#[cfg(test)]
mod tests;
