//! What a batch of rows adds to what is counted beside them: by the minute, by target, and what was seen first and last.

use std::collections::{BTreeMap, BTreeSet};

use domain::activity::{Action, ActionKind, Activity, Entry, Outcome, Reach};
use domain::directory::Kind;
use domain::health::ExternalIds;
use domain::ids::ActivityId;
use domain::provider::Provider;
use uuid::Uuid;

pub const MINUTE: i64 = 60_000_000;

/// The class of requests that were refused at the door; those of the others are their actions.
pub const DOOR: &str = "door";
/// The class of other refusals of those who were not let in.
const STRANGER: &str = "stranger";
/// The class of refusals that are not about the request, such as those of a paused tenant.
const FOR_ALL: &str = "for_all";
/// The class of entries that could not be kept.
pub const MISSING: &str = "missing";

/// The steps of the setup guide, as they are stored.
pub const STEPS: [&str; 6] =
    ["authenticated", "user_searched", "user_created", "group_created", "member_added", "user_disabled"];

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MinuteKey {
    pub tenant: Uuid,
    pub minute: i64,
    pub credential: Uuid,
    pub class: &'static str,
    pub outcome: &'static str,
    pub cause: &'static str,
}

pub struct Minute {
    pub first: i64,
    pub last: i64,
    pub requests: i64,
    pub members: i64,
}

pub struct Seen {
    pub first: (i64, ActivityId),
    pub last: (i64, ActivityId),
    pub detail: String,
}

/// Whether of what was seen nobody asks when it was last, nor with which detail.
pub fn is_asked_for_its_first(what: &str) -> bool {
    what == "write" || ["step:", "attribute:"].iter().any(|kind| what.starts_with(kind))
}

/// One target's part of a batch.
pub struct Target {
    pub kind: String,
    pub first: i64,
    pub last: i64,
    pub done: Option<i64>,
    pub failing_since: Option<i64>,
    pub tries: i64,
    pub cause: Option<&'static str>,
    pub is_reference: bool,
}

/// In the order of their keys, so that processes that write at the same time do not wait for each other in a circle.
#[derive(Default)]
pub struct Counted {
    pub minutes: BTreeMap<MinuteKey, Minute>,
    pub seen: BTreeMap<(Uuid, String), Seen>,
    pub targets: BTreeMap<(Uuid, String), Target>,
    /// Names of targets that were done: whoever could not be made under one is there now, made or found.
    pub named: BTreeSet<(Uuid, String)>,
}

/// What the minute counts a request as: what was served by its action.
fn class(entry: &Entry) -> &'static str {
    match entry.reach {
        Reach::Served => entry.activity.action.kind().as_str(),
        Reach::Refused => DOOR,
        Reach::Stranger => STRANGER,
        Reach::ForAll => FOR_ALL,
    }
}

/// What a class's requests did, when they were served.
pub fn served(class: &str) -> Option<ActionKind> {
    ActionKind::named(class)
}

impl Counted {
    pub fn of(batch: &[&Entry]) -> Self {
        let mut counted = Self::default();
        let mut in_turn = batch.to_vec();
        in_turn.sort_by_key(|entry| entry.activity.at);
        for entry in in_turn {
            counted.add(entry);
        }
        counted
    }

    fn add(&mut self, entry: &Entry) {
        let (tenant, activity) = (entry.tenant.0, &entry.activity);
        self.add_minute(entry);
        match entry.reach {
            Reach::Served => self.see_call(entry),
            // The secret was good, so that the provider is there.
            Reach::ForAll if activity.credential.is_some() => return self.see_call(entry),
            Reach::ForAll => return,
            Reach::Refused | Reach::Stranger => return self.see_failure(tenant, activity, "authenticated"),
        }
        let is_write = activity.action.kind().is_write();
        if activity.outcome.is_failure() || (is_write && activity.outcome != Outcome::NotFound) {
            self.add_target(entry);
        }
        let Some(step) = step(activity) else { return };
        match activity.outcome {
            Outcome::Done | Outcome::Unchanged => self.see(tenant, activity, format!("step:{step}"), ""),
            Outcome::NotFound | Outcome::Refused | Outcome::Failed => self.see_failure(tenant, activity, step),
        }
    }

    fn add_minute(&mut self, entry: &Entry) {
        let (tenant, activity) = (entry.tenant.0, &entry.activity);
        let at = activity.at.as_micros();
        let key = MinuteKey {
            tenant,
            minute: at.div_euclid(MINUTE) * MINUTE,
            credential: activity.credential.as_ref().map_or(Uuid::nil(), |credential| credential.id.0),
            class: class(entry),
            outcome: activity.outcome.as_str(),
            cause: activity.cause.map_or("", domain::catalogue::Cause::code),
        };
        let known = self.minutes.entry(key).or_insert(Minute { first: at, last: at, requests: 0, members: 0 });
        known.first = known.first.min(at);
        known.last = known.last.max(at);
        known.requests += i64::from(activity.times);
        if activity.outcome == Outcome::Done {
            known.members += match &activity.action {
                Action::MembersAdded { count, .. } | Action::MembersRemoved { count, .. } => i64::from(*count),
                Action::MembersChanged { added, removed } => i64::from(*added) + i64::from(*removed),
                _ => 0,
            };
        }
    }

    fn see_call(&mut self, entry: &Entry) {
        let (tenant, activity) = (entry.tenant.0, &entry.activity);
        let provider = activity.provider.as_str();
        self.see(tenant, activity, "call".to_owned(), provider);
        if activity.provider != Provider::Other {
            self.see(tenant, activity, format!("provider:{provider}"), "");
        }
        if let Some(credential) = &activity.credential {
            let secret = entry.secret.map(|secret| secret.to_string()).unwrap_or_default();
            self.see(tenant, activity, format!("credential:{}:{secret}", credential.id), provider);
        }
        if activity.action == Action::TestedConnection {
            self.see(tenant, activity, "probe".to_owned(), "");
        }
        if activity.action.kind().is_write() && entry.reach == Reach::Served {
            self.see(tenant, activity, "write".to_owned(), "");
        }
        if activity.outcome == Outcome::Done || activity.outcome == Outcome::Unchanged {
            self.see(tenant, activity, "step:authenticated".to_owned(), "");
        }
        for name in &entry.attributes {
            self.see(tenant, activity, format!("attribute:{name}"), "");
        }
        if let Some(ids) = entry.external_ids {
            let detail = if ids == ExternalIds::ObjectIds { "object_ids" } else { "others" };
            self.see(tenant, activity, "external_ids".to_owned(), detail);
        }
    }

    fn see_failure(&mut self, tenant: Uuid, activity: &Activity, step: &str) {
        if let Some(cause) = activity.cause {
            self.see(tenant, activity, format!("failed:{step}"), cause.code());
        }
    }

    fn see(&mut self, tenant: Uuid, activity: &Activity, what: String, detail: &str) {
        let seen = (activity.at.as_micros(), activity.id);
        let known = self.seen.entry((tenant, what));
        let known = known.or_insert_with(|| Seen { first: seen, last: seen, detail: detail.to_owned() });
        known.first = known.first.min(seen);
        if seen >= known.last {
            known.last = seen;
            detail.clone_into(&mut known.detail);
        }
    }

    fn add_target(&mut self, entry: &Entry) {
        let (tenant, activity) = (entry.tenant.0, &entry.activity);
        let at = activity.at.as_micros();
        let kind = activity.target.as_ref().map(|target| target.kind.to_string()).unwrap_or_default();
        let is_done = !activity.outcome.is_failure();
        let name = by_name(activity);
        let key = match by_id(activity) {
            Some(id) => {
                if let Some(name) = name.filter(|_| is_done) {
                    self.targets.remove(&(tenant, name.clone()));
                    self.named.insert((tenant, name));
                }
                id
            }
            None => name.unwrap_or_else(|| format!("?{}", activity.id)),
        };
        let target = self.targets.entry((tenant, key)).or_insert_with(|| Target {
            kind,
            first: at,
            last: at,
            done: None,
            failing_since: None,
            tries: 0,
            cause: None,
            is_reference: false,
        });
        target.last = target.last.max(at);
        target.is_reference = entry.is_reference && !is_done;
        if is_done {
            (target.done, target.failing_since, target.tries, target.cause) = (Some(at), None, 0, None);
        } else {
            target.failing_since = target.failing_since.or(Some(at));
            target.tries += i64::from(activity.times);
            target.cause = Some(activity.cause.unwrap_or(domain::catalogue::Cause::Other).code());
        }
    }
}

fn by_id(activity: &Activity) -> Option<String> {
    let target = activity.target.as_ref()?;
    Some(format!("{}:{}", target.kind, target.id?))
}

/// Somebody who was not made has no id.
fn by_name(activity: &Activity) -> Option<String> {
    let target = activity.target.as_ref()?;
    Some(format!("{}={}", target.kind, target.name.as_ref()?.to_lowercase()))
}

fn step(activity: &Activity) -> Option<&'static str> {
    let kind = activity.target.as_ref().map(|target| &target.kind);
    let is_user = kind == Some(&Kind::USER);
    match activity.action.kind() {
        ActionKind::Searched | ActionKind::TestedConnection if is_user => Some("user_searched"),
        ActionKind::Created if is_user => Some("user_created"),
        ActionKind::Created if kind == Some(&Kind::GROUP) => Some("group_created"),
        ActionKind::MembersAdded | ActionKind::MembersChanged => Some("member_added"),
        ActionKind::Disabled if is_user => Some("user_disabled"),
        _ => None,
    }
}
