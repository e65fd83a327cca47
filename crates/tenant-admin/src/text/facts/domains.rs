//! Sentences about the domains of e-mail addresses.

use domain::audit::Entry;
use serde_json::Value;

/// A domain was added or removed, or something else is known of it.
pub fn changed(entry: &Entry) -> String {
    let name = entry.text("name").unwrap_or("a domain");
    let gone = |value: Option<&Value>| value.is_some_and(Value::is_string);
    let state = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let (before, after) = (state(entry.before("state")), state(entry.after("state")));
    if before != after {
        return match after.as_deref() {
            Some("verified") => format!("Verified the domain {name}"),
            Some("failed") => format!("Did not find the record of the domain {name}"),
            Some("expired") => format!("Ceased to count the domain {name}, whose record was gone for two weeks"),
            Some("claimed") => format!("Could not verify the domain {name}, which somebody else has verified"),
            _ => format!("Changed the domain {name}"),
        };
    }
    match (gone(entry.before("record_gone_since")), gone(entry.after("record_gone_since"))) {
        (false, true) => format!("Missed the record of the domain {name}"),
        (true, false) => format!("Found the record of the domain {name} again"),
        _ if entry.before("connection") != entry.after("connection") => {
            format!("Changed by which connection people of {name} sign in")
        }
        _ => format!("Changed the domain {name}"),
    }
}

pub fn policy(entry: &Entry) -> String {
    match entry.text("domain_policy") {
        Some("off") => "Let addresses of any domain come in",
        Some("require") => "Let only addresses of verified domains come in",
        _ => "Let addresses of other domains come in, and have them noted",
    }
    .to_owned()
}
