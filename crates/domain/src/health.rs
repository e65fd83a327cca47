//! How a tenant's connection is, computed from what was answered. No I/O: the activity log's store counts a [`Pulse`], and
//! [`health`] makes of it one of the states of settings-ui.md (S1) with the facts behind it.

mod cadence;
mod evidence;
mod pulse;
mod quarantine;
mod state;
#[cfg(test)]
mod tests;
pub mod text;
mod tokens;

use cadence::{Cadence, seconds_between};
pub use evidence::{Evidence, ExternalIds, Failed, Seen, Step, Tick};
pub use pulse::{
    CYCLE_GAP_SECONDS, CYCLE_STARTS, CauseCount, CredentialSeen, Cycle, Pulse, RECENT_SECONDS, Recent, Refusals,
    WINDOW_SECONDS, Window,
};
pub use state::{
    ConnectionState, Expiring, ExpiryNotice, Forecast, Health, Quarantine, QuarantineReason, Rotation, Side, Slot,
};
use tokens::Slots;

use crate::credential::Credential;
use crate::tenant::{Closure, Tenant};
use crate::timestamp::Timestamp;

/// From this share of failures on, in per cent, a connection is degraded.
const DEGRADED_PERCENT: u64 = 5;
/// Tries of the same that make an error one that repeats itself.
const REPEATED: u64 = 3;
/// Causes that are named.
const TOP: usize = 3;

/// The state of a tenant's connection now. `pulse`: none when the activity log does not answer.
///
/// One state is told at a time, that which most stands in the way: what an admin or the vendor closed, then what lets
/// nothing in, then what has not begun, then what goes wrong, then what soon will.
pub fn health(tenant: &Tenant, credentials: &[Credential], pulse: Option<&Pulse>, now: Timestamp) -> Health {
    let slots = Slots::of(credentials, pulse, now);
    let nothing = Pulse::default();
    let switched = tenant.choices.switched.as_ref().map(|mark| mark.at);
    let seen = Sight::of(pulse.unwrap_or(&nothing), &slots, switched, now);
    let state = match tenant.closure() {
        Some(Closure::Suspended) => ConnectionState::Suspended,
        Some(Closure::Paused) => ConnectionState::Paused,
        Some(Closure::Off) if credentials.is_empty() && seen.pulse.first_call.is_none() => ConnectionState::OffNever,
        Some(Closure::Off) => ConnectionState::Off,
        None if pulse.is_none() => ConnectionState::Unknown,
        None => seen.state(),
    };
    seen.into_health(state)
}

/// What is seen of a connection that is open.
struct Sight<'p> {
    pulse: &'p Pulse,
    slots: &'p Slots,
    /// Since when it is on, paused or off.
    switched: Option<Timestamp>,
    now: Timestamp,
    cadence: Cadence,
    is_quiet: bool,
    is_running: bool,
    refused: Option<Refusals>,
    forecast: Option<Forecast>,
    expiring: Vec<Expiring>,
    rotation: Option<Rotation>,
}

impl<'p> Sight<'p> {
    fn of(pulse: &'p Pulse, slots: &'p Slots, switched: Option<Timestamp>, now: Timestamp) -> Self {
        let cadence = Cadence::of(pulse);
        // What was off is not missed from before it was on again.
        let silence = pulse.last_call.map(|last| seconds_between(switched.map_or(last, |at| last.max(at)), now));
        let is_overdue = silence.is_some_and(|silence| silence > cadence.quiet_after / 2);
        let refused = quarantine::is_refused(pulse, is_overdue, now);
        Self {
            pulse,
            slots,
            switched,
            now,
            cadence,
            is_quiet: silence.is_some_and(|silence| silence > cadence.quiet_after),
            is_running: pulse.last_cycle.is_some_and(|cycle| seconds_between(cycle.to, now) <= CYCLE_GAP_SECONDS),
            refused,
            forecast: quarantine::forecast(pulse, refused, now),
            expiring: slots.expiring(now),
            rotation: slots.rotation(),
        }
    }

    fn state(&self) -> ConnectionState {
        let ends_at_once = self.expiring.first().is_some_and(|expiring| expiring.notice == ExpiryNotice::Day1);
        if self.slots.is_empty() {
            return ConnectionState::Refused;
        }
        if self.pulse.first_call.is_none() {
            return ConnectionState::Waiting;
        }
        if self.forecast.is_some_and(|forecast| forecast.is_likely(self.now)) {
            return ConnectionState::QuarantineLikely;
        }
        if self.pulse.first_write.is_none() {
            return ConnectionState::Tested;
        }
        if self.is_first_sync() {
            return ConnectionState::FirstSync;
        }
        match (self.is_quiet, self.is_degraded(), &self.rotation, self.expiring.first()) {
            (_, _, _, Some(_)) if ends_at_once => ConnectionState::TokenExpiring,
            (true, ..) => ConnectionState::Quiet,
            (_, true, ..) => ConnectionState::Degraded,
            (_, _, Some(_), _) => ConnectionState::Rotating,
            (.., Some(_)) => ConnectionState::TokenExpiring,
            _ => ConnectionState::Healthy,
        }
    }

    /// The cycle of the first write is the first one, until it pauses.
    fn is_first_sync(&self) -> bool {
        let began = self.pulse.last_cycle.is_some_and(|cycle| self.pulse.first_write >= Some(cycle.from));
        began && self.is_running
    }

    fn is_degraded(&self) -> bool {
        let window = &self.pulse.window;
        let fails = !window.causes.is_empty();
        let is_many = u128::from(window.failures) * 100 >= u128::from(window.attempts) * u128::from(DEGRADED_PERCENT);
        let repeats = window.causes.iter().any(|cause| cause.tries >= REPEATED);
        self.refused.is_some() || (fails && (is_many || repeats))
    }

    /// When the next cycle should begin; nothing is expected of who is missed.
    fn next_expected(&self) -> Option<Timestamp> {
        let (cycle, interval) = (self.pulse.last_cycle?, self.cadence.interval?);
        (!self.is_quiet).then(|| cycle.from.plus_seconds(interval).max(self.now))
    }

    fn since(&self, state: ConnectionState) -> Option<Timestamp> {
        let pulse = self.pulse;
        match state {
            ConnectionState::Waiting => self.slots.since(),
            ConnectionState::Tested => pulse.last_probe.or(pulse.first_call),
            ConnectionState::FirstSync => pulse.last_cycle.map(|cycle| cycle.from),
            ConnectionState::Quiet => pulse.last_call,
            ConnectionState::Degraded => pulse.window.causes.iter().map(|cause| cause.since).min(),
            ConnectionState::QuarantineLikely => match self.forecast.map(|forecast| forecast.quarantine) {
                Some(Quarantine::Since(since)) => Some(since),
                _ => None,
            },
            ConnectionState::Refused => self.refused.map(|refused| refused.since),
            ConnectionState::Rotating => self.rotation.as_ref().map(|rotation| rotation.new.created),
            ConnectionState::Off | ConnectionState::Paused => self.switched,
            _ => None,
        }
    }

    fn into_health(self, state: ConnectionState) -> Health {
        let window = &self.pulse.window;
        let attempts = window.attempts.max(window.failures);
        let percent = u128::from(window.failures) * 100 / u128::from(attempts.max(1));
        Health {
            state,
            since: self.since(state).map(|since| since.min(self.now)),
            provider: self.pulse.provider,
            last_call: self.pulse.last_call,
            last_cycle: self.pulse.last_cycle,
            is_running: self.is_running,
            next_expected: self.next_expected(),
            interval_seconds: self.cadence.interval.filter(|_| self.pulse.last_cycle.is_some()),
            attempts,
            failures: window.failures,
            percent: u8::try_from(percent).unwrap_or(100),
            causes: window.causes.iter().take(TOP).cloned().collect(),
            affected: window.causes.iter().fold(0, |sum, cause| sum.saturating_add(cause.people)),
            forecast: self.forecast,
            refused: match state {
                // Nobody has come yet, and whoever tries is most likely the one who is waited for.
                ConnectionState::Waiting => self.pulse.refused,
                _ => self.refused,
            },
            expiring: self.expiring,
            rotation: self.rotation,
        }
    }
}
