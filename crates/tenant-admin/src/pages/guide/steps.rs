//! The steps of a guide, and how each is known to be done.

use domain::catalogue::Cause;
use domain::choices::Choices;
use domain::health::{ConnectionState, Evidence, ExternalIds, Step as Trace, Tick};
use domain::ids::ActivityId;
use domain::provider::Provider;
use domain::timestamp::Timestamp;

use crate::call::AdminCall;
use crate::pages::provisioning::connection::Connection;
use crate::pages::provisioning::paths;
use crate::parts::{Icon, Tone, Word};
use crate::prose::Prose;
use crate::text::guide as words;
use crate::text::provisioning::{bare, job_sentence};
use crate::when::{When, clock};

/// How a step is known to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It leaves no trace here; whoever did it ticks it.
    Tick,
    /// Likewise, but what is seen of a later step shows that it was done.
    Implied,
    /// Provisioning is on here, and there is something to paste.
    SwitchedOn,
    Authenticated,
    Searched,
    UserCreated,
    GroupCreated,
    MemberAdded,
    UserDisabled,
    /// Writes keep coming: a first cycle began.
    FirstSync,
    /// `externalId` holds object ids.
    ObjectIds,
}

/// A step of a guide.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its name in ticks and addresses; it never changes.
    pub name: &'static str,
    pub title: &'static str,
    /// Labels of the other page stand in asterisks; `{vendor}` is the vendor's name.
    pub text: &'static str,
    pub proof: Proof,
}

/// A step as it is shown.
pub struct Shown {
    pub name: &'static str,
    pub title: &'static str,
    pub text: Prose,
    pub word: Word,
    pub class: &'static str,
    /// Why it was tried in vain, and the way to the row of the log.
    pub trouble: Option<(String, String, String)>,
    /// Whether somebody is to tick it; `false` when it is ticked and can be taken back.
    pub asks: Option<bool>,
}

/// All steps of a guide, in order.
pub const fn all(provider: Provider) -> &'static [Step] {
    match provider {
        Provider::Entra => words::ENTRA,
        Provider::Okta => words::OKTA,
        Provider::Other => words::OTHER,
    }
}

/// What a tick of a guide's step is called in the tenant's row.
pub fn stored(provider: Provider, name: &str) -> String {
    format!("{}.{name}", provider.as_str())
}

pub fn shown(call: &AdminCall, provider: Provider, connection: &Connection, evidence: &Evidence) -> Vec<Shown> {
    let steps = all(provider);
    let statuses: Vec<Status> = steps.iter().map(|step| status(step, provider, connection, evidence)).collect();
    let seen = steps.iter().zip(&statuses).rposition(|(step, status)| status.is_done && step.proof.is_seen());
    let mut has_now = false;
    let mut shown = Vec::new();
    for (place, (step, status)) in steps.iter().zip(statuses).enumerate() {
        let is_implied = step.proof == Proof::Implied && !status.is_done && seen.is_some_and(|seen| place < seen);
        let status = if is_implied { Status::done("Done, as later steps show") } else { status };
        let class = match (status.is_done, has_now) {
            (true, _) => "done",
            (false, false) => "now",
            (false, true) => "",
        };
        has_now |= !status.is_done;
        let row = |id: ActivityId| call.href(&format!("{}/{id}", paths::ACTIVITY));
        shown.push(Shown {
            name: step.name,
            title: step.title,
            text: Prose::marked(&step.text.replace("{vendor}", &call.admin.branding.name)),
            word: status.word,
            class,
            trouble: status.failed.map(|(cause, id)| (bare(cause.title()), job_sentence(cause), row(id))),
            asks: (step.proof.is_ticked_by_hand() && !is_implied).then_some(!status.is_done),
        });
    }
    shown
}

struct Status {
    is_done: bool,
    word: Word,
    failed: Option<(Cause, ActivityId)>,
}

impl Proof {
    /// Whether somebody may tick it.
    pub const fn is_ticked_by_hand(self) -> bool {
        matches!(self, Self::Tick | Self::Implied)
    }

    /// Whether the identity provider itself was seen to do it.
    const fn is_seen(self) -> bool {
        !matches!(self, Self::Tick | Self::Implied | Self::SwitchedOn)
    }
}

impl Status {
    fn done(word: impl Into<String>) -> Self {
        Self { is_done: true, word: Word::new(Tone::Ok, Icon::Ok, word), failed: None }
    }

    fn not_yet(word: impl Into<String>) -> Self {
        Self { is_done: false, word: Word::new(Tone::Idle, Icon::Open, word), failed: None }
    }

    fn of(trace: &Trace) -> Self {
        match trace.tick() {
            Tick::Seen(seen) => Self::done(format!("Seen {}", clock(seen.at))),
            Tick::NotYet => Self::not_yet("Not yet"),
            Tick::Failed(failed) => Self {
                is_done: false,
                word: Word::new(Tone::Warn, Icon::Warn, format!("Tried {}, refused", clock(failed.at))),
                failed: Some((failed.cause, failed.activity)),
            },
        }
    }
}

fn status(step: &Step, provider: Provider, connection: &Connection, evidence: &Evidence) -> Status {
    let Choices { ticks, .. } = &connection.tenant.choices;
    match step.proof {
        Proof::Tick | Proof::Implied if ticks.contains(&stored(provider, step.name)) => Status::done("Ticked by hand"),
        Proof::Tick | Proof::Implied => {
            Status { is_done: false, word: Word::new(Tone::Idle, Icon::Wait, "Not visible from here"), failed: None }
        }
        Proof::SwitchedOn if connection.is_off() => Status::not_yet("Off"),
        Proof::SwitchedOn => Status::done("On"),
        Proof::Authenticated => Status::of(&evidence.authenticated),
        Proof::Searched => Status::of(&evidence.user_searched),
        Proof::UserCreated => Status::of(&evidence.user_created),
        Proof::GroupCreated => Status::of(&evidence.group_created),
        Proof::MemberAdded => Status::of(&evidence.member_added),
        Proof::UserDisabled => Status::of(&evidence.user_disabled),
        Proof::FirstSync => match connection.state() {
            ConnectionState::OffNever | ConnectionState::Off | ConnectionState::Waiting | ConnectionState::Tested => {
                Status::not_yet("Not yet")
            }
            ConnectionState::Unknown => Status::not_yet("Not known now"),
            ConnectionState::FirstSync => Status::done("First sync running"),
            _ => Status::of(&evidence.user_created),
        },
        Proof::ObjectIds => match evidence.external_ids {
            Some(ExternalIds::ObjectIds) => Status::done("Object ids arrive"),
            Some(ExternalIds::Others) => Status {
                is_done: false,
                word: Word::new(Tone::Warn, Icon::Warn, "Something else arrives"),
                failed: None,
            },
            None => Status::not_yet("Not yet"),
        },
    }
}

/// Something that can be seen from here, and whether it was.
pub struct Sight {
    pub tone: Tone,
    pub icon: Icon,
    pub what: &'static str,
    pub when: Option<When>,
    pub is_failed: bool,
}

/// What was seen from the identity provider.
pub fn sights(evidence: &Evidence, now: Timestamp) -> Vec<Sight> {
    let traces = [
        (&evidence.authenticated, "Signed in with the token"),
        (&evidence.user_searched, "Looked up a person"),
        (&evidence.user_created, "Created a person"),
        (&evidence.group_created, "Created a group"),
        (&evidence.member_added, "Added a member"),
        (&evidence.user_disabled, "Disabled a person"),
    ];
    let sight = |(trace, what): (&Trace, &'static str)| {
        let (tone, icon, at) = match trace.tick() {
            Tick::Seen(seen) => (Tone::Ok, Icon::Ok, Some(seen.at)),
            Tick::Failed(failed) => (Tone::Warn, Icon::Warn, Some(failed.at)),
            Tick::NotYet => (Tone::Idle, Icon::Open, None),
        };
        Sight { tone, icon, what, when: at.map(|at| When::new(at, now)), is_failed: icon == Icon::Warn }
    };
    traces.into_iter().map(sight).collect()
}
