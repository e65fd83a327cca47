//! Entra's own arithmetic of quarantine (client-behaviour.md, section 5), turned into a forecast.
//!
//! Entra judges a job when 5,000 objects fail: more than 40 % of them, or more than 40,000, quarantine it; references such
//! as members and managers are not counted there, but 60,000 failures together always do. A token that is refused does so
//! at once. In quarantine there is one cycle a day, and after 28 days the job is disabled.

use super::cadence::{daily_since, seconds_between};
use super::{Forecast, Pulse, Quarantine, QuarantineReason, RECENT_SECONDS, Refusals};
use crate::catalogue::Showed;
use crate::provider::Provider;
use crate::timestamp::Timestamp;

/// Failures that Entra judges a job at.
const JUDGED_FROM: u64 = 5_000;
/// Per cent of the objects that may fail then.
const SHARE: u64 = 40;
/// Failures that are too many, whatever their share.
const MOST: u64 = 40_000;
/// The same with references.
const MOST_OF_ALL: u64 = 60_000;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// From the quarantine to the end of the job.
const DISABLED_AFTER: i64 = 28 * DAY;
/// What lies further ahead is not foretold.
const HORIZON: i64 = 7 * DAY;
/// What lies so near is likely.
const LIKELY: i64 = DAY;
/// Refusals that are older tell nothing of today: in quarantine Entra comes once a day.
const REFUSED_LATELY: i64 = 26 * HOUR;
/// A rate is not taken over less.
const SHORTEST_RATE: i64 = 300;

/// Whether the identity provider is refused for its token now. Strangers call too; whoever shows a secret of the tenant's
/// own is none, and whoever calls while the provider is missed is probably none.
pub(super) fn is_refused(pulse: &Pulse, is_overdue: bool, now: Timestamp) -> Option<Refusals> {
    let refused = pulse.refused.filter(|refused| seconds_between(refused.last, now) <= REFUSED_LATELY)?;
    let is_after = pulse.last_call.is_none_or(|call| refused.last > call);
    let is_ours = match refused.cause.showed() {
        Showed::OwnSecret => true,
        Showed::Something => is_overdue,
        Showed::Nothing => false,
    };
    (is_after && is_ours).then_some(refused)
}

/// What Entra is about to do, or has done; none when nothing points to a quarantine within a week. `refused`: as
/// [`is_refused`] has it.
pub(super) fn forecast(pulse: &Pulse, refused: Option<Refusals>, now: Timestamp) -> Option<Forecast> {
    if pulse.provider != Provider::Entra {
        return None;
    }
    if let Some(refused) = refused {
        return Some(since(QuarantineReason::Credentials, refused.since, now));
    }
    let (wait, reason) = Arithmetic::of(pulse, now).soonest()?;
    if wait == 0
        && let Some(start) = daily_since(pulse, now)
    {
        return Some(since(reason, start, now));
    }
    let at = now.plus_seconds(wait);
    Some(Forecast { reason, quarantine: Quarantine::Expected(at), disabled: at.plus_seconds(DISABLED_AFTER) })
}

fn since(reason: QuarantineReason, start: Timestamp, now: Timestamp) -> Forecast {
    let start = start.min(now);
    Forecast { reason, quarantine: Quarantine::Since(start), disabled: start.plus_seconds(DISABLED_AFTER).max(now) }
}

impl Forecast {
    /// Whether it is so near that it is the state of the connection.
    pub fn is_likely(&self, now: Timestamp) -> bool {
        match self.quarantine {
            Quarantine::Since(_) => true,
            Quarantine::Expected(at) => seconds_between(now, at) <= LIKELY,
        }
    }
}

/// Counts, and how they grow: all in objects, rates in objects per `span` seconds.
struct Arithmetic {
    failing: u64,
    references: u64,
    targets: u64,
    new_failing: u64,
    new_references: u64,
    new_targets: u64,
    span: i64,
}

impl Arithmetic {
    fn of(pulse: &Pulse, now: Timestamp) -> Self {
        let window = &pulse.window;
        // A first sync that has just begun has not had the whole hour.
        let running = pulse.first_write.map_or(RECENT_SECONDS, |first| seconds_between(first, now));
        Self {
            failing: window.failing,
            references: window.failing_references,
            targets: window.targets.max(window.failing),
            new_failing: window.recent.new_failing,
            new_references: window.recent.new_failing_references,
            new_targets: window.recent.new_targets,
            span: running.clamp(SHORTEST_RATE, RECENT_SECONDS),
        }
    }

    /// Seconds until Entra has a reason, and the reason.
    fn soonest(&self) -> Option<(i64, QuarantineReason)> {
        let all = |wait: i64| self.after(wait, self.failing.saturating_add(self.references), self.grows_by());
        let failing = |wait: i64| self.after(wait, self.failing, self.new_failing);
        let cap = self.until(self.failing.saturating_add(self.references), self.grows_by(), MOST_OF_ALL);
        let cap = cap.map(|wait| (wait, QuarantineReason::Cap { failing: all(wait) }));
        let most = self.until(self.failing, self.new_failing, MOST + 1);
        let most = most.map(|wait| (wait, QuarantineReason::Failures { failing: failing(wait) }));
        let share = self.until_share();
        let share = share.map(|wait| (wait, QuarantineReason::Share { percent: self.percent(wait) }));
        let soonest = [share, most, cap].into_iter().flatten().min_by_key(|(wait, _)| *wait);
        soonest.filter(|(wait, _)| *wait <= HORIZON)
    }

    fn grows_by(&self) -> u64 {
        self.new_failing.saturating_add(self.new_references)
    }

    /// Seconds until a count that grows so is so high; none when it never is.
    fn until(&self, count: u64, growth: u64, limit: u64) -> Option<i64> {
        let missing = limit.saturating_sub(count);
        match (missing, growth) {
            (0, _) => Some(0),
            (_, 0) => None,
            _ => self.spans(u128::from(missing), u128::from(growth)),
        }
    }

    /// Seconds until Entra judges the job and finds more than the share that may fail.
    fn until_share(&self) -> Option<i64> {
        let judged = self.until(self.failing, self.new_failing, JUDGED_FROM)?;
        if self.is_over_share(judged) {
            return Some(judged);
        }
        // 100 failing(t) > 40 targets(t), both growing steadily.
        let missing = (u128::from(self.targets) * u128::from(SHARE))
            .saturating_sub(u128::from(self.failing) * 100)
            .saturating_add(1);
        let growth = (u128::from(self.new_failing) * 100).checked_sub(u128::from(self.new_targets) * u128::from(SHARE));
        let growth = growth.filter(|growth| *growth > 0)?;
        self.spans(missing, growth).map(|wait| wait.max(judged))
    }

    fn is_over_share(&self, wait: i64) -> bool {
        let failing = self.after(wait, self.failing, self.new_failing);
        let targets = self.after(wait, self.targets, self.new_targets);
        u128::from(failing) * 100 > u128::from(targets) * u128::from(SHARE)
    }

    fn percent(&self, wait: i64) -> u8 {
        let failing = u128::from(self.after(wait, self.failing, self.new_failing));
        let targets = u128::from(self.after(wait, self.targets, self.new_targets)).max(1);
        u8::try_from((failing * 100 / targets).min(100)).unwrap_or(100)
    }

    /// What a count is after so many seconds.
    fn after(&self, wait: i64, count: u64, growth: u64) -> u64 {
        let wait = u128::try_from(wait).unwrap_or_default();
        let span = u128::try_from(self.span).unwrap_or(1).max(1);
        let grown = u128::from(growth).saturating_mul(wait) / span;
        count.saturating_add(u64::try_from(grown).unwrap_or(u64::MAX))
    }

    /// `missing / growth` spans in seconds, rounded up.
    fn spans(&self, missing: u128, growth: u128) -> Option<i64> {
        let span = u128::try_from(self.span).unwrap_or(1);
        let wait = missing.saturating_mul(span).div_ceil(growth.max(1));
        i64::try_from(wait).ok()
    }
}
