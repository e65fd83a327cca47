//! `[metrics]`: measurements.

use serde::Deserialize;

use super::names::is_host;
use super::table::{Fallback, Key, Kind, Section};

/// Measurements.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// The address that they are read at.
    pub host: String,
    /// The port; none is no listener, and nothing is measured.
    pub port: Option<u16>,
    /// How many tenants are told apart.
    pub tenants: u32,
}

pub(super) const SECTION: Section = Section {
    name: "metrics",
    meaning: "Measurements for Prometheus: `GET /metrics` on a port of its own, which is for those who look after the installation and \
              nobody else. [observe.md](../guides/observe.md) shows how, [metrics.md](metrics.md) lists them.",
    keys: &[
        Key {
            name: "metrics.host",
            kind: Kind::Text { expected: "an IP address or a host name, without port", accepts: is_host },
            fallback: Fallback::Value("127.0.0.1"),
            meaning: "The address to listen on.",
            secret: false,
        },
        Key {
            name: "metrics.port",
            kind: Kind::Whole { min: 0, max: 65_535 },
            fallback: Fallback::Nothing("nothing is measured"),
            meaning: "The port to listen on; 0 picks a free one, which the log names.",
            secret: false,
        },
        Key {
            name: "metrics.tenants",
            kind: Kind::Whole { min: 0, max: 10_000 },
            fallback: Fallback::Value("100"),
            meaning: "As many tenants, those that were made first, have a label of their own; all others share `other`. Each costs a \
                      few dozen series.",
            secret: false,
        },
    ],
};
