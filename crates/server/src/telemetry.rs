//! Logs: short lines for people on a terminal, JSON lines for collectors otherwise; always on standard error. And traces.

mod lines;
mod traces;

use std::io::{self, IsTerminal};

use opentelemetry_otlp::ExporterBuildError;
use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer};

use crate::settings::{LogFormat, TelemetrySettings};
use lines::{JsonFields, JsonLines};
pub use traces::Traces;

/// Why logs cannot be written or traces be sent.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log` is no filter; settings that were loaded have been checked for it.
    #[error("telemetry.log cannot be used: {0}")]
    Filter(#[from] ParseError),
    /// Logs were set up before.
    #[error("logs are set up already: {0}")]
    Twice(#[from] TryInitError),
    /// `telemetry.otlp_endpoint` cannot be sent to; settings that were loaded have been checked for what it looks like.
    #[error("telemetry.otlp_endpoint cannot be used: {0}")]
    Collector(#[from] ExporterBuildError),
}

/// Starts logging, and tracing where the settings name a collector, for the whole process; to be called once, first thing
/// after the settings are known, and within a runtime.
pub fn init(settings: &TelemetrySettings) -> Result<Traces, TelemetryError> {
    // Spans that the log does not show may be traced all the same.
    let filter = EnvFilter::try_new(&settings.log)?;
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let log = match Look::choose(settings.format, io::stderr().is_terminal(), colours) {
        Look::Human { ansi } => human(ansi, io::stderr).with_filter(filter).boxed(),
        Look::Json => json(io::stderr).with_filter(filter).boxed(),
    };
    let traces = Traces::begin(settings)?;
    let layers: Vec<_> = [Some(log), traces.layer()].into_iter().flatten().collect();
    tracing_subscriber::registry().with(layers).try_init()?;
    Ok(traces)
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Human { ansi: bool },
    Json,
}

impl Look {
    fn choose(format: LogFormat, terminal: bool, colours: bool) -> Self {
        match format {
            LogFormat::Json => Self::Json,
            LogFormat::Auto if !terminal => Self::Json,
            LogFormat::Auto | LogFormat::Pretty => Self::Human { ansi: terminal && colours },
        }
    }
}

fn human<S, W>(ansi: bool, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt::layer().compact().with_target(false).with_ansi(ansi).with_writer(writer)
}

fn json<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt::layer().fmt_fields(JsonFields).event_format(JsonLines).with_writer(writer)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Map, Value};

    use super::*;

    /// A place to write to that a test can look into.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        fn writer(&self) -> impl Fn() -> Self + use<> {
            let page = self.clone();
            move || page.clone()
        }
    }

    fn written_as_json(work: impl FnOnce()) -> Map<String, Value> {
        let page = Page::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(json(page.writer())), work);
        assert_eq!(page.text().lines().count(), 1, "{}", page.text());
        serde_json::from_str(&page.text()).unwrap()
    }

    #[test]
    fn auto_follows_the_terminal_and_ansi_needs_one() {
        assert_eq!(Look::choose(LogFormat::Auto, true, true), Look::Human { ansi: true });
        assert_eq!(Look::choose(LogFormat::Auto, false, true), Look::Json);
        assert_eq!(Look::choose(LogFormat::Pretty, false, true), Look::Human { ansi: false });
        assert_eq!(Look::choose(LogFormat::Pretty, true, false), Look::Human { ansi: false });
        assert_eq!(Look::choose(LogFormat::Json, true, true), Look::Json);
    }

    #[test]
    fn a_json_line_begins_with_time_level_message_and_target() {
        let line = written_as_json(|| tracing::info!(users = 3, "page\nserved"));
        let names: Vec<_> = line.keys().map(String::as_str).collect();
        assert_eq!(names, ["timestamp", "level", "message", "target", "users"]);
        assert_eq!((line["level"].as_str(), line["users"].as_i64()), (Some("INFO"), Some(3)));
        assert_eq!(line["message"], "page\nserved");
        let time = line["timestamp"].as_str().unwrap();
        assert!(time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
    }

    #[test]
    fn fields_of_all_spans_are_on_top_and_the_nearest_wins() {
        let line = written_as_json(|| {
            let request = tracing::info_span!("request", tenant.id = "acme", request.id = tracing::field::Empty);
            request.record("request.id", "r-0");
            request.record("request.id", "r-1\t\n\"");
            let _outer = request.entered();
            let _inner = tracing::info_span!("store", part = "inner", tenant.id = "acme").entered();
            tracing::warn!(part = "event", "slow");
        });
        assert_eq!((line["tenant.id"].as_str(), line["request.id"].as_str()), (Some("acme"), Some("r-1\t\n\"")));
        assert_eq!(line["part"], "event");
    }

    #[test]
    fn a_field_cannot_pretend_to_be_the_level() {
        let line = written_as_json(|| tracing::info!(level = "ERROR", "x"));
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn a_human_line_has_neither_module_names_nor_colours_when_there_is_no_terminal() {
        let page = Page::default();
        let subscriber = tracing_subscriber::registry().with(human(false, page.writer()));
        tracing::subscriber::with_default(subscriber, || tracing::info!(port = 8080, "listening"));
        let text = page.text();
        assert!(text.contains("INFO listening port=8080"), "{text}");
        assert!(!text.contains("telemetry") && !text.contains('\u{1b}'), "{text}");
    }
}
