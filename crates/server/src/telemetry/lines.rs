//! Log lines for collectors.
//!
//! The library's JSON formatter reads and writes all fields of a span anew whenever one is recorded, and a line's once more
//! (docs/performance.md). Here a field is written once, and a line is put together of what was written.

use std::fmt::{self, Write as _};

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Between a field's name and its value, and after it. Neither stands in JSON as it is written here.
const IS: char = '\t';
const END: char = '\n';

/// Writes fields as names and values, both in JSON, to be put together by [`JsonLines`].
pub struct JsonFields;

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visit = Written { writer, outcome: Ok(()) };
        fields.record(&mut visit);
        visit.outcome
    }
}

struct Written<'w> {
    writer: Writer<'w>,
    outcome: fmt::Result,
}

impl Written<'_> {
    fn put(&mut self, field: &Field, value: impl Serialize) {
        // A field may be called as a word of Rust is.
        let name = field.name();
        let (name, value) = (json(name.strip_prefix("r#").unwrap_or(name)), json(value));
        self.outcome = self.outcome.and_then(|()| write!(self.writer, "{name}{IS}{value}{END}"));
    }
}

impl Visit for Written<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

fn json(value: impl Serialize) -> String {
    serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned())
}

/// One flat JSON object a line: time, level, message, then the fields of the event and of all spans around it, so
/// that `tenant.id` and `request.id` are at the same place however deep the event is. What is nearer wins.
pub struct JsonLines;

impl<S> FormatEvent<S, JsonFields> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (mut time, mut fields) = (String::new(), String::new());
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        JsonFields.format_fields(Writer::new(&mut fields), event)?;
        let mut line = Line::default();
        line.begin(&json(time), &json(event.metadata().level().as_str()), &json(event.metadata().target()), &fields)?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                line.add(&fields.fields)?;
            }
        }
        writeln!(writer, "{}}}", line.text)
    }
}

#[derive(Default)]
struct Line {
    text: String,
    /// In JSON.
    names: Vec<String>,
}

impl Line {
    /// What the event itself says; all of it in JSON.
    fn begin(&mut self, time: &str, level: &str, target: &str, fields: &str) -> fmt::Result {
        let named = |wanted: &str| read(fields).find(|(name, _)| *name == wanted).map(|(_, value)| value);
        self.put("\"timestamp\"", time)?;
        self.put("\"level\"", level)?;
        self.put("\"message\"", named("\"message\"").unwrap_or("null"))?;
        self.put("\"target\"", named("\"log.target\"").unwrap_or(target))?;
        // where a record of the crate `log` was written: of no use to an operator
        let mut own = read(fields).filter(|(name, _)| !name.starts_with("\"log."));
        own.try_for_each(|(name, value)| self.put(name, value))
    }

    /// Adds the fields of something farther away. Of one that was recorded twice the later value holds.
    fn add(&mut self, fields: &str) -> fmt::Result {
        read(fields).rev().try_for_each(|(name, value)| self.put(name, value))
    }

    fn put(&mut self, name: &str, value: &str) -> fmt::Result {
        if self.names.iter().any(|known| known == name) {
            return Ok(());
        }
        self.names.push(name.to_owned());
        let before = if self.text.is_empty() { '{' } else { ',' };
        write!(self.text, "{before}{name}:{value}")
    }
}

fn read(fields: &str) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    // The library puts a space between what was written at first and what was recorded later.
    fields.split(END).filter_map(|field| field.trim_start().split_once(IS))
}
