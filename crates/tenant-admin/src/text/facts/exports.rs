//! Sentences about what was taken away as a file.

use domain::audit::Entry;

pub fn sentence(entry: &Entry) -> String {
    if entry.text("list") == Some("workspace") {
        return "Exported everything of the workspace as an archive".to_owned();
    }
    let list = match entry.text("list") {
        Some("people") => "the people of the directory",
        Some("groups") => "the groups of the directory",
        Some("activity") => "the activity log",
        Some("audit") => "the audit",
        _ => "a list",
    };
    let narrowed = if entry.text("asked").is_none_or(str::is_empty) { "" } else { ", filtered," };
    let format = entry.text("format").unwrap_or_default().to_uppercase();
    format!("Exported {list}{narrowed} as {format}")
}
