//! Sentences about what admins switch and choose.

use domain::audit::Entry;
use domain::journal::What;
use serde_json::Value;

pub fn sentence(what: What, entry: &Entry) -> String {
    match what {
        What::PreferencesChanged => preferences(entry),
        What::GuideTicked => match entry.after("done") {
            Some(Value::Bool(false)) => "Took back a tick in the set-up guide".to_owned(),
            _ => "Ticked a step of the set-up guide".to_owned(),
        },
        What::JobStarted => format!("Began to disable {}", people(entry, "total")),
        What::JobEnded => ended(entry),
        _ => switched(entry),
    }
}

fn switched(entry: &Entry) -> String {
    let state = entry.after("provisioning").and_then(Value::as_str);
    let then = entry.payload.as_ref().and_then(|payload| payload.get("people")?.get("then")?.as_str());
    match (entry.before("provisioning").and_then(Value::as_str), state) {
        (Some("paused"), Some("on")) => "Resumed user provisioning".to_owned(),
        (_, Some("on")) => "Switched user provisioning on".to_owned(),
        (_, Some("paused")) => "Paused user provisioning".to_owned(),
        _ if then == Some("deactivate") => {
            "Switched user provisioning off and asked for everybody to be disabled".to_owned()
        }
        _ => "Switched user provisioning off".to_owned(),
    }
}

fn preferences(entry: &Entry) -> String {
    let is_changed = |name: &str| entry.before(name) != entry.after(name);
    let mut parts = Vec::new();
    if is_changed("provider") {
        parts.push("chose another identity provider".to_owned());
    }
    if is_changed("log_retention_days") {
        let days = entry.after("log_retention_days").and_then(Value::as_u64).unwrap_or_default();
        parts.push(format!("the log is kept for {days} days"));
    }
    if is_changed("notify") {
        let count = entry.after("notify").and_then(Value::as_array).map_or(0, Vec::len);
        parts.push(match count {
            0 => "nobody is notified".to_owned(),
            1 => "1 notification address".to_owned(),
            several => format!("{several} notification addresses"),
        });
    }
    super::sentence_of(parts, "Changed settings")
}

fn ended(entry: &Entry) -> String {
    let done = people(entry, "done");
    let failed = entry.after("failed").and_then(Value::as_u64).unwrap_or_default();
    let but = if failed > 0 { format!("; {failed} could not be") } else { String::new() };
    match entry.after("state").and_then(Value::as_str) {
        Some("stopped") => format!("Stopped disabling people after {done}{but}"),
        _ => format!("Disabled {done}{but}"),
    }
}

fn people(entry: &Entry, count: &str) -> String {
    match entry.after(count).and_then(Value::as_u64).unwrap_or_default() {
        1 => "1 person".to_owned(),
        several => format!("{several} people"),
    }
}
