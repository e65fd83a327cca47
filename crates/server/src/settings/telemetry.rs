//! `[telemetry]`: logs.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::table::{Fallback, Key, Kind, Section};

/// Logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// What is logged: a level, or directives such as `info,sqlx=warn`.
    pub log: String,
    /// How it is written.
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// [`LogFormat::Pretty`] on a terminal, [`LogFormat::Json`] otherwise.
    Auto,
    /// One short line for people.
    Pretty,
    /// One JSON object a line, for collectors.
    Json,
}

pub(super) const SECTION: Section = Section {
    name: "telemetry",
    meaning: "Logs. They go to standard error, so that standard output stays for what a command prints.",
    keys: &[
        Key {
            name: "telemetry.log",
            kind: Kind::Text {
                expected: "a level (error, warn, info, debug, trace, off) or directives such as info,sqlx=warn",
                accepts: is_filter,
            },
            fallback: Fallback::Value("info,actix_server=warn,sea_orm_migration=warn,redis=off"),
            meaning: "What is logged: a level, or comma-separated `target=level` directives of the crate `tracing-subscriber`.",
            secret: false,
        },
        Key {
            name: "telemetry.format",
            kind: Kind::OneOf(&["auto", "pretty", "json"]),
            fallback: Fallback::Value("auto"),
            meaning: "`pretty` is one short line for people, `json` one object a line for collectors, `auto` is `pretty` on a terminal and `json` otherwise.",
            secret: false,
        },
    ],
};

/// A lone word that is no level would be taken for a target: `inof` would silence everything.
fn is_filter(text: &str) -> bool {
    let mut words = text.split(',');
    let level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    let clear = |word: &str| word.contains(['=', '[', ']']) || level(word);
    !text.contains(';') && words.all(clear) && EnvFilter::try_new(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_directives_are_filters() {
        for text in ["info", "OFF", "info,sqlx=warn", "warn,server::telemetry=trace", "[request{tenant.id=acme}]=debug"]
        {
            assert!(is_filter(text), "{text}");
        }
    }

    #[test]
    fn slips_are_not_taken_for_the_name_of_a_target() {
        for text in ["", "inof", "info,", "info,sqlx", "sqlx=loud", "info;sqlx=warn", "info, sqlx=warn"] {
            assert!(!is_filter(text), "{text}");
        }
    }
}
