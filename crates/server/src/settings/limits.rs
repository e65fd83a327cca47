//! `[limits]`: rate limits.

use domain::limit::{Policies, Policy};
use serde::Deserialize;

use super::table::{Fallback, Key, Kind, Section};

/// Rate limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Whether requests are counted and refused when over budget.
    pub enabled: bool,
    pub reads_per_second: u32,
    pub reads_burst: u32,
    pub writes_per_second: u32,
    pub writes_burst: u32,
    pub bulk_per_second: u32,
    pub bulk_burst: u32,
    pub failures_per_minute: u32,
    pub failures_burst: u32,
    pub sign_ins_per_minute: u32,
    pub sign_ins_burst: u32,
}

impl LimitSettings {
    /// What everybody may spend.
    pub fn policies(&self) -> Policies {
        Policies {
            reads: Policy::per_second(self.reads_per_second, self.reads_burst),
            writes: Policy::per_second(self.writes_per_second, self.writes_burst),
            bulk: Policy::per_second(self.bulk_per_second, self.bulk_burst),
            failures: Policy::per_minute(self.failures_per_minute, self.failures_burst),
            sign_ins: Policy::per_minute(self.sign_ins_per_minute, self.sign_ins_burst),
        }
    }
}

const fn whole(name: &'static str, usual: &'static str, meaning: &'static str) -> Key {
    Key { name, kind: Kind::Whole { min: 1, max: 1_000_000 }, fallback: Fallback::Value(usual), meaning, secret: false }
}

pub(super) const SECTION: Section = Section {
    name: "limits",
    meaning: "Rate limits: what each tenant may ask at once and in the long run, and how often strangers may try. They are shared by \
              all processes that have the same `redis.url`; a process without one counts for itself. A tenant can have budgets of its \
              own: `rollcall limits set`. [limits.md](../guides/limits.md) tells how to size them.",
    keys: &[
        Key {
            name: "limits.enabled",
            kind: Kind::Flag,
            fallback: Fallback::Value("true"),
            meaning: "Whether requests are counted and refused with 429 when over budget.",
            secret: false,
        },
        whole(
            "limits.reads_per_second",
            "500",
            "Requests of a tenant that read, a second in the long run. Entra's gallery asks for 25 of all kinds.",
        ),
        whole("limits.reads_burst", "5000", "Requests of a tenant that read, at once."),
        whole("limits.writes_per_second", "250", "Requests of a tenant that write, a second in the long run."),
        whole("limits.writes_burst", "2500", "Requests of a tenant that write, at once."),
        whole(
            "limits.bulk_per_second",
            "250",
            "Operations within bulk requests of a tenant, a second in the long run.",
        ),
        whole(
            "limits.bulk_burst",
            "5000",
            "Operations within bulk requests of a tenant, at once. A request of more is let in when nothing was spent, and paid off afterwards.",
        ),
        whole(
            "limits.failures_per_minute",
            "600",
            "Requests without a good credential from one address (IPv6: one /64), a minute in the long run. Good ones are let in from any address.",
        ),
        whole("limits.failures_burst", "1000", "Requests without a good credential from one address, at once."),
        whole(
            "limits.sign_ins_per_minute",
            "30",
            "Access tokens that one OAuth client may ask for, a minute in the long run.",
        ),
        whole("limits.sign_ins_burst", "60", "Access tokens that one OAuth client may ask for, at once."),
    ],
};
