//! What PostgreSQL says it did for each statement that the store sends, by `auto_explain`, whose notices come back on the
//! store's own connections.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::raw::Raw;

/// What was noticed since somebody looked.
#[derive(Clone, Default)]
pub struct Plans(Arc<Mutex<Vec<String>>>);

impl Plans {
    /// From now on every new connection to the database explains what it does.
    pub async fn listen(raw: &Raw) -> Self {
        let plans = Self::default();
        tracing::subscriber::set_global_default(plans.clone()).unwrap();
        let [(name,)] = &raw.rows::<(String,)>("SELECT current_database()::text", []).await[..] else { panic!() };
        for setting in [
            "session_preload_libraries = 'auto_explain'",
            "auto_explain.log_min_duration = 0",
            "auto_explain.log_analyze = on",
            "auto_explain.log_timing = off",
            "auto_explain.log_format = json",
            "auto_explain.log_level = notice",
        ] {
            raw.run(&format!("ALTER DATABASE {name} SET {setting}"), []).await;
        }
        plans
    }

    /// The plans of the statements since the last look.
    pub fn take(&self) -> Vec<Plan> {
        let notices = std::mem::take(&mut *self.0.lock().unwrap());
        let plans = notices.iter().filter_map(|notice| notice.split_once("plan:\n"));
        plans.map(|(_, plan)| Plan(serde_json::from_str(plan).unwrap())).collect()
    }
}

/// One statement and how it was carried out.
#[derive(Debug)]
pub struct Plan(Value);

impl Plan {
    pub fn sql(&self) -> &str {
        self.0["Query Text"].as_str().unwrap()
    }

    /// Each node that reads from a table or an index: how, what, and how many rows it looked at.
    pub fn scans(&self) -> Vec<Scan> {
        let mut scans = Vec::new();
        collect(&self.0["Plan"], &mut scans);
        scans
    }
}

#[derive(Debug)]
pub struct Scan {
    pub how: String,
    pub what: String,
    pub rows: u64,
}

fn collect(node: &Value, scans: &mut Vec<Scan>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let count = |name: &str| node[name].as_f64().unwrap_or_default();
    let what = if node["Relation Name"].is_null() { text("Index Name") } else { text("Relation Name") };
    if !what.is_empty() {
        let each = count("Actual Rows") + count("Rows Removed by Filter") + count("Rows Removed by Index Recheck");
        let rows = format!("{:.0}", each * count("Actual Loops")).parse().unwrap();
        scans.push(Scan { how: text("Node Type"), what, rows });
    }
    node["Plans"].as_array().into_iter().flatten().for_each(|inner| collect(inner, scans));
}

/// Takes what the driver tells of notices, and nothing else.
impl Subscriber for Plans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::postgres::notice"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, _: &Field, value: &str) {
        self.0.push_str(value);
    }

    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        write!(self.0, "{value:?}").unwrap();
    }
}
