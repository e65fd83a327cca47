//! `[retention]`: how much is kept, and for how long.

use serde::Deserialize;

use super::table::{Fallback, Key, Kind, Section};

/// How much is kept, and for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// How long the journal keeps values.
    pub journal_days: Option<u32>,
    /// How much the activity log may take.
    pub activity_mb: u32,
}

impl RetentionSettings {
    /// How much the activity log may take.
    pub fn activity_bytes(&self) -> u64 {
        u64::from(self.activity_mb) << 20
    }

    /// How long the journal keeps values; for ever when that is not said.
    pub fn journal_seconds(&self) -> Option<i64> {
        self.journal_days.map(|days| i64::from(days) * 86_400)
    }
}

pub(super) const SECTION: Section = Section {
    name: "retention",
    meaning: "What keeps the disk from filling. How long the activity log and the log of sign-ins are kept is each tenant's own choice, \
              30 days unless it says otherwise. That a mail was sent is forgotten after 7 days, keys of requests that come twice after \
              a day. [rescue.md](../guides/rescue.md#what-keeps-the-disk-from-filling) has all of it.",
    keys: &[
        Key {
            name: "retention.journal_days",
            kind: Kind::Whole { min: 30, max: 36_500 },
            fallback: Fallback::Nothing("values are kept for ever"),
            meaning: "After so many days the journal forgets the values of a change, before and after. That it happened, when and by whom \
                      is kept for ever.",
            secret: false,
        },
        Key {
            name: "retention.activity_mb",
            kind: Kind::Whole { min: 1, max: 10_000_000 },
            fallback: Fallback::Value("4096"),
            meaning: "How much the activity log of all tenants may take, in MiB. Beyond it the oldest rows of the tenant with the most go, \
                      though they are not as old as the tenant wants them kept.",
            secret: false,
        },
    ],
};
