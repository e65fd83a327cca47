//! The table of the log: the part of the page that keeps itself up to date.

use askama::Template;
use askama::filters::HtmlSafe;
use domain::activity::{Activity, CycleRef};
use domain::ids::ActivityId;

use super::cycles::{Run, Runs, is_same};
use super::detail::Opened;
use super::{Asked, path, row_id};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::Tab;
use crate::lists::{Empty, Note, Pager, several};
use crate::parts::{Icon, Tone, Word};
use crate::text::activity as words;
use crate::when::{self, Span, When};

#[derive(Template)]
#[template(path = "parts/activity_rows.html")]
pub struct Rows {
    runs: Vec<Headed>,
    empty: Option<Empty>,
    notes: Vec<Note>,
    pager: Option<Pager>,
    /// What tells one state of the table from another.
    pub mark: String,
}

impl HtmlSafe for Rows {}

/// Rows with the heading of their cycle.
struct Headed {
    head: Option<Head>,
    /// Whether a cycle stands above to which these rows would seem to belong.
    is_outside: bool,
    rows: Vec<Row>,
}

struct Head {
    title: String,
    told: String,
    is_folded: bool,
    fold: String,
    only: String,
}

struct Row {
    id: String,
    what: String,
    by: String,
    times: Option<String>,
    target: Option<(Option<String>, String)>,
    outcome: Word,
    took: String,
    when: When,
    href: String,
    opened: Option<Opened>,
}

impl Rows {
    /// # Errors
    /// [`PageError::Unavailable`] when the log is away.
    pub(super) async fn new(
        call: &AdminCall,
        asked: &Asked,
        before: Option<ActivityId>,
        runs: Runs,
    ) -> Result<Self, PageError> {
        let open = row_id(call.query.text("open"));
        let count = runs.count();
        let mark = mark(&runs);
        let (next, searched_to) = (runs.next, runs.searched_to);
        let is_empty = runs.each.is_empty();
        let mut headed = Vec::with_capacity(runs.each.len());
        for run in runs.each {
            let is_below_cycle = headed.last().is_some_and(|above: &Headed| above.head.is_some());
            headed.push(headed_run(call, asked, before, open, run, is_below_cycle).await?);
        }
        let empty = match is_empty {
            true => Some(empty(call, asked, searched_to.is_some()).await?),
            false => None,
        };
        let mut notes = Vec::new();
        if let (Some(moment), Some(next)) = (searched_to, next) {
            let onward = asked.href(&path(call), &[("before", next.to_string().as_str())]);
            let note = Note::new(Tone::Info, Icon::Info, format!("Searched back to {}.", when::exact(moment)));
            notes.push(note.step(onward, "Search further back"));
        }
        let days = call.tenant().choices.preferences.retention.days();
        let edge = call.cx.now.plus_seconds(-i64::from(days) * 86_400);
        if next.is_none() && searched_to.is_none() && call.tenant().created < edge && !asked.is_narrow() {
            notes.push(Note::new(Tone::Idle, Icon::Info, words::retention(days)));
        }
        let pager = (!is_empty || before.is_some()).then(|| {
            let onward = next.filter(|_| searched_to.is_none());
            Pager {
                told: format!("{} on this page. {}", several(count as u64, "request", "requests"), words::kept(days)),
                back: ("Newest", before.map(|_| asked.href(&path(call), &[]))),
                onward: ("Older", onward.map(|next| asked.href(&path(call), &[("before", next.to_string().as_str())]))),
            }
        });
        Ok(Self { runs: headed, empty, notes, pager, mark })
    }
}

/// The newest row, and how often what is in the table has happened.
fn mark(runs: &Runs) -> String {
    let newest = runs.newest().map(|row| row.id.to_string()).unwrap_or_default();
    let times: u64 = runs.each.iter().flat_map(|run| &run.rows).map(|row| u64::from(row.times)).sum();
    let spans: u64 = runs.each.iter().filter_map(|run| run.span).map(|span| span.requests).sum();
    format!("{newest}.{times}.{spans}")
}

async fn headed_run(
    call: &AdminCall,
    asked: &Asked,
    before: Option<ActivityId>,
    open: Option<ActivityId>,
    run: Run,
    is_below_cycle: bool,
) -> Result<Headed, PageError> {
    let head = run.span.map(|span| {
        let title = format!("Cycle at {}", when::clock_and_day(span.cycle.from, call.cx.now));
        let seconds = ((span.cycle.to.as_micros() - span.cycle.from.as_micros()) / 1_000_000).max(1);
        Head {
            title,
            told: words::cycle(span.changes, span.failures, span.requests, &Span(seconds).to_string()),
            is_folded: run.is_folded,
            fold: fold(call, asked, before, span.cycle, run.is_folded),
            only: Asked { cycle: Some(span.cycle), ..Asked::default() }.href(&path(call), &[]),
        }
    });
    let mut rows = Vec::with_capacity(run.rows.len());
    for activity in run.rows {
        rows.push(row(call, asked, before, open, activity).await?);
    }
    Ok(Headed { is_outside: head.is_none() && is_below_cycle, head, rows })
}

/// The same page with this cycle folded, or unfolded.
fn fold(call: &AdminCall, asked: &Asked, before: Option<ActivityId>, cycle: CycleRef, is_folded: bool) -> String {
    let mut folded: Vec<CycleRef> = asked.folded.iter().copied().filter(|one| !is_same(*one, cycle)).collect();
    if !is_folded {
        folded.push(cycle);
    }
    let before = before.map(|id| id.to_string()).unwrap_or_default();
    Asked { folded, ..asked.clone() }.href(&path(call), &[("before", &before)])
}

async fn row(
    call: &AdminCall,
    asked: &Asked,
    before: Option<ActivityId>,
    open: Option<ActivityId>,
    activity: Activity,
) -> Result<Row, PageError> {
    let is_open = open == Some(activity.id);
    let id = activity.id.to_string();
    let before = before.map(|before| before.to_string()).unwrap_or_default();
    let opening = if is_open { "" } else { id.as_str() };
    let href = asked.href(&path(call), &[("before", &before), ("open", opening)]);
    let opened = match is_open {
        true => Some(Opened::find(call, activity.id).await?),
        false => None,
    };
    Ok(Row {
        what: words::what(&activity),
        by: words::by(&activity, &call.admission().credentials),
        times: (activity.times > 1).then(|| several(u64::from(activity.times), "time", "times")),
        target: super::detail::target(call, &activity),
        outcome: words::outcome(&activity),
        took: words::took(activity.took_us),
        when: When::clock(activity.at, call.cx.now),
        href: format!("{href}#a{id}"),
        opened,
        id,
    })
}

async fn empty(call: &AdminCall, asked: &Asked, is_searched_in_part: bool) -> Result<Empty, PageError> {
    if is_searched_in_part {
        return Ok(Empty {
            title: "Nothing found so far".to_owned(),
            text: "There is more to look through than one page can. Search further back.".to_owned(),
            step: None,
        });
    }
    let newest =
        call.admin.activity.page(&call.cx.scope, &domain::activity::ActivityFilter::default(), None, 1).await?;
    Ok(match newest.rows.first() {
        None => Empty {
            title: "No requests yet".to_owned(),
            text: "They appear here as soon as your identity provider calls.".to_owned(),
            step: Some((call.href(Tab::Provisioning.path()), "Open user provisioning")),
        },
        Some(last) => Empty {
            title: if asked.range.is_some() { "No requests in this range" } else { "No such requests" }.to_owned(),
            text: format!("The last one of all was on {}.", when::exact(last.at)),
            step: Some((path(call), "Show all requests")),
        },
    })
}
