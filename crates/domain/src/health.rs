//! How a tenant's connection is, computed from what was answered. No I/O: the activity log's store counts a [`Pulse`], and
//! [`health`] makes of it one of the states of settings-ui.md (S1) with the facts behind it.

mod evidence;
mod pulse;
mod state;

pub use evidence::{Evidence, ExternalIds, Failed, Seen, Step, Tick};
pub use pulse::{
    CYCLE_GAP_SECONDS, CYCLE_STARTS, CauseCount, CredentialSeen, Cycle, Pulse, RECENT_SECONDS, Recent, Refusals,
    WINDOW_SECONDS, Window,
};
pub use state::{
    ConnectionState, Expiring, ExpiryNotice, Forecast, Health, Quarantine, QuarantineReason, Rotation, Side, Slot,
};
