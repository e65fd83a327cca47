//! `[telemetry]`: logs and traces.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use super::table::{Fallback, Key, Kind, Section};

/// Logs and traces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// What is logged: a level, or directives such as `info,sqlx=warn`.
    pub log: String,
    /// How it is written.
    pub format: LogFormat,
    /// The collector of traces; none is no traces.
    pub otlp_endpoint: Option<String>,
    /// Which share of the requests is traced whose callers do not say.
    pub trace_ratio: f64,
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
    meaning: "Logs and traces. Logs go to standard error, so that standard output stays for what a command prints. Traces go to a \
              collector by OpenTelemetry's protocol (OTLP) over HTTP; [observe.md](../guides/observe.md#traces) tells what is in them.",
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
        Key {
            name: "telemetry.otlp_endpoint",
            kind: Kind::Text {
                expected: "an http or https URL without user name, query or fragment, such as http://collector:4318",
                accepts: is_collector,
            },
            fallback: Fallback::Nothing("no traces"),
            meaning: "The collector of traces. They are sent to `/v1/traces` below it.",
            secret: false,
        },
        Key {
            name: "telemetry.trace_ratio",
            kind: Kind::Share,
            fallback: Fallback::Value("0.1"),
            meaning: "Which share of the requests is traced. One that comes with a `traceparent` is traced when its caller is, and only then.",
            secret: false,
        },
    ],
};

fn is_collector(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let plain = url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && plain && nobody
    })
}

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
    fn a_collector_is_a_plain_address() {
        assert!(is_collector("http://collector:4318") && is_collector("https://otlp.example.com/prefix/"));
        for text in ["collector:4318", "grpc://collector:4317", "http://u:p@collector", "http://collector/?a=b", ""] {
            assert!(!is_collector(text), "{text}");
        }
    }

    #[test]
    fn slips_are_not_taken_for_the_name_of_a_target() {
        for text in ["", "inof", "info,", "info,sqlx", "sqlx=loud", "info;sqlx=warn", "info, sqlx=warn"] {
            assert!(!is_filter(text), "{text}");
        }
    }
}
