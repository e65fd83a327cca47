//! The log as a page.

use actix_web::HttpResponse;
use askama::Template;
use domain::audit::{By, Entry, Topic};
use domain::ops::{AuditPage, Further};

use super::detail::Opened;
use super::{Asked, PAGE, path};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::{Empty, Note, Pager, several};
use crate::names::names;
use crate::pages::page;
use crate::parts::{Icon, Tone};
use crate::text::facts::{self, Names};
use crate::text::{self, audit as words};
use crate::when::{self, When};

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditLog {
    frame: Frame,
    asked: Asked,
    bys: Vec<Choice>,
    topics: Vec<Choice>,
    /// Said when the log is narrowed to one subject or actor.
    narrowed: Option<Note>,
    rows: Vec<Row>,
    empty: Option<Empty>,
    note: Option<Note>,
    pager: Option<Pager>,
    csv: String,
    ndjson: String,
}

/// A choice of a list.
struct Choice {
    name: &'static str,
    word: &'static str,
    is_chosen: bool,
}

struct Row {
    number: i64,
    what: String,
    by: String,
    when: When,
    /// Opens the row, or closes it.
    href: String,
    opened: Option<Opened>,
}

/// `GET /settings/user-authentication/audit`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let asked = Asked::read(&call.query);
    let filter = asked.filter(&call).await?;
    let before = call.query.text("before").parse().ok();
    let found = call.admin.audit.page(&call.cx.scope, &filter, before, PAGE).await?;
    let names = names(&call, &found.entries, &[]).await?;
    let path = path(&call);
    let open = call.query.text("open").parse::<i64>().ok();
    let rows = found.entries.iter().map(|entry| row(&call, entry, &names, &asked, before, open)).collect();
    page(&AuditLog {
        frame: Frame::new(&call, Spot::Tab(Tab::Audit), text::tab(Tab::Audit), &[]),
        bys: By::ALL.map(|by| choice(by.as_str(), words::by(by), by == asked.by())).into(),
        topics: Topic::ALL
            .map(|topic| choice(topic.as_str(), words::topic(topic), asked.topic() == Some(topic)))
            .into(),
        narrowed: narrowed(&asked, &path, &found.entries, &names),
        rows,
        empty: found.entries.is_empty().then(|| empty(&asked, &path, &found.further)),
        note: note(&asked, &path, &found.further),
        pager: pager(&asked, &path, before, &found),
        csv: asked.href(&format!("{path}.csv"), &[]),
        ndjson: asked.href(&format!("{path}.ndjson"), &[]),
        asked,
    })
}

fn choice(name: &'static str, word: &'static str, is_chosen: bool) -> Choice {
    Choice { name, word, is_chosen }
}

fn row(call: &AdminCall, entry: &Entry, names: &Names, asked: &Asked, before: Option<i64>, open: Option<i64>) -> Row {
    let is_open = open == Some(entry.number);
    let number = entry.number.to_string();
    let before = before.map(|before| before.to_string()).unwrap_or_default();
    let opening = if is_open { "" } else { number.as_str() };
    let href = asked.href(&path(call), &[("before", &before), ("open", opening)]);
    Row {
        number: entry.number,
        what: facts::sentence(entry, names),
        by: facts::actor(entry, names),
        when: When::new(entry.at, call.cx.now),
        href: format!("{href}#e{number}"),
        opened: is_open.then(|| Opened::new(call, entry, names)),
    }
}

/// The one subject or actor that the log is narrowed to.
fn narrowed(asked: &Asked, path: &str, entries: &[Entry], names: &Names) -> Option<Note> {
    if asked.subject.is_empty() && asked.actor.is_empty() {
        return None;
    }
    let name = match (asked.subject.is_empty(), entries.first()) {
        (false, Some(entry)) => names.called(entry).map(ToOwned::to_owned),
        (true, Some(entry)) => Some(facts::actor(entry, names)),
        (_, None) => None,
    };
    let text = match (asked.subject.is_empty(), name) {
        (false, Some(name)) => format!("Only what is about {name}."),
        (false, None) => "Only what is about one of them.".to_owned(),
        (true, name) => format!("Only what was done by {}.", name.unwrap_or_else(|| "one of them".to_owned())),
    };
    let all = Asked { subject: String::new(), actor: String::new(), ..asked.clone() };
    Some(Note::new(Tone::Info, Icon::Info, text).step(all.href(path, &[]), "Show all"))
}

fn empty(asked: &Asked, path: &str, further: &Further) -> Empty {
    match further {
        Further::NotSearched(..) => Empty {
            title: "Nothing found so far".to_owned(),
            text: "There is more to look through than one page can. Search further back.".to_owned(),
            step: None,
        },
        _ if asked.is_narrow() => Empty {
            title: "Nothing like this".to_owned(),
            text: "No entry fits what you asked for.".to_owned(),
            step: Some((path.to_owned(), "Show everything")),
        },
        _ => Empty {
            title: "Nothing has happened yet".to_owned(),
            text: "What people change in these settings is written down here.".to_owned(),
            step: None,
        },
    }
}

fn note(asked: &Asked, path: &str, further: &Further) -> Option<Note> {
    let Further::NotSearched(number, at) = further else { return None };
    let onward = asked.href(path, &[("before", number.to_string().as_str())]);
    let note = Note::new(Tone::Info, Icon::Info, words::searched_to(&when::day(*at)));
    Some(note.step(onward, "Search further back"))
}

fn pager(asked: &Asked, path: &str, before: Option<i64>, found: &AuditPage) -> Option<Pager> {
    if found.entries.is_empty() && before.is_none() {
        return None;
    }
    let onward = match found.further {
        Further::Before(number) => Some(asked.href(path, &[("before", number.to_string().as_str())])),
        Further::End | Further::NotSearched(..) => None,
    };
    let told = several(found.entries.len() as u64, "entry", "entries");
    Some(Pager {
        told: format!("{told} on this page. Entries are kept for good."),
        back: ("Newest", before.map(|_| asked.href(path, &[]))),
        onward: ("Older", onward),
    })
}
