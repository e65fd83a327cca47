//! Sentences about what admins chose, and about work that went on in the background.

use domain::audit::Entry;
use serde_json::Value;

use crate::lists::several;

pub fn preferences(entry: &Entry) -> String {
    let changed = |name| entry.before(name) != entry.after(name);
    let mut parts = Vec::new();
    if changed("notify") {
        parts.push("who is notified");
    }
    if changed("log_retention_days") {
        parts.push("how long the activity log is kept");
    }
    if changed("provider") {
        parts.push("the identity provider");
    }
    match parts.as_slice() {
        [] => "Saved the settings of user provisioning".to_owned(),
        parts => format!("Changed {}", parts.join(" and ")),
    }
}

pub fn guide(entry: &Entry) -> String {
    match entry.after("done") {
        Some(Value::Bool(false)) => "Took back a step of the setup guide".to_owned(),
        _ => "Ticked a step of the setup guide".to_owned(),
    }
}

pub fn job_started(entry: &Entry) -> String {
    format!("Began to disable {}", people(number(entry, "total")))
}

pub fn job_ended(entry: &Entry) -> String {
    let (done, failed) = (number(entry, "done"), number(entry, "failed"));
    match (entry.text("state"), failed) {
        (Some("stopped"), _) => format!("Stopped disabling people, {done} done"),
        (_, 0) => format!("Finished disabling {}", people(done)),
        (_, failed) => format!("Finished disabling {}; {failed} could not be disabled", people(done)),
    }
}

fn people(count: u64) -> String {
    several(count, "person", "people")
}

fn number(entry: &Entry, name: &str) -> u64 {
    entry.after(name).and_then(Value::as_u64).unwrap_or(0)
}
