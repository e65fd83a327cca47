//! S4: every request of the identity provider, what it changed, and why it failed if it did.

pub mod cycles;
pub mod detail;
pub mod export;
pub mod rows;
pub mod show;

use domain::activity::{ActionKind, ActivityFilter, CycleRef, Outcome};
use domain::catalogue::Cause;
use domain::directory::Kind;
use domain::ids::{ActivityId, CredentialId, ResourceId};
use domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::call::AdminCall;
use crate::form::Form;
use crate::frame::Tab;
use crate::lists::address;
use crate::moment;
use crate::text::activity as words;

/// Rows of a page.
const PAGE: usize = 50;

/// Cycles that an address can hold folded.
const MOST_FOLDED: usize = 30;

const DAY: i64 = 86_400;

/// How far back the log is shown, by name and in days.
const RANGES: [(&str, &str, i64); 3] =
    [("24h", "Last 24 hours", 1), ("7d", "Last 7 days", 7), ("30d", "Last 30 days", 30)];

/// What is shown of it, by name.
const ONLY: [(&str, &str); 4] =
    [("failed", "Refused or failed"), ("changes", "Changes"), ("people", "People"), ("groups", "Groups")];

/// What the address of the log asks for. It is its own saved link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    text: String,
    outcome: Option<Outcome>,
    action: Option<&'static str>,
    range: Option<&'static str>,
    only: Option<&'static str>,
    token: Option<CredentialId>,
    cycle: Option<CycleRef>,
    cause: Option<Cause>,
    target: Option<ResourceId>,
    from: String,
    to: String,
    /// Cycles whose rows are hidden.
    folded: Vec<CycleRef>,
}

impl Asked {
    fn read(query: &Form) -> Self {
        let uuid = |name: &str| Uuid::try_parse(query.text(name)).ok();
        Self {
            text: query.text("q").to_owned(),
            outcome: Outcome::named(query.text("outcome")),
            action: known(query, "action", words::ACTIONS.iter().map(|(name, _, _)| *name)),
            range: known(query, "range", RANGES.iter().map(|(name, _, _)| *name)),
            only: known(query, "only", ONLY.iter().map(|(name, _)| *name)),
            token: uuid("token").map(CredentialId),
            cycle: query.text("cycle").parse().ok(),
            cause: Cause::named(query.text("cause")),
            target: uuid("target").map(ResourceId),
            from: query.text("from").to_owned(),
            to: query.text("to").to_owned(),
            folded: query.all("fold").filter_map(|cycle| cycle.parse().ok()).take(MOST_FOLDED).collect(),
        }
    }

    /// Whether it asks for anything but the newest rows.
    fn is_narrow(&self) -> bool {
        *self != Self { folded: self.folded.clone(), ..Self::default() }
    }

    fn filter(&self, now: Timestamp) -> ActivityFilter {
        let days = RANGES.iter().find(|(name, _, _)| Some(*name) == self.range).map(|(_, _, days)| *days);
        let of_range = days.map(|days| now.plus_seconds(-days * DAY));
        ActivityFilter {
            outcomes: self.outcome.into_iter().collect(),
            actions: self.actions(),
            kind: match self.only {
                Some("people") => Some(Kind::USER),
                Some("groups") => Some(Kind::GROUP),
                _ => None,
            },
            target: self.target,
            credential: self.token,
            cycle: self.cycle,
            cause: self.cause,
            text: Some(self.text.clone()).filter(|text| !text.is_empty()),
            from: moment::day(&self.from).or(of_range),
            to: moment::day_end(&self.to),
            failures_only: self.only == Some("failed"),
        }
    }

    fn actions(&self) -> Vec<ActionKind> {
        let named = words::ACTIONS.iter().find(|(name, _, _)| Some(*name) == self.action);
        match (named, self.only) {
            (Some((_, _, kinds)), _) => kinds.to_vec(),
            (None, Some("changes")) => ActionKind::ALL.into_iter().filter(|kind| kind.is_write()).collect(),
            (None, _) => Vec::new(),
        }
    }

    /// The address of this below a path, with more in its query.
    fn href(&self, path: &str, more: &[(&str, &str)]) -> String {
        let token = self.token.map(|id| id.to_string()).unwrap_or_default();
        let cycle = self.cycle.map(|cycle| cycle.to_string()).unwrap_or_default();
        let target = self.target.map(|id| id.to_string()).unwrap_or_default();
        let folded: Vec<String> = self.folded.iter().map(ToString::to_string).collect();
        let query = [
            ("q", self.text.as_str()),
            ("outcome", self.outcome.map_or("", Outcome::as_str)),
            ("action", self.action.unwrap_or_default()),
            ("range", self.range.unwrap_or_default()),
            ("only", self.only.unwrap_or_default()),
            ("token", &token),
            ("cycle", &cycle),
            ("cause", self.cause.map_or("", Cause::code)),
            ("target", &target),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let folded = folded.iter().map(|cycle| ("fold", cycle.as_str()));
        address(path, query.into_iter().chain(folded).chain(more.iter().copied()))
    }
}

/// What a query asks for by one of these names.
fn known(query: &Form, field: &str, mut names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let asked = query.text(field);
    names.find(|name| *name == asked)
}

/// The address of the log.
fn path(call: &AdminCall) -> String {
    call.href(Tab::Activity.path())
}

/// The address of the page of one row.
pub fn row_href(call: &AdminCall, id: ActivityId) -> String {
    format!("{}/{id}", path(call))
}

/// The address of all requests about somebody.
pub fn target_href(call: &AdminCall, id: ResourceId) -> String {
    Asked { target: Some(id), ..Asked::default() }.href(&path(call), &[])
}

fn row_id(text: &str) -> Option<ActivityId> {
    Uuid::try_parse(text).ok().map(ActivityId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_a_link_to_what_it_shows() {
        let cycle = "00000000-0000-0000-0000-000000000007.1767225600.1767225720";
        let text = format!(
            "q=ana+kova%C4%8D&outcome=refused&action=members&range=7d&only=failed\
             &token=00000000-0000-0000-0000-000000000005&cycle={cycle}&cause=user_name_taken\
             &target=00000000-0000-0000-0000-000000000009&from=2026-11-01&to=2026-11-24&fold={cycle}"
        );
        let asked = Asked::read(&Form::parse(text.as_bytes()));
        assert_eq!(asked.href("/a", &[]), format!("/a?{text}"));
        let filter = asked.filter(Timestamp::from_micros(0));
        assert!(filter.failures_only && filter.cycle.is_some() && filter.cause == Some(Cause::UserNameTaken));
        assert_eq!(filter.actions.len(), 3);
        assert!(asked.is_narrow() && !Asked::default().is_narrow());
    }

    #[test]
    fn what_an_address_does_not_know_is_not_asked_for() {
        let asked =
            Asked::read(&Form::parse(b"outcome=x&action=x&range=x&only=x&token=x&cycle=x&cause=x&target=x&fold=x"));
        assert_eq!(asked, Asked::default());
    }
}
