//! Sentences about single sign-on: connections, keys, and who may sign in how.

use domain::audit::Entry;
use domain::connection::cause::SignInCause;
use domain::journal::What;
use serde_json::Value;

use crate::text::sign_on;

/// What happened. `of`: what the connection or account is called.
pub fn sentence(what: What, entry: &Entry, of: &str) -> String {
    match what {
        What::ConnectionChanged => changed(entry, of),
        What::ConnectionTested => tested(entry, of),
        What::KeyMade => "Made a key for single sign-on".to_owned(),
        What::KeyRemoved => "Removed a key for single sign-on".to_owned(),
        What::AdminSignInChanged => match entry.after("passwords") {
            Some(Value::Bool(true)) => "Let admins sign in with passwords again".to_owned(),
            _ => "Had admins sign in by single sign-on alone".to_owned(),
        },
        What::BreakGlassChanged => match entry.after("break_glass") {
            Some(Value::Bool(true)) => format!("Allowed the break glass for {of}"),
            _ => format!("Withdrew the break glass from {of}"),
        },
        What::AccountLinked => format!("Linked the account of {of} to single sign-on{}", by(entry)),
        _ => format!("Unlinked the account of {of} from single sign-on"),
    }
}

fn by(entry: &Entry) -> String {
    entry.text("name").map(|name| format!(" by {name}")).unwrap_or_default()
}

fn changed(entry: &Entry, of: &str) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    match (text(entry.before("switch")).as_deref(), text(entry.after("switch")).as_deref()) {
        (Some("off"), Some("active")) => return format!("Activated single sign-on by {of}"),
        (Some("active"), Some("enforced")) => return format!("Had everybody sign in by {of}"),
        (Some("enforced"), Some("active")) => return format!("Ended the enforcement of single sign-on by {of}"),
        (Some(_), Some("off")) => return format!("Switched single sign-on by {of} off"),
        _ => {}
    }
    let words: Vec<_> = entry.differences().into_iter().filter_map(|it| sign_on::setting(&it.path)).collect();
    match words.as_slice() {
        [] => format!("Changed the connection {of}"),
        words => format!("Changed the connection {of}: {}", words.join(", ")),
    }
}

fn tested(entry: &Entry, of: &str) -> String {
    let payload = entry.payload.as_ref();
    let cause = payload.and_then(|payload| payload.get("cause")).and_then(Value::as_str).and_then(SignInCause::named);
    match cause {
        None => format!("Passed a test of {of}"),
        Some(cause) => format!("Failed a test of {of}: {}", sign_on::title(cause).to_lowercase()),
    }
}
