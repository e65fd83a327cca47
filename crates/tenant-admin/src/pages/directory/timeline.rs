//! The history of a person or group.

use domain::audit::Entry;
use domain::ids::ResourceId;

use crate::call::AdminCall;
use crate::frame::Tab;
use crate::lists::address;
use crate::text::facts::{self, Names};
use crate::when::When;

/// Entries of one page.
pub const PAGE: u64 = 20;

/// One line of a history.
pub struct Event {
    pub what: String,
    pub by: String,
    pub when: When,
    /// The entry in the audit log, for those who may read it.
    pub href: Option<String>,
    /// The page as it was when this had happened; none for what happened to somebody else.
    pub as_of: Option<String>,
    /// Whether that is what the page shows.
    pub is_shown: bool,
}

/// The lines for entries. `page`: the address of the page; `subject`: whose it is; `shown`: which fact it is as of.
pub fn events(
    call: &AdminCall,
    entries: &[Entry],
    names: &Names,
    page: &str,
    subject: ResourceId,
    shown: Option<i64>,
) -> Vec<Event> {
    let event = |entry: &Entry| {
        let number = entry.number.to_string();
        let is_own = entry.subject_id == Some(subject.0);
        Event {
            what: facts::own::sentence(entry, names, subject),
            by: facts::actor(entry, names),
            when: When::new(entry.at, call.cx.now),
            href: call.may(Tab::Audit.right()).then(|| audit_href(call, entry)),
            as_of: is_own.then(|| address(page, [("as_of", number.as_str())])),
            is_shown: is_own && shown == Some(entry.number),
        }
    };
    entries.iter().map(event).collect()
}

/// An entry in the audit log, opened, among the others about the same subject.
pub fn audit_href(call: &AdminCall, entry: &Entry) -> String {
    let (number, before) = (entry.number.to_string(), (entry.number + 1).to_string());
    let about = entry.subject_id.map(|id| id.to_string()).unwrap_or_default();
    let query = [("by", "everybody"), ("subject", &about), ("before", &before), ("open", &number)];
    format!("{}#e{number}", address(&call.href(Tab::Audit.path()), query))
}
