//! One entry, opened.

use domain::audit::Entry;
use domain::ids::ResourceId;

use super::{Asked, path};
use crate::call::AdminCall;
use crate::lists::Changes;
use crate::names::NAMED;
use crate::pages::directory::{group_href, person_href};
use crate::text::attributes;
use crate::text::facts::Names;
use crate::when;

/// What an entry holds.
pub struct Opened {
    pub number: i64,
    pub when: String,
    pub request_id: String,
    pub changes: Changes,
    pub joined: Option<Members>,
    pub left: Option<Members>,
    pub ignored: Vec<String>,
    pub is_password_changed: bool,
    pub is_erased: bool,
    /// The page of whoever it is about.
    pub subject: Option<(String, &'static str)>,
    /// Everything about the same subject, and everything by the same actor.
    pub about: Option<String>,
    pub by: Option<String>,
}

/// Who came or went.
pub struct Members {
    pub names: Vec<(String, String)>,
    pub more: usize,
}

impl Opened {
    pub fn new(call: &AdminCall, entry: &Entry, names: &Names) -> Self {
        Self {
            number: entry.number,
            when: when::exact(entry.at),
            request_id: entry.request_id.clone(),
            changes: Changes::of(entry.differences()),
            joined: Members::of(call, &entry.joined(), names),
            left: Members::of(call, &entry.left(), names),
            ignored: entry.ignored().into_iter().map(|name| attributes::label(name, None)).collect(),
            is_password_changed: entry.is_password_changed(),
            is_erased: entry.payload.is_none(),
            subject: subject(call, entry),
            about: entry.subject_id.map(|id| {
                let asked = Asked { by: "everybody".to_owned(), subject: id.to_string(), ..Asked::default() };
                asked.href(&path(call), &[])
            }),
            by: entry.actor_id.clone().map(|actor| {
                let by = if entry.is_by_provider() { "providers" } else { "" };
                let asked = Asked { by: by.to_owned(), actor, ..Asked::default() };
                asked.href(&path(call), &[])
            }),
        }
    }
}

impl Members {
    fn of(call: &AdminCall, ids: &[ResourceId], names: &Names) -> Option<Self> {
        let shown = ids.iter().take(NAMED);
        let known = shown.map(|id| (person_href(call, *id), names.resource(*id).to_owned())).collect();
        (!ids.is_empty()).then(|| Self { names: known, more: ids.len().saturating_sub(NAMED) })
    }
}

fn subject(call: &AdminCall, entry: &Entry) -> Option<(String, &'static str)> {
    let id = ResourceId(entry.subject_id?);
    match entry.subject_kind.as_str() {
        "User" => Some((person_href(call, id), "Open this person")),
        "Group" => Some((group_href(call, id), "Open this group")),
        _ => None,
    }
}
