//! The log as a page.

use actix_web::HttpResponse;
use askama::Template;
use domain::activity::{CycleRef, Outcome};

use super::cycles::runs;
use super::rows::Rows;
use super::{Asked, ONLY, RANGES, path, row_id};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::{Chip, Chips, Note};
use crate::pages::{live, page};
use crate::parts::{Icon, Tone};
use crate::text::{self, activity as words};
use crate::when;

/// A log that is this far behind says so.
const DELAYED_SECONDS: i64 = 5;

#[derive(Template)]
#[template(path = "activity.html")]
struct LogPage {
    frame: Frame,
    asked: Asked,
    outcomes: Vec<Choice>,
    actions: Vec<Choice>,
    ranges: Vec<Choice>,
    tokens: Vec<Choice>,
    /// What else the address asks for, which no field of the form holds.
    kept: Vec<(&'static str, String)>,
    chips: Chips,
    narrowed: Option<Note>,
    delayed: Option<Note>,
    missing: Option<Note>,
    /// Where the table comes from while it is watched; none for older pages.
    live: Option<String>,
    rows: Rows,
    csv: String,
    ndjson: String,
}

/// A choice of a list.
struct Choice {
    name: String,
    word: String,
    is_chosen: bool,
}

/// `GET /settings/user-authentication/activity`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let asked = Asked::read(&call.query);
    let filter = asked.filter(call.cx.now);
    let before = row_id(call.query.text("before"));
    let found = runs(&call, &asked, &filter, before).await?;
    let rows = Rows::new(&call, &asked, before, found).await?;
    if call.is_live() {
        let mark = rows.mark.clone();
        return live(&call, &mark, &rows);
    }
    let path = path(&call);
    let open = call.query.text("open");
    page(&LogPage {
        frame: Frame::new(&call, Spot::Tab(Tab::Activity), text::tab(Tab::Activity), &[]),
        outcomes: Outcome::ALL
            .map(|one| choice(one.as_str(), words::outcome_name(one), asked.outcome == Some(one)))
            .into(),
        actions: words::ACTIONS.map(|(name, word, _)| choice(name, word, asked.action == Some(name))).into(),
        ranges: RANGES.map(|(name, word, _)| choice(name, word, asked.range == Some(name))).into(),
        tokens: tokens(&call, &asked).await?,
        kept: kept(&asked),
        chips: chips(&asked, &path),
        narrowed: narrowed(&asked, &path),
        delayed: delayed(&call),
        missing: missing(&call).await?,
        live: before.is_none().then(|| asked.href(&path, &[("open", open)])),
        csv: asked.href(&format!("{path}.csv"), &[]),
        ndjson: asked.href(&format!("{path}.ndjson"), &[]),
        rows,
        asked,
    })
}

fn choice(name: &str, word: &str, is_chosen: bool) -> Choice {
    Choice { name: name.to_owned(), word: word.to_owned(), is_chosen }
}

async fn tokens(call: &AdminCall, asked: &Asked) -> Result<Vec<Choice>, PageError> {
    let labels = call.admin.audit.labels(&call.cx.scope).await?;
    let mut tokens: Vec<Choice> = labels
        .into_iter()
        .map(|(id, label)| choice(&id.to_string(), &label, asked.token.is_some_and(|token| token.0 == id)))
        .collect();
    tokens.sort_by(|one, other| (&one.word, &one.name).cmp(&(&other.word, &other.name)));
    Ok(tokens)
}

fn kept(asked: &Asked) -> Vec<(&'static str, String)> {
    let own = Asked {
        text: String::new(),
        outcome: None,
        action: None,
        range: None,
        token: None,
        folded: Vec::new(),
        ..asked.clone()
    };
    let href = own.href("", &[]);
    let query = href.strip_prefix('?').unwrap_or_default();
    let fields = crate::form::Form::parse(query.as_bytes());
    let known = ["only", "cycle", "cause", "target", "from", "to"];
    known.into_iter().filter_map(|name| Some((name, fields.given(name)?.to_owned()))).collect()
}

fn chips(asked: &Asked, path: &str) -> Chips {
    let chip = |word, only: Option<&'static str>| {
        let href = Asked { only, ..asked.clone() }.href(path, &[]);
        Chip { word, count: None, href, is_current: asked.only == only }
    };
    let each = ONLY.map(|(name, word)| chip(word, Some(name)));
    Chips { label: "Quick filters", chips: std::iter::once(chip("All", None)).chain(each).collect() }
}

/// What the log is narrowed to beside what its form says.
fn narrowed(asked: &Asked, path: &str) -> Option<Note> {
    let mut parts = Vec::new();
    if let Some(CycleRef { from, .. }) = asked.cycle {
        parts.push(format!("of the cycle at {}", when::exact(from)));
    }
    if let Some(cause) = asked.cause {
        parts.push(format!("that ended with “{}”", cause.title()));
    }
    if asked.target.is_some() {
        parts.push("about one person or group".to_owned());
    }
    if !asked.from.is_empty() {
        parts.push(format!("from {} on", asked.from));
    }
    if !asked.to.is_empty() {
        parts.push(format!("until {}", asked.to));
    }
    if parts.is_empty() {
        return None;
    }
    let all = Asked { cycle: None, cause: None, target: None, from: String::new(), to: String::new(), ..asked.clone() };
    let note = Note::new(Tone::Info, Icon::Info, format!("Only requests {}.", parts.join(", ")));
    Some(note.step(all.href(path, &[]), "Show all"))
}

fn delayed(call: &AdminCall) -> Option<Note> {
    let delay = call.admin.activity.delay(call.cx.now);
    (delay >= DELAYED_SECONDS).then(|| Note::new(Tone::Warn, Icon::Warn, words::delayed(delay)))
}

async fn missing(call: &AdminCall) -> Result<Option<Note>, PageError> {
    let since = call.cx.now.plus_seconds(-86_400);
    let count = call.admin.activity.missing(&call.cx.scope, since).await?;
    Ok((count > 0).then(|| Note::new(Tone::Warn, Icon::Warn, words::missing(count))))
}
