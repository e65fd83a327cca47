//! One request: why it ended as it did, whose job it is, what it changed, what was sent and answered.

use actix_web::HttpResponse;
use askama::Template;
use askama::filters::HtmlSafe;
use domain::activity::{Action, Activity, ActivityDetail, CycleRef};
use domain::admin::Right;
use domain::audit::Entry;
use domain::catalogue::{Cause, Job};
use domain::directory::Kind;
use domain::ids::{ActivityId, ResourceId};

use super::{Asked, path, row_href, row_id, target_href};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::Changes;
use crate::names::names;
use crate::pages::directory::{group_href, person_href};
use crate::pages::page;
use crate::parts::{Icon, Word};
use crate::text::activity as words;
use crate::text::domains;
use crate::text::facts::{self, Names};
use crate::when;

/// The whole of a row.
#[derive(Template)]
#[template(path = "parts/activity_detail.html")]
pub struct Opened {
    id: String,
    job: Option<JobLine>,
    why: Option<&'static str>,
    changes: Vec<Change>,
    answer: String,
    client: Option<String>,
    address: Option<String>,
    provider: String,
    when: String,
    took: String,
    times: u32,
    request_id: String,
    request_line: String,
    request: Option<String>,
    response: Option<String>,
    /// Said in the place of what was sent and answered.
    hidden: Option<&'static str>,
    subject: Option<(String, &'static str)>,
    same_cycle: Option<String>,
    same_cause: Option<String>,
    same_target: Option<String>,
    href: String,
}

impl HtmlSafe for Opened {}

struct JobLine {
    icon: Icon,
    /// Whose job it is, and the first thing to do.
    first: String,
    more: &'static str,
    /// Where our own settings can do something about it.
    step: Option<(String, &'static str)>,
}

/// What one fact changed.
struct Change {
    sentence: String,
    /// Which addresses it brought from outside of the verified domains.
    outside: Option<String>,
    values: Changes,
}

#[derive(Template)]
#[template(path = "activity_entry.html")]
struct EntryPage {
    frame: Frame,
    what: String,
    by: String,
    target: Option<(Option<String>, String)>,
    outcome: Word,
    log: String,
    opened: Opened,
}

/// `GET /settings/user-authentication/activity/{id}`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let id = row_id(call.segment("id")).ok_or(PageError::NotFound)?;
    let detail = call.admin.activity.find(&call.cx.scope, id).await?;
    let activity = detail.activity.clone();
    let what = words::what(&activity);
    page(&EntryPage {
        frame: Frame::new(&call, Spot::Tab(Tab::Activity), what.clone(), &[]),
        by: words::by(&activity, &call.admission().credentials),
        target: target(&call, &activity),
        outcome: words::outcome(&activity),
        log: Asked::default().href(&path(&call), &[]),
        opened: Opened::new(&call, detail).await?,
        what,
    })
}

impl Opened {
    /// The row of this id.
    ///
    /// # Errors
    /// [`PageError::NotFound`].
    pub async fn find(call: &AdminCall, id: ActivityId) -> Result<Self, PageError> {
        Self::new(call, call.admin.activity.find(&call.cx.scope, id).await?).await
    }

    async fn new(call: &AdminCall, detail: ActivityDetail) -> Result<Self, PageError> {
        let ActivityDetail { activity, request, response, facts } = detail;
        let entries: Vec<Entry> = facts.into_iter().map(Entry::from).collect();
        let names = names(call, &entries, &[]).await?;
        let sees_bodies = call.may(Right::Configure);
        let has_bodies = request.is_some() || response.is_some();
        let cause = activity.cause;
        let by_target = activity.target.as_ref().and_then(|target| target.id);
        Ok(Self {
            id: activity.id.to_string(),
            job: job(call, &activity),
            why: cause.map(Cause::why),
            changes: entries.iter().map(|entry| change(entry, &names)).collect(),
            answer: format!("{}, {}", activity.status, words::status(activity.status)),
            client: activity.client.clone(),
            address: activity.address.clone(),
            provider: words::by(&activity, &call.admission().credentials),
            when: when::exact(activity.at),
            took: words::took(activity.took_us),
            times: activity.times,
            request_line: format!("{} {}", activity.method, activity.path),
            request: request.filter(|_| sees_bodies).map(spread),
            response: response.filter(|_| sees_bodies).map(spread),
            hidden: (has_bodies && !sees_bodies).then_some(words::BODIES_HIDDEN),
            subject: subject(call, &activity),
            same_cycle: same_cycle(call, &activity).await?,
            same_cause: cause.map(|cause| Asked { cause: Some(cause), ..Asked::default() }.href(&path(call), &[])),
            same_target: by_target.map(|id| target_href(call, id)),
            href: row_href(call, activity.id),
            request_id: activity.request_id,
        })
    }
}

fn change(entry: &Entry, names: &Names) -> Change {
    Change {
        sentence: facts::sentence(entry, names),
        outside: domains::noted(&entry.outside_domains()),
        values: Changes::of(entry.differences()),
    }
}

fn job(call: &AdminCall, activity: &Activity) -> Option<JobLine> {
    let cause = activity.cause?;
    let job = cause.whose();
    let (first, more) = first_sentence(cause.what_to_do());
    Some(JobLine {
        icon: Icon::Person,
        first: format!("{}: {first}", job.words()),
        more,
        step: (job == Job::Yours).then(|| match cause {
            Cause::AddressOutside => (call.href(Tab::Domains.path()), "Open domains"),
            _ => (call.href(Tab::Provisioning.path()), "Open user provisioning"),
        }),
    })
}

/// A text as its first sentence and the rest.
fn first_sentence(text: &'static str) -> (&'static str, &'static str) {
    text.split_once(". ").map_or((text.trim_end_matches('.'), ""), |(first, more)| (first, more))
}

/// A body as it is read best.
fn spread(body: String) -> String {
    match serde_json::from_str::<serde_json::Value>(&body) {
        Ok(value @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
            serde_json::to_string_pretty(&value).unwrap_or(body)
        }
        _ => body,
    }
}

/// Whom a request is about: the address of their page, if they are or were there, and what they are called.
pub fn target(call: &AdminCall, activity: &Activity) -> Option<(Option<String>, String)> {
    // Entra tests with the name of nobody.
    let target = activity.target.as_ref().filter(|_| activity.action != Action::TestedConnection)?;
    let name = target.name.clone().or_else(|| target.id.map(|id| id.to_string()))?;
    Some((target.id.and_then(|id| page_of(call, &target.kind, id)), name))
}

fn subject(call: &AdminCall, activity: &Activity) -> Option<(String, &'static str)> {
    let target = activity.target.as_ref()?;
    let href = page_of(call, &target.kind, target.id?)?;
    Some((href, if target.kind == Kind::USER { "Open this person" } else { "Open this group" }))
}

fn page_of(call: &AdminCall, kind: &Kind, id: ResourceId) -> Option<String> {
    match kind.as_str() {
        "User" => Some(person_href(call, id)),
        "Group" => Some(group_href(call, id)),
        _ => None,
    }
}

async fn same_cycle(call: &AdminCall, activity: &Activity) -> Result<Option<String>, PageError> {
    let cycles = call.admin.activity.cycles(&call.cx.scope, activity.at, activity.at).await?;
    let cycle: Option<CycleRef> = cycles.iter().map(|span| span.cycle).find(|cycle| cycle.holds(activity));
    Ok(cycle.map(|cycle| Asked { cycle: Some(cycle), ..Asked::default() }.href(&path(call), &[])))
}
