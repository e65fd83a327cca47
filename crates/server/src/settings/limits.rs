//! `[limits]`: rate limits.

use serde::Deserialize;

use super::table::{Fallback, Key, Kind, Section};

/// Rate limits. Accepted and checked, but nothing reads them until rate limits are built.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Whether requests are counted and refused when over budget.
    pub enabled: bool,
}

pub(super) const SECTION: Section = Section {
    name: "limits",
    meaning: "Rate limits. **Not in use yet**: the key is accepted and checked, but no request is limited, whatever it says, \
              until rate limits are built.",
    keys: &[Key {
        name: "limits.enabled",
        kind: Kind::Flag,
        fallback: Fallback::Value("true"),
        meaning: "Whether requests are counted and refused with 429 when over budget. Not in use yet.",
        secret: false,
    }],
};
