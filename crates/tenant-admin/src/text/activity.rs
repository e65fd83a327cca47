//! What the activity log says.

use domain::activity::{Action, ActionKind, Activity, Outcome};
use domain::credential::{Credential, CredentialKind};
use domain::directory::Kind;
use domain::provider::Provider;

use crate::lists::several;
use crate::parts::{Icon, Tone, Word};

/// What was done or, when it was refused, tried.
pub fn what(activity: &Activity) -> String {
    let is_tried = activity.outcome.is_failure() || activity.outcome == Outcome::NotFound;
    let kind = activity.target.as_ref().map(|target| &target.kind);
    let whom = whom(kind);
    let name = activity.target.as_ref().and_then(|target| target.name.as_deref());
    let verb = |done: &str, tried: &str| if is_tried { tried.to_owned() } else { done.to_owned() };
    match &activity.action {
        Action::TestedConnection => verb("Tested the connection", "Test the connection"),
        Action::ReadDiscovery => verb("Read what this service can do", "Read what this service can do"),
        Action::Searched { found } if is_tried || *found > 0 => format!("{} {whom}", verb("Looked for", "Look for")),
        Action::Searched { .. } => {
            format!("Looked for {whom}, {} found", if whom == "a person" { "nobody" } else { "none" })
        }
        Action::LookedUp => format!("{} {whom}", verb("Read", "Read")),
        Action::Created => format!("{} {whom}", verb("Created", "Create")),
        Action::Updated => format!("{} {whom}", verb("Changed", "Change")),
        Action::Enabled => format!("{} {whom}", verb("Enabled", "Enable")),
        Action::Disabled => format!("{} {whom}", verb("Disabled", "Disable")),
        Action::Renamed => format!("{} {whom}", verb("Renamed", "Rename")),
        Action::Deleted => format!("{} {whom}", verb("Deleted", "Delete")),
        Action::MembersAdded { count, who } => {
            let group = name.unwrap_or("a group");
            format!(
                "{} {} to {group}",
                verb("Added", "Add"),
                people(*count, who.as_ref().and_then(|who| who.name.as_deref()))
            )
        }
        Action::MembersRemoved { count, who } => {
            let group = name.unwrap_or("a group");
            format!(
                "{} {} from {group}",
                verb("Removed", "Remove"),
                people(*count, who.as_ref().and_then(|who| who.name.as_deref()))
            )
        }
        Action::MembersChanged { added, removed } => {
            format!("{} {} and {} {}", verb("Added", "Add"), members(*added), verb("removed", "remove"), removed)
        }
        Action::Bulk { operations, failed: 0 } => {
            format!(
                "{} {}",
                verb("Carried out", "Carry out"),
                several(u64::from(*operations), "operation", "operations")
            )
        }
        Action::Bulk { operations, failed } => {
            let operations = several(u64::from(*operations), "operation", "operations");
            format!("{} {operations}, {failed} of them failed", verb("Carried out", "Carry out"))
        }
        Action::IssuedToken => verb("Got an access token", "Get an access token"),
        Action::Other => {
            let path = path_alone(&activity.path);
            by_request(&activity.method, path, is_tried).unwrap_or_else(|| format!("{} {path}", activity.method))
        }
    }
}

fn whom(kind: Option<&Kind>) -> &'static str {
    match kind {
        Some(kind) if *kind == Kind::USER => "a person",
        Some(kind) if *kind == Kind::GROUP => "a group",
        _ => "an entry",
    }
}

fn people(count: u32, name: Option<&str>) -> String {
    match (count, name) {
        (1, Some(name)) => name.to_owned(),
        (count, _) => members(count),
    }
}

fn members(count: u32) -> String {
    several(u64::from(count), "member", "members")
}

/// What a request is for by the look of it, which is all that there is of one that was not let in.
fn by_request(method: &str, path: &str, is_tried: bool) -> Option<String> {
    let (one, all) = match path.trim_start_matches('/').split('/').next()? {
        "Users" => ("a person", "people"),
        "Groups" => ("a group", "groups"),
        _ => return None,
    };
    let whom = if method == "GET" && path.trim_matches('/').find('/').is_none() { all } else { one };
    let (done, tried) = match method {
        "GET" => ("Read", "Read"),
        "POST" => ("Created", "Create"),
        "PUT" | "PATCH" => ("Changed", "Change"),
        "DELETE" => ("Deleted", "Delete"),
        _ => return None,
    };
    Some(format!("{} {whom}", if is_tried { tried } else { done }))
}

/// The path below the base URL.
fn path_alone(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or(path);
    path.split_once("/scim/v2").map_or(path, |(_, below)| if below.is_empty() { "/" } else { below })
}

/// Who asked: the provider, and by which of the tenant's credentials. Most requests of Entra look like anybody's, so that
/// nobody is named where none shows.
pub fn by(activity: &Activity, credentials: &[Credential]) -> String {
    let by = activity.credential.as_ref().map(|credential| {
        let known = credentials.iter().find(|one| one.id == credential.id);
        let kind = known.map_or(CredentialKind::Token, |one| one.kind);
        (kind, &credential.label)
    });
    match (activity.provider, by) {
        (Provider::Other, Some((CredentialKind::Token, label))) => format!("Token {label}"),
        (Provider::Other, Some((CredentialKind::Client { .. }, label))) => format!("Client {label}"),
        (Provider::Other, None) => "No valid token".to_owned(),
        (provider, Some((kind, label))) => format!("{provider}, {} {label}", kind.as_str()),
        (provider, None) => format!("{provider}, no valid token"),
    }
}

/// How it ended.
pub fn outcome(activity: &Activity) -> Word {
    let title = activity.cause.map(domain::catalogue::Cause::title);
    match activity.outcome {
        Outcome::Done => Word::new(Tone::Ok, Icon::Ok, "Done"),
        Outcome::Unchanged => Word::new(Tone::Ok, Icon::Ok, "Nothing to change"),
        Outcome::NotFound => Word::new(Tone::Idle, Icon::Off, title.unwrap_or("Not found")),
        Outcome::Refused => Word::new(Tone::Bad, Icon::Bad, title.unwrap_or("Refused")),
        Outcome::Failed => Word::new(Tone::Bad, Icon::Bad, title.unwrap_or("Failed")),
    }
}

pub const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "Done",
        Outcome::Unchanged => "Nothing to change",
        Outcome::NotFound => "Not found",
        Outcome::Refused => "Refused",
        Outcome::Failed => "Failed",
    }
}

/// Actions that are asked for together.
pub const ACTIONS: [(&str, &str, &[ActionKind]); 6] = [
    ("created", "Created", &[ActionKind::Created]),
    ("changed", "Changed", &[ActionKind::Updated, ActionKind::Renamed, ActionKind::Enabled]),
    ("disabled", "Disabled", &[ActionKind::Disabled]),
    ("deleted", "Deleted", &[ActionKind::Deleted]),
    ("members", "Members", &[ActionKind::MembersAdded, ActionKind::MembersRemoved, ActionKind::MembersChanged]),
    (
        "reads",
        "Look-ups and tests",
        &[ActionKind::Searched, ActionKind::LookedUp, ActionKind::TestedConnection, ActionKind::ReadDiscovery],
    ),
];

/// What a status means.
pub const fn status(status: u16) -> &'static str {
    match status {
        200 => "done",
        201 => "created",
        204 => "done, nothing to tell",
        304 => "not changed since",
        400 => "not understood",
        401 => "not let in",
        403 => "not allowed",
        404 => "not found",
        405 => "not possible there",
        408 => "arrived too slowly",
        409 => "already exists",
        412 => "changed meanwhile",
        413 => "too large",
        415 => "wrong format",
        429 => "too many requests",
        501 => "not offered",
        503 => "not available for the moment",
        500..=599 => "went wrong here",
        _ => "answered",
    }
}

/// "24 ms", "1.2 s".
pub fn took(micros: u64) -> String {
    match micros {
        0..1_000 => "under 1\u{a0}ms".to_owned(),
        1_000..1_000_000 => format!("{}\u{a0}ms", micros / 1_000),
        _ => format!("{}.{}\u{a0}s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// What a cycle came to.
pub fn cycle(changes: u64, failures: u64, requests: u64, took: &str) -> String {
    let asked = several(requests, "request", "requests");
    match (changes, failures) {
        (0, 0) => format!("Nothing to change, {asked}"),
        (changes, 0) => format!("{}, {asked}, took {took}", several(changes, "change", "changes")),
        (changes, failures) => {
            format!("{}, {} refused or failed, {asked}, took {took}", several(changes, "change", "changes"), failures)
        }
    }
}

pub fn retention(days: u32) -> String {
    format!("Older entries were removed under your {days}-day setting.")
}

pub fn kept(days: u32) -> String {
    format!("Kept for {}.", several(u64::from(days), "day", "days"))
}

pub fn delayed(seconds: i64) -> String {
    let behind = several(seconds.unsigned_abs(), "second", "seconds");
    format!(
        "The log is delayed by about {behind}. Provisioning itself goes on, and the entries show here when they are written."
    )
}

pub fn missing(count: u64) -> String {
    let entries = several(count, "entry", "entries");
    format!("{entries} of the last 24 hours could not be kept, because too many came at once. No change is among them.")
}

pub const BODIES_HIDDEN: &str = "Auditors do not see what was sent and answered. An owner or an admin does.";

#[cfg(test)]
mod tests {
    use domain::activity::{Person, TargetRef};
    use domain::ids::{ActivityId, ResourceId};
    use domain::timestamp::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn activity(action: Action, kind: Kind, outcome: Outcome) -> Activity {
        Activity {
            id: ActivityId(Uuid::nil()),
            at: Timestamp::from_micros(0),
            took_us: 24_000,
            request_id: "7".to_owned(),
            credential: None,
            client: None,
            provider: Provider::Entra,
            method: "PATCH".to_owned(),
            path: "/Users/7?x=1".to_owned(),
            action,
            target: Some(TargetRef { kind, id: None, name: Some("Editors".to_owned()) }),
            outcome,
            status: 200,
            cause: None,
            times: 1,
            address: None,
        }
    }

    #[test]
    fn every_action_has_words_for_what_was_done_and_what_was_tried() {
        let ana = Person { id: ResourceId(Uuid::nil()), name: Some("Ana Ruiz".to_owned()) };
        for kind in ActionKind::ALL {
            let action = Action::stored(kind, (3, 1), None);
            for outcome in Outcome::ALL {
                let said = what(&activity(action.clone(), Kind::USER, outcome));
                assert!(said.len() > 3, "{kind:?} {outcome:?}: {said}");
            }
        }
        let said = |action, kind, outcome| what(&activity(action, kind, outcome));
        let added = Action::MembersAdded { count: 1, who: Some(ana) };
        assert_eq!(said(added.clone(), Kind::GROUP, Outcome::Done), "Added Ana Ruiz to Editors");
        assert_eq!(said(added, Kind::GROUP, Outcome::Refused), "Add Ana Ruiz to Editors");
        assert_eq!(said(Action::Created, Kind::USER, Outcome::Done), "Created a person");
        assert_eq!(said(Action::Created, Kind::USER, Outcome::Refused), "Create a person");
        assert_eq!(said(Action::Searched { found: 0 }, Kind::USER, Outcome::Done), "Looked for a person, nobody found");
        assert_eq!(said(Action::Other, Kind::USER, Outcome::NotFound), "Change a person");
        let bulk = Action::Bulk { operations: 12, failed: 2 };
        assert_eq!(said(bulk, Kind::USER, Outcome::Done), "Carried out 12 operations, 2 of them failed");
    }

    #[test]
    fn what_was_not_let_in_is_told_by_its_request() {
        let said = |method: &str, path: &str| {
            let activity = activity(Action::Other, Kind::USER, Outcome::Refused);
            what(&Activity { method: method.to_owned(), path: path.to_owned(), target: None, ..activity })
        };
        for (method, path, expected) in [
            ("GET", "/t/acme/scim/v2/Users", "Read people"),
            ("GET", "/t/acme/scim/v2/Groups?filter=x", "Read groups"),
            ("GET", "/t/acme/scim/v2/Users/7", "Read a person"),
            ("POST", "/t/acme/scim/v2/Groups", "Create a group"),
            ("PATCH", "/t/acme/scim/v2/Groups/7", "Change a group"),
            ("DELETE", "/t/acme/scim/v2/Users/7", "Delete a person"),
            ("POST", "/t/acme/scim/v2/Bulk", "POST /Bulk"),
            ("TRACE", "/t/acme/scim/v2/Users", "TRACE /Users"),
        ] {
            assert_eq!(said(method, path), expected);
        }
    }

    #[test]
    fn every_action_can_be_asked_for_or_is_none_of_a_kind() {
        let asked: Vec<_> = ACTIONS.iter().flat_map(|(_, _, kinds)| kinds.iter().copied()).collect();
        let others = [ActionKind::Bulk, ActionKind::IssuedToken, ActionKind::Other];
        for kind in ActionKind::ALL {
            assert!(asked.contains(&kind) != others.contains(&kind), "{kind:?}");
        }
    }

    #[test]
    fn durations_and_cycles_are_told_with_their_units() {
        assert_eq!([900, 24_000, 1_250_000].map(took), ["under 1\u{a0}ms", "24\u{a0}ms", "1.2\u{a0}s"]);
        assert_eq!(cycle(0, 0, 4, "3 s"), "Nothing to change, 4 requests");
        assert_eq!(cycle(3, 1, 9, "4 s"), "3 changes, 1 refused or failed, 9 requests, took 4 s");
    }
}
