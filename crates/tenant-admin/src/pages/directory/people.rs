//! The list of people.

use actix_web::HttpResponse;
use askama::Template;
use domain::directory::{Kind, StoredResource};
use domain::ops::{Counts, Found, Order, Reach, Standing};

use super::{Asked, PEOPLE, lists, naming, person_href, provisioning_href, state_word};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Link, Spot, Tab, initials};
use crate::lists::{Chip, Chips, Empty, Note, Pager, counted, number, pieces};
use crate::pages::page;
use crate::parts::{Icon, Tone, Word};
use crate::text::{self, directory as words};
use crate::when::When;

#[derive(Template)]
#[template(path = "directory.html")]
struct PeoplePage {
    frame: Frame,
    lists: Vec<(Link, String)>,
    text: String,
    state: &'static str,
    order: &'static str,
    help: &'static str,
    chips: Chips,
    caption: String,
    /// The addresses of the list by name, and by the last change.
    by_name: String,
    by_change: String,
    sorted: Option<Order>,
    rows: Vec<Row>,
    /// Whether an email of these rows is another than the user name.
    has_emails: bool,
    empty: Option<Empty>,
    note: Option<Note>,
    pager: Option<Pager>,
    export: String,
}

struct Row {
    href: String,
    initials: String,
    name: String,
    below: Vec<String>,
    email: Vec<String>,
    state: Word,
    changed: When,
}

/// `GET /settings/user-authentication/directory`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let asked = Asked::read(&call.query);
    let (scope, directory) = (&call.cx.scope, &call.admin.directory);
    let people = directory.counts(scope, &Kind::USER).await?;
    let groups = directory.counts(scope, &Kind::GROUP).await?;
    let found = directory.look(scope, &asked.looking(Kind::USER)).await?;
    let path = call.href(PEOPLE);
    let by = |order: Order| Asked { order, ..asked.clone() }.href(&path, None);
    let rows: Vec<Row> = found.resources.iter().map(|person| row(&call, person)).collect();
    page(&PeoplePage {
        frame: Frame::new(&call, Spot::Tab(Tab::Directory), text::tab(Tab::Directory), &[]),
        lists: lists(&call, people, groups, true),
        state: asked.state_name(),
        order: asked.order_name(),
        help: words::search_help(people.is_large()),
        chips: chips(&asked, &path, people),
        caption: format!("{}, {}", words::PEOPLE, words::order(found.order)),
        by_name: by(Order::Name),
        by_change: by(Order::Changed),
        sorted: Some(found.order),
        empty: found.resources.is_empty().then(|| empty(&call, &asked, people, found.reach)),
        note: note(&asked, &path, &found),
        pager: pager(&asked, &path, people, &found),
        export: asked.href(&format!("{path}/people.csv"), None),
        has_emails: rows.iter().any(|row| !row.email.is_empty()),
        rows,
        text: asked.text,
    })
}

fn row(call: &AdminCall, person: &StoredResource) -> Row {
    let (name, below) = naming(person);
    let email = super::export::email(person).filter(|email| *email != below && *email != name).unwrap_or_default();
    Row {
        href: person_href(call, person.id),
        initials: initials(&name),
        below: if below.is_empty() { Vec::new() } else { pieces(&below) },
        email: if email.is_empty() { Vec::new() } else { pieces(&email) },
        name,
        state: state_word(Standing::of(person)),
        changed: When::new(person.modified, call.cx.now),
    }
}

fn chips(asked: &Asked, path: &str, people: Counts) -> Chips {
    let chip = |word, standing: Option<Standing>, count: Option<String>| {
        let of = Asked { text: asked.text.clone(), standing, order: asked.order, after: None };
        // How many of those who were searched for are active, is not counted.
        let count = count.filter(|_| asked.text.is_empty());
        Chip { word, count, href: of.href(path, None), is_current: asked.standing == standing }
    };
    let chips = vec![
        chip("All", None, Some(number(people.total))),
        chip(words::standing(Standing::Active), Some(Standing::Active), people.active().map(number)),
        chip(words::standing(Standing::Inactive), Some(Standing::Inactive), people.inactive.map(counted)),
    ];
    Chips { label: "Show", chips }
}

fn empty(call: &AdminCall, asked: &Asked, people: Counts, reach: Reach) -> Empty {
    let all = || Some((call.href(PEOPLE), "Show everybody"));
    if people.total == 0 {
        return Empty {
            title: "No people yet".to_owned(),
            text: "They appear here after the first sync. Test with one person first.".to_owned(),
            step: Some((provisioning_href(call), "Open user provisioning")),
        };
    }
    if !asked.text.is_empty() {
        let text = match people.is_large() {
            true => format!("No name, user name, email or ID begins with “{}”.", asked.text),
            false => format!("No name, user name, email or ID has “{}” in it.", asked.text),
        };
        return Empty { title: "Nobody found".to_owned(), text, step: all() };
    }
    match (asked.standing, reach) {
        (_, Reach::NotFurther) => Empty {
            title: "Nobody found so far".to_owned(),
            text: "This was a part of the directory. Search on to look at the next part.".to_owned(),
            step: None,
        },
        (Some(Standing::Inactive), _) => Empty {
            title: "Nobody is disabled".to_owned(),
            text: "Everybody here may use their account.".to_owned(),
            step: all(),
        },
        _ => Empty { title: "Nobody here".to_owned(), text: "The list ends before this page.".to_owned(), step: all() },
    }
}

/// How far was searched.
pub fn note(asked: &Asked, path: &str, found: &Found) -> Option<Note> {
    match found.reach {
        Reach::Whole => None,
        Reach::TooMany => Some(Note::new(Tone::Info, Icon::Info, words::too_many(found.resources.len()))),
        Reach::NotFurther => {
            let note = Note::new(Tone::Info, Icon::Info, words::NOT_FURTHER);
            Some(note.step(asked.href(path, found.next.as_ref()), "Search on"))
        }
    }
}

fn pager(asked: &Asked, path: &str, people: Counts, found: &Found) -> Option<Pager> {
    let count = found.resources.len();
    if count == 0 && asked.after.is_none() {
        return None;
    }
    if !asked.text.is_empty() {
        let told = words::found(count, &words::people(count as u64));
        return Some(Pager { told, back: ("First page", None), onward: ("Next", None) });
    }
    let total = match asked.standing {
        None => words::people(people.total),
        Some(standing) => words::standing(standing).to_lowercase(),
    };
    let is_whole = asked.after.is_none() && found.next.is_none();
    let told = match asked.standing {
        Some(_) => format!("{} {total}", number(count as u64)),
        None => words::shown(count, &total, is_whole),
    };
    let first = asked.after.as_ref().map(|_| asked.href(path, None));
    let next = found.next.as_ref().map(|next| asked.href(path, Some(next)));
    Some(Pager { told, back: ("First page", first), onward: ("Next", next) })
}
