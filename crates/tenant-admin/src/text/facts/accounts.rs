//! Sentences about admins, their sessions and links.

use domain::audit::Entry;
use domain::journal::What;
use serde_json::Value;

/// What happened to an account. `of`: what its holder is called.
pub fn sentence(what: What, entry: &Entry, of: &str) -> String {
    match what {
        What::RoleChanged => format!("Made {of} {}", role(entry.after("role"))),
        What::PasswordChanged => format!("Changed the password of {of}"),
        What::SecondStepChanged => match entry.after("second_step") {
            Some(Value::Bool(true)) => format!("Turned on the second step of {of}"),
            _ => format!("Turned off the second step of {of}"),
        },
        What::RecoveryCodesMade => format!("Made new recovery codes for {of}"),
        What::RecoveryCodeUsed => format!("Used a recovery code of {of}, {} left", number(entry, "left")),
        What::SignInRefused => format!("Refused {} to sign in as {of}", tries(entry)),
        What::SessionStarted => format!("Signed in as {of}"),
        What::SessionEnded => match text(entry, "how") {
            Some("signed_out") => format!("Signed out as {of}"),
            _ => format!("Ended a session of {of}"),
        },
        What::LinkMade => format!("Made {}", link(entry, of)),
        What::LinkUsed => format!("Used {}", link(entry, of)),
        _ => format!("Revoked {}", link(entry, of)),
    }
}

fn role(role: Option<&Value>) -> String {
    match role.and_then(Value::as_str) {
        Some("owner") => "an owner".to_owned(),
        Some("admin") => "an admin".to_owned(),
        Some("auditor") => "an auditor".to_owned(),
        other => other.unwrap_or("something else").to_owned(),
    }
}

fn link(entry: &Entry, of: &str) -> String {
    match text(entry, "purpose") {
        Some("invitation") => format!("the invitation of {of}"),
        Some("reset") => format!("a link to a new password for {of}"),
        _ => format!("the setup link {of}"),
    }
}

fn text<'e>(entry: &'e Entry, name: &str) -> Option<&'e str> {
    entry.payload.as_ref()?.get(name)?.as_str()
}

fn tries(entry: &Entry) -> String {
    match number(entry, "times").as_str() {
        "1" => "1 try".to_owned(),
        count => format!("{count} tries"),
    }
}

fn number(entry: &Entry, name: &str) -> String {
    let number = entry.payload.as_ref().and_then(|payload| payload.get(name)).and_then(Value::as_i64);
    number.map_or_else(|| "some".to_owned(), |number| number.to_string())
}
